"""What is read from the request of a dynamic field."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servorg.form_asked import Asked, asked
from shared.errors import CommandRefused
from tests.unit.http_requests import a_request

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=10,
)


def got(**params: str) -> Asked:
    return asked(a_request("GET", params=params))


def posted(body: Any) -> Asked:
    return asked(a_request(body=body))


def test_a_query_and_a_body_say_the_same() -> None:
    query = got(term="a", ticketId="3032", access_token="t", access_token_expiration="60", form_id="1", identifier="f")
    body = posted({"term": "a", "ticketId": 3032, "access_token": "t", "access_token_expiration": 60, "form_id": 1})

    assert (query.term, query.ticket, query.token) == (body.term, body.ticket, body.token) == ("a", 3032, "t")
    assert query.answers() == body.answers() == frozenset()


@pytest.mark.parametrize("given", ["", None, "x", "-1", 1.5, True, [3], 2**70])
def test_a_ticket_without_a_number_is_none(given: Any) -> None:
    assert posted({"ticketId": given}).ticket is None


def test_the_names_of_the_other_dynamic_content_are_understood() -> None:
    body = posted({"ticket_id": "7", "accessToken": "t", "accessTokenExpiration": 5})

    assert (body.ticket, body.token, body.answers()) == (7, "t", frozenset())


@pytest.mark.parametrize(
    ("answer", "identifiers"),
    [
        ("a", {"a"}),
        ("a;b", {"a", "b"}),
        ("a, b", {"a", "b"}),
        (["a", {"identifier": "b"}], {"a", "b"}),
        ({"identifier": "a", "name": "A"}, {"a"}),
        ({"choices": [{"identifier": "a", "selected": True}, {"identifier": "b", "selected": False}]}, {"a"}),
        ({"identifier": "field", "value": "a"}, {"field", "a"}),
        ('["a"]', {"a"}),
        ('{"identifier": "a"}', {"a"}),
        ("{broken", set()),
        (5, set()),
        (None, set()),
        ([[[[["a"]]]]], set()),
    ],
)
def test_an_earlier_answer_is_understood_in_each_usual_form(answer: Any, identifiers: set[str]) -> None:
    assert posted({"any_field": answer}).answers() == identifiers


def test_an_earlier_answer_may_stand_in_the_query() -> None:
    query = got(custorg_account='{"name": "A", "identifier": "a"}', **{"other[identifier]": "b"})

    assert query.answers() == {"a", "b"}


@pytest.mark.parametrize("body", [{"term": 5}, {"term": ["a"]}, {"access_token": 5}, {"term": "x" * 1_001}])
def test_a_wrong_kind_of_value_is_refused(body: Any) -> None:
    with pytest.raises(CommandRefused) as caught:
        posted(body)

    assert (caught.value.status, caught.value.code) == (400, "invalid")


def test_too_many_names_are_refused_in_body_and_query() -> None:
    many = {f"n{number}": "x" for number in range(201)}

    for request in (a_request(body=many), a_request("GET", params=many)):
        with pytest.raises(CommandRefused, match="more than 200"):
            asked(request)


@given(st.dictionaries(st.text(max_size=12), values, max_size=5))
def test_whatever_else_stands_in_a_body_is_no_error(body: dict[str, Any]) -> None:
    own = {name: value for name, value in body.items() if name not in {"term", "access_token", "accessToken"}}
    found = posted(json.loads(json.dumps(own)))

    assert found.term == ""
    assert all(isinstance(one, str) for one in found.answers())
