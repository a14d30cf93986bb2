"""For every test: no connection leaves this machine, and Hypothesis neither hurries nor keeps files."""

import ipaddress
import sys

from hypothesis import HealthCheck, settings


class LeftTheMachine(AssertionError):
    """A test connected to an address that is not this machine's."""


def _stays_here(event: str, arguments: tuple[object, ...]) -> None:
    if event != "socket.connect" or not isinstance(arguments[1], tuple):
        return
    host = str(arguments[1][0])
    if host != "localhost" and not ipaddress.ip_address(host).is_loopback:
        raise LeftTheMachine(f"a test may connect to this machine only, not to {host}")


sys.addaudithook(_stays_here)
# No deadline: two cores may be shared by several runs.
settings.register_profile("here", deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("here")
