import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custorg.continuation import MAX_REST, Continuation, InProgress, decode, pack
from shared.errors import CommandRefused
from shared.wire import MAX_CONTINUATION
from tests.fakes.directory import GRAPH_URL, TENANT, guid

LINK = f"{GRAPH_URL}/groups/{guid('it')}/members?$skiptoken=abc"


def a_token(**changes: Any) -> str:
    row = {"version": 1, "tenant": TENANT, "owners": False, "rest": pack([guid("hr")]), **changes}
    return base64.urlsafe_b64encode(json.dumps(row).encode()).decode()


def a_group(**changes: Any) -> dict[str, Any]:
    return {"id": guid("it"), "name": "it", "link": LINK, "count": 5, "before": 2, **changes}


def refused(token: str) -> str:
    with pytest.raises(CommandRefused) as raised:
        decode(token, tenant=TENANT, graph_url=GRAPH_URL)
    assert raised.value.status == 400
    return str(raised.value)


def test_a_continuation_comes_back_as_it_was_given() -> None:
    group = InProgress(id=guid("it"), name="it", link=LINK, count=5, before=2, again=True)
    given = Continuation(tenant=TENANT, owners=True, rest=pack([guid("hr"), guid("ceo")]), group=group)

    found = decode(given.encode(), tenant=TENANT, graph_url=GRAPH_URL)

    assert found == given
    assert found.groups() == [guid("hr"), guid("ceo")]


def test_the_largest_continuation_fits_into_a_request() -> None:
    group = InProgress(id=guid("it"), name="n" * 256, link=LINK + "x" * 4_000)
    token = Continuation(tenant=TENANT, owners=True, rest=pack([guid("hr")] * MAX_REST), group=group).encode()

    assert len(token) <= MAX_CONTINUATION


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/v1.0/groups",
        "http://graph.microsoft.com/v1.0/groups",
        "https://graph.microsoft.com:444/v1.0/groups",
        "https://graph.microsoft.com/beta/groups",
        "https://graph.microsoft.com/v1.0/../beta/groups",
        "https://graph.microsoft.com@evil.example/v1.0/groups",
    ],
)
def test_a_next_link_leads_nowhere_but_to_graph(link: str) -> None:
    assert "another place than Graph" in refused(a_token(group=a_group(link=link)))


def test_a_continuation_of_another_tenant_is_refused() -> None:
    assert "another tenant" in refused(a_token(tenant=guid("other")))


@pytest.mark.parametrize(
    "token",
    [
        "",
        "!",
        "é",
        "bm90IGpzb24=",
        base64.urlsafe_b64encode(b"[" * 100_000).decode(),
        a_token(version=2),
        a_token(extra=1),
        a_token(owners="yes"),
        a_token(rest="AAAA"),
        a_token(rest="?"),
        a_token(group=a_group(id="../users")),
        a_token(group=a_group(count="5")),
        a_token(group=a_group(before=-1)),
        a_token(group=a_group(which="people/$ref")),
        a_token(group=a_group(link=5)),
    ],
)
def test_what_this_app_could_not_have_made_is_refused(token: str) -> None:
    assert "none of this app's" in refused(token)


@given(st.text() | st.binary().map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_no_text_does_more_than_to_be_refused(text: str) -> None:
    assert refused(text)
