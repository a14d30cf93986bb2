import pytest

from custorg.links import is_own_link

GLOBAL = "https://graph.microsoft.com/v1.0"


@pytest.mark.parametrize(
    "link",
    [
        "https://graph.microsoft.com/v1.0/groups?$skiptoken=x",
        "https://GRAPH.microsoft.com:443/v1.0/groups/1/members?$skiptoken=RFNwdAoAAQ%2f",
        "HTTPS://graph.microsoft.com/v1.0/groups",
    ],
)
def test_a_link_below_graph_url_is_our_own(link: str) -> None:
    assert is_own_link(link, GLOBAL)


@pytest.mark.parametrize(
    "link",
    [
        "",
        "/v1.0/groups",
        "//graph.microsoft.com/v1.0/groups",
        "http://graph.microsoft.com/v1.0/groups",
        "https://graph.microsoft.com.evil.example/v1.0/groups",
        "https://evil.example/v1.0/groups",
        "https://graph.microsoft.com@evil.example/v1.0/groups",
        "https://user:word@graph.microsoft.com/v1.0/groups",
        "https://graph.microsoft.com:8443/v1.0/groups",
        "https://graph.microsoft.com:x/v1.0/groups",
        "https://graph.microsoft.com/v1.0",
        "https://graph.microsoft.com/v1.0x/groups",
        "https://graph.microsoft.com/beta/groups",
        "https://graph.microsoft.com/v1.0/../beta/groups",
        "https://graph.microsoft.com/v1.0/%2e%2e/beta/groups",
        "https://graph.microsoft.com/v1.0/..%5cbeta",
        "https://graph.microsoft.com/v1.0//evil.example/",
        " https://graph.microsoft.com/v1.0/groups",
        "https://graph.microsoft.com/v1.0/gro\tups",
        "https://[::1/v1.0/groups",
    ],
)
def test_any_other_link_is_not(link: str) -> None:
    assert not is_own_link(link, GLOBAL)


def test_on_this_machine_the_port_tells_two_servers_apart() -> None:
    base = "http://127.0.0.1:7000/v1.0"

    assert is_own_link("http://127.0.0.1:7000/v1.0/groups", base)
    assert not is_own_link("http://127.0.0.1:7001/v1.0/groups", base)
    assert not is_own_link("http://localhost:7000/v1.0/groups", base)
