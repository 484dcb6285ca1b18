"""What consents are decided by beside themselves, as the command line lays it down: contracts, ties, approvals."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from consent.configuration import Configuration
from hub.audit.trail import Trail
from hub.auth.directory import Directory
from hub.bootstrap.consequences import consequences
from hub.bootstrap.foundation import Foundation
from hub.bootstrap.gates import gate_of
from hub.bootstrap.terminology import vocabulary
from hub.kernel.clock import system_clock
from hub.records.approvals import Approvals
from hub.records.client import ClientWrites
from hub.records.ties import Ties


@dataclass(frozen=True, slots=True)
class Standing:
    """The doors of the API for these."""

    approvals: Approvals
    ties: Ties


@asynccontextmanager
async def opened_standing(foundation: Foundation) -> AsyncIterator[Standing]:
    """The doors with a database and a trail of their own, for the command line."""
    async with foundation.database("standing", size=3) as database:
        trail, directory = Trail(database, foundation.log), Directory(foundation.consortium)
        terms = vocabulary(foundation, database)
        store = foundation.store(terms.answers)
        gate = gate_of(foundation, database, store, trail, directory)
        writes = ClientWrites(
            database, store, directory, terms.validator, trail, system_clock, consequences(foundation, store),
            sight=gate.sight, labelling=terms.labelling, refresh=terms.sets.refresh,
        )  # fmt: skip
        base = foundation.settings.base_url
        configuration = Configuration(base_urls=(base,) if base else ())
        try:
            yield Standing(
                Approvals(database, directory, trail, system_clock),
                Ties(database, store, trail, system_clock, configuration, writes),
            )
        finally:
            await writes.close()
            await trail.close()
