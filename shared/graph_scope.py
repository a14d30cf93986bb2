"""Which scope a token for Microsoft Graph is asked for."""

from urllib.parse import urlsplit

GLOBAL_SCOPE = "https://graph.microsoft.com/.default"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def scope_of(graph_url: str) -> str:
    """The scope of the cloud that `graph_url` belongs to; a double on this machine plays the global one."""
    host = urlsplit(graph_url).hostname
    return GLOBAL_SCOPE if host in LOOPBACK else f"https://{host}/.default"
