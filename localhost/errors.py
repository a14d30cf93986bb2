"""The errors of the local host.

HostError       whoever started the host: it does not start, or ends with status 1
OutputFailed    the invocation: what it returned could not be delivered, so it counts as failed
"""


class HostError(Exception):
    """What keeps the host from running, in words for whoever started it."""


class OutputFailed(Exception):
    """A queue output that was not sent."""
