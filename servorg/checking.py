"""Runs checks so that none keeps the others waiting: each is bounded in time; what fails is told and passed over."""

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import batched

from azure.core.exceptions import AzureError

from shared.checks import AWAY, Check, State
from shared.errors import CustOrgUnreachable, DeskThrottled, DeskUnavailable, GraphThrottled, SyncError
from shared.storage_checks import storage_fault

AT_ONCE = 8
_LATER = "try again later"
_BROKEN = Check("doctor", State.BAD, "it ended by an error that nobody expected", "report it, with what stands above")


@dataclass(frozen=True, slots=True)
class Part:
    """Checks that belong together, made one after the other by `look`; `name` is what they are about."""

    name: str
    look: Callable[[], Iterable[Check]]


@dataclass(slots=True)
class _Box:
    """What a part has said so far, None at its end, and when (by time.monotonic) it last gave a sign of life."""

    said: queue.SimpleQueue[Check | None] = field(default_factory=queue.SimpleQueue)
    alive: float = field(default_factory=time.monotonic)

    def put(self, check: Check) -> None:
        self.alive = time.monotonic()
        self.said.put(check)


def guarded(name: str, look: Callable[[], Check], todo: str) -> Check:
    """The check, or what it failed by as a check that is wrong; `todo` is what to do then."""
    try:
        return look()
    except (DeskThrottled, GraphThrottled) as busy:
        return Check(name, State.WARN, str(busy), _LATER)
    except DeskUnavailable as error:
        return Check(name, State.BAD, str(error), f"{AWAY}; if it stays so, {todo}" if is_away(error) else todo)
    except CustOrgUnreachable as error:
        return Check(name, State.BAD, str(error), f"{todo}; or {_LATER}")
    except SyncError as error:
        return Check(name, State.BAD, str(error), todo)


def is_away(error: DeskUnavailable) -> bool:
    """Whether DeskDirector gave no answer or a 5xx; what else is no usable answer points to its address."""
    return error.status is None or error.status >= HTTPStatus.INTERNAL_SERVER_ERROR


def looked(parts: Sequence[Part], seconds: float, at_once: int = AT_ONCE) -> Iterator[tuple[str, Check]]:
    """The checks of the parts in order, with the part's name; some parts are looked at at once.

    A part that gives no sign of life for `seconds` ends with a check that says so; its thread ends with the process.
    """
    for some in batched(parts, at_once, strict=False):
        boxes = [_started(part) for part in some]
        for part, box in zip(some, boxes, strict=True):
            yield from ((part.name, check) for check in _told(box, seconds))


def _started(part: Part) -> _Box:
    box = _Box()
    threading.Thread(target=_fill, args=(part, box), name=f"doctor {part.name}", daemon=True).start()
    return box


def _fill(part: Part, box: _Box) -> None:
    last: Check | None = _BROKEN
    try:
        for check in part.look():
            box.put(check)
        last = None
    except SyncError as error:
        last = Check("answer", State.BAD, str(error), _LATER)
    except AzureError as error:
        last = storage_fault("storage", error)
    finally:
        if last:
            box.put(last)
        box.said.put(None)


def _told(box: _Box, seconds: float) -> Iterator[Check]:
    while True:
        try:
            check = box.said.get(timeout=max(box.alive + seconds - time.monotonic(), 0.01))
        except queue.Empty:
            yield Check(
                "time", State.BAD, f"there was no answer within {seconds:g} s", f"look at the network; {_LATER}"
            )
            return
        if check is None:
            return
        yield check
