"""What ServOrg asks about a person is what a CustOrg reads, and the answer the other way round."""

import json

import pytest
from pydantic import ValidationError

from custorg.commands import COMMANDS, on_the_wire
from servorg import explaining
from shared.wire import ExplainPerson, PersonExplained, PersonFound, PersonGroup

FIRST_VERSION = """{
  "tenant": "0a0a0a0a-0000-4000-8000-00000000000a", "domains": ["here.example"],
  "people": [{"id": "1", "upn": "ann@here.example", "mail": null, "proxies": ["smtp:a@here.example"], "enabled": false,
    "guest": true, "groups": [{"id": "g", "name": "Staff", "path": ["Staff", "IT"], "owner": true}]}],
  "transitive": false, "capped": true, "hidden": ["Secret"]}"""
ANSWER = PersonExplained(
    tenant="0a0a0a0a-0000-4000-8000-00000000000a",
    domains=("here.example",),
    people=(
        PersonFound(
            id="1",
            upn="ann@here.example",
            proxies=("smtp:a@here.example",),
            enabled=False,
            guest=True,
            groups=(PersonGroup(id="g", name="Staff", path=("Staff", "IT"), owner=True),),
        ),
    ),
    transitive=False,
    capped=True,
    hidden=("Secret",),
)


def test_the_command_that_is_asked_for_is_the_one_that_is_offered() -> None:
    command = COMMANDS[explaining.COMMAND]

    assert (command.request, command.answer) == (ExplainPerson, PersonExplained)


def test_the_request_is_read_as_it_is_sent() -> None:
    asked = ExplainPerson(address="o'hara+x@here.example")
    body = asked.model_dump_json(by_alias=True, exclude_defaults=True)

    assert COMMANDS[explaining.COMMAND].request.model_validate_json(body) == asked


def test_the_answer_is_read_as_it_is_told() -> None:
    body = json.dumps(on_the_wire(ANSWER))

    assert PersonExplained.model_validate_json(body) == ANSWER


def test_an_answer_of_the_first_version_is_read_and_one_with_more_too() -> None:
    later = json.loads(FIRST_VERSION) | {"more": 1}

    assert PersonExplained.model_validate_json(FIRST_VERSION) == ANSWER
    assert PersonExplained.model_validate_json(json.dumps(later)) == ANSWER


@pytest.mark.parametrize(
    "body",
    [
        "{}",
        '{"address": ""}',
        '{"address": 5}',
        '{"address": null}',
        '{"address": "a@b.c", "more": 1}',
        json.dumps({"address": "x" * 255}),
    ],
)
def test_a_request_that_is_not_strictly_an_address_is_refused(body: str) -> None:
    with pytest.raises(ValidationError):
        ExplainPerson.model_validate_json(body)


def test_an_answer_that_leaves_out_tenant_or_domains_is_no_answer() -> None:
    for name in ("tenant", "domains"):
        row = {key: value for key, value in json.loads(FIRST_VERSION).items() if key != name}

        with pytest.raises(ValidationError):
            PersonExplained.model_validate_json(json.dumps(row))
