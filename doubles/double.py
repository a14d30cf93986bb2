"""What a test, the demo or a benchmark says to a running double, over its /_double routes."""

from typing import Any

import requests

TIMEOUT = 60


class Double:
    """A double at `url`. doubles/faults.py tells what a rule may say; graph_admin and desk_admin there, the edits."""

    def __init__(self, url: str, edits: str = "edit") -> None:
        self._edits = edits
        self.origin = "/".join(url.split("/")[:3])

    def fault(self, **rule: Any) -> None:
        """Adds a rule: `fault(path="members", status=500, times=2)`."""
        self._call("POST", "faults", rule)

    def clear_faults(self) -> None:
        """Takes every rule away."""
        self._call("DELETE", "faults")

    def requests(self, *methods: str) -> list[dict[str, Any]]:
        """The requests that came since the last `forget_requests`, of these methods or of all."""
        log: list[dict[str, Any]] = self._call("GET", "requests")
        return [row for row in log if not methods or row["method"] in methods]

    def forget_requests(self) -> None:
        """Empties the log of requests."""
        self._call("DELETE", "requests")

    def state(self) -> dict[str, Any]:
        """All that DeskDirector holds."""
        state: dict[str, Any] = self._call("GET", "state")
        return state

    def world(self) -> dict[str, Any]:
        """All that Graph knows."""
        world: dict[str, Any] = self._call("GET", "world")
        return world

    def edit(self, *orders: dict[str, Any]) -> Any:
        """Changes by hand, in order; the answer to each."""
        return self._call("POST", self._edits, list(orders))

    def _call(self, method: str, what: str, body: Any = None) -> Any:
        answer = requests.request(method, f"{self.origin}/_double/{what}", json=body, timeout=TIMEOUT)
        if not answer.ok:
            raise ValueError(f"{method} {what}: {answer.status_code} {answer.text[:500]}")
        return answer.json() if answer.content else None
