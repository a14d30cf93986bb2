"""Tries again that tell nobody: what becomes of a call is told by whoever made it."""

import stamina
from stamina.instrumentation import set_on_retry_hooks


def retrying(
    *, attempts: int | None, timeout: float, wait_initial: float = 0.1, wait_max: float = 5.0
) -> stamina.RetryingCaller:
    """A caller that tries again, with waits in seconds between tries that take `timeout` seconds in all.

    stamina's own log is switched off: with structlog installed it goes to standard output, where a command's JSON goes,
    and it has the arguments of what is called.
    """
    set_on_retry_hooks(())
    return stamina.RetryingCaller(attempts=attempts, timeout=timeout, wait_initial=wait_initial, wait_max=wait_max)
