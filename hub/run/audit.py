"""The desk of those who export the audit trail and look at its alarms: each look is in the trail first."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl

from hub.audit.alarming import alarms
from hub.audit.deeds import Scribe
from hub.audit.export import export
from hub.audit.report import Report, report
from hub.audit.trail import Trail
from hub.bootstrap.audit import signers_of
from hub.bootstrap.foundation import Foundation
from hub.db.database import Database
from hub.kernel.clock import system_clock
from hub.mpi.lookup import sources_of


class AuditDesk:
    """What an account of the machine may ask of the trail."""

    def __init__(self, database: Database, trail: Trail, who: str, verifiers: Sequence[str]) -> None:
        self._database: Final = database
        self._trail: Final = trail
        self._who: Final = who
        self._verifiers: Final = verifiers
        self._scribe: Final = Scribe(system_clock)

    async def export(self, folder: Path, progress: Callable[[int, int], None]) -> int:
        """Export the trail into a folder; its size. That it was exported is in the next export."""
        await self._record("export")
        return await export(self._database, folder, self._verifiers, progress)

    async def alarms(self, limit: int) -> list[tuple[datetime, dict[str, str]]]:
        """The newest alarms: when they were told, and what they say."""
        await self._record("alarms")
        async with self._database.connection() as tx:
            return [(at, dict(parse_qsl(said))) for at, said in await alarms(tx, limit)]

    async def report(self, patient: str, low: datetime, high: datetime) -> Report:
        """What the trail says of a patient (id of a source Patient or of a person) in [low, high), with proofs.

        Raises what `hub.audit.report` raises.
        """
        await self._record("report", person=patient, period=f"{low.isoformat()}/{high.isoformat()}")
        async with self._database.connection() as tx, tx.transaction(isolation="repeatable_read", readonly=True):
            return await report(tx, await sources_of(tx, patient), low, high)

    async def _record(self, deed: str, **more: str) -> None:
        said = {"audit": deed, **more}
        await self._trail.record(self._scribe.at_the_machine("auditor", self._who, said, purpose="HCOMPL"))


@asynccontextmanager
async def audit_desk(foundation: Foundation, who: str) -> AsyncIterator[AuditDesk]:
    """The desk over the database of a hub."""
    async with foundation.database("audit", size=2) as database:
        trail = Trail(database, foundation.log)
        try:
            yield AuditDesk(database, trail, who, signers_of(foundation.keys).verifiers)
        finally:
            await trail.close()
