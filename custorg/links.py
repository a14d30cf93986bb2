"""Which addresses a bearer token may be sent to: those under GRAPH_URL and no others."""

from urllib.parse import unquote, urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443}


def is_own_link(link: str, graph_url: str) -> bool:
    """Whether `link` has the scheme, host and port of `graph_url` and lies below its path."""
    try:
        ours, theirs = urlsplit(graph_url), urlsplit(link)
        same = _place(ours.scheme, ours.hostname, ours.port) == _place(theirs.scheme, theirs.hostname, theirs.port)
    except ValueError:
        return False
    path = unquote(theirs.path)
    inside = path.startswith(f"{ours.path.rstrip('/')}/") and not any(odd in path for odd in ("..", "\\", "//"))
    return same and inside and theirs.username is None and theirs.password is None and _is_plain(link)


def _place(scheme: str, host: str | None, port: int | None) -> tuple[str, str, int | None]:
    return scheme.lower(), (host or "").lower(), port or DEFAULT_PORTS.get(scheme.lower())


def _is_plain(link: str) -> bool:
    # urlsplit drops tabs and line ends and trims blanks; what is judged must be what is sent.
    return link.isascii() and link.isprintable() and " " not in link
