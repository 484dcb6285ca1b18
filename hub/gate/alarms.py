"""Alarms over the trail: for the auditor, recorded; and how many there were, for monitors."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl

from hub.audit import alarming
from hub.audit.entry import UNKNOWN_ORIGIN, Interaction, Origin
from hub.auth.actor import Actor
from hub.gate import looks
from hub.gate.door import Door
from hub.gate.recorder import Asked
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json


class AlarmWay:
    """Part of the gate; what `Gate` says of admission and trail holds for `newest`."""

    def __init__(self, door: Door) -> None:
        self._door: Final = door

    async def newest(self, actor: Actor, *, origin: Origin = UNKNOWN_ORIGIN) -> list[Json]:
        """The newest hundred alarms: `told`, `alarm` (its rule), `level`, `who`, `count`, `since`, `at`."""
        asked = Asked(
            actor=actor, interaction=Interaction.OPERATION, origin=origin, type=looks.AUDIT_EVENT, query="$alarms"
        )
        if actor.role != looks.AUDITOR:
            await self._door.recorder.refused(asked, "role-not-allowed")
            raise HubError(Category.FORBIDDEN, "this role has no door to alarms", where="access token", code="role")
        await self._door.recorder.released(asked, [], looks.BY_OFFICE)
        async with self._door.database.connection() as tx:
            found = await alarming.alarms(tx)
        return [{"told": at.isoformat(timespec="seconds"), **dict(parse_qsl(said))} for at, said in found]

    async def counts(self) -> list[tuple[str, int]]:
        """How many alarms each rule gave, by its name. They tell of nobody."""
        async with self._door.database.connection() as tx:
            return await alarming.alarm_counts(tx)
