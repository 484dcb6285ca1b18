"""The way out by the file: what an export may hold, its resources as parcels, and the parcels as lines."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final

from hub.audit.entry import UNKNOWN_ORIGIN, Interaction, Origin
from hub.auth.actor import Actor
from hub.gate import deliveries, exports, searches
from hub.gate.deliveries import Contents
from hub.gate.door import Door
from hub.gate.export_wish import ExportWish, Level
from hub.gate.exports import Export
from hub.gate.recorder import Asked


class BulkWay:
    """Part of the gate; what `Gate` says of admission, check and trail holds for each method."""

    def __init__(self, door: Door) -> None:
        self._door: Final = door

    async def begin(
        self,
        actor: Actor,
        level: Level,
        group: str | None,
        params: Sequence[tuple[str, str]],
        *,
        lenient: bool = False,
        origin: Origin = UNKNOWN_ORIGIN,
    ) -> ExportWish:
        """Whether an export may be made, and what it would hold (Bulk Data 2.0); recorded, no row is looked at.

        `group` is the id of the Group at that level. Raises HubError UNSUPPORTED and INVALID as `search`, also for a
        Group that cannot be evaluated, FORBIDDEN for a break-glass, NOT_FOUND for a Group that is not the actor's.
        """
        asked = _export(actor, level, group, params, origin)
        return await exports.begin(self._door, asked, level, params, lenient=lenient)

    def opened(
        self,
        actor: Actor,
        level: Level,
        group: str | None,
        params: Sequence[tuple[str, str]],
        *,
        lenient: bool = False,
        horizon: str | None = None,
        origin: Origin = UNKNOWN_ORIGIN,
    ) -> AbstractAsyncContextManager[Export]:
        """All that a search would find, in one snapshot, as parcels that leave by `deliver` only.

        `horizon` is the `snapshot` of the export that was made at `_since`: then exactly what it did not see. Also
        raises HubError TOO_LARGE (code `too-costly`) as `search` does.
        """
        asked = _export(actor, level, group, params, origin)
        return exports.opened(self._door, asked, level, params, lenient=lenient, horizon=horizon)

    async def deliver(
        self, actor: Actor, rtype: str, query: str, horizon: str, contents: Contents, *, origin: Origin = UNKNOWN_ORIGIN
    ) -> AsyncIterator[bytes]:
        """The permitted ones of the resources in some parcels of one type, as lines of NDJSON; recorded before.

        `query` is for the trail, `horizon` the snapshot of their export. Raises HubError FORBIDDEN when the token does
        not cover the type.
        """
        asked = Asked(actor=actor, interaction=Interaction.OPERATION, origin=origin, type=rtype, query=query)
        return await deliveries.deliver(self._door, asked, horizon, contents)


def _export(actor: Actor, level: Level, group: str | None, params: Sequence[tuple[str, str]], origin: Origin) -> Asked:
    rtype = {"system": None, "patient": "Patient", "group": "Group"}[level]
    given = searches.query_text([("$export", level), *params])
    return Asked(actor=actor, interaction=Interaction.OPERATION, origin=origin, type=rtype, id=group, query=given)
