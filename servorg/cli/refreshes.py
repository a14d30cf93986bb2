"""How the last refresh of a customer went, for people and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from servorg.cli import show
from servorg.cli.json_forms import time_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from servorg.refresh import Refresh


def refresh_facts(kept: Refresh | None) -> Iterator[tuple[str, object]]:
    """Names and values for `customers show`."""
    from servorg.offered import compare

    if kept is None:
        yield "groups table", "not refreshed yet; GROUPS_SCHEDULE tells when it is, `groups ID --refresh` does it now"
        return
    if kept.refreshed_at:
        count = f"{kept.groups:,} groups, {kept.chosen:,} chosen"
        yield "groups table", f"refreshed {show.moment(kept.refreshed_at)}: {count}"
    if kept.reason:
        yield "last refresh", f"failed {show.moment(kept.tried_at)}: {kept.reason}"
    if kept.silence:
        yield "its page", f"was not told what becomes of each group: {kept.silence}"
    if kept.offers:
        yield "its version", tuple(compare(kept.offers).sentences()) or "as this ServOrg's"


def refresh_json(kept: Refresh | None) -> dict[str, Any] | None:
    """The same for programs; null before the first refresh."""
    from servorg.offered import compare

    if kept is None:
        return None
    compared = compare(kept.offers) if kept.offers else None
    return {
        "triedAt": time_json(kept.tried_at),
        "reason": kept.reason,
        "refreshedAt": time_json(kept.refreshed_at),
        "groups": kept.groups,
        "chosen": kept.chosen,
        "offeredAt": time_json(kept.offered_at),
        "version": compared and compared.version,
        "lacks": list(compared.lacks) if compared else [],
        "unknown": list(compared.unknown) if compared else [],
        "toldAt": time_json(kept.told_at),
        "silence": kept.silence,
    }
