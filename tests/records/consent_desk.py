"""The consent doors of one test, over a real database, with a few fictional patients in it."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from consent.configuration import Configuration
from hub.audit import queries
from hub.audit.entry import Entry
from hub.audit.trail import Trail
from hub.auth import consent_rules
from hub.auth.actor import Actor
from hub.auth.consent_rules import ConsentRule
from hub.auth.directory import Directory
from hub.db.database import Database
from hub.fhir.validate import validate
from hub.gate.gate import Gate
from hub.kernel.ids import reference_key
from hub.kernel.log import Log
from hub.kernel.types import Json
from hub.records.approvals import Approvals
from hub.records.consent_reading import ConsentReads
from hub.records.consent_requests import ConsentRequests
from hub.records.consents import Consents
from hub.records.facts import facts_of
from hub.records.glass_reviews import GlassReviews
from hub.records.notice_board import NoticeBoard
from hub.records.objections import Objections
from hub.records.proxies import Proxies
from hub.records.second_requests import SecondRequests
from hub.store.store import Store
from hub.store.values import Write
from tests.auth.consortium import CONSORTIUM, NOW

T = TypeVar("T")

CONFIGURATION: Final = Configuration(base_urls=("https://hub.example/fhir",))
CANONICAL: Final = "https://hub.example/fhir"


def actor(role: str, **changes: Any) -> Actor:
    purposes = {"patient": ("PATRQT",), "proxy": ("FAMRQT",)}
    told = {"purpose": purposes.get(role, ("TREAT",)), "client": "c", "token_id": "t", **changes}
    return Actor(role=role, expires=NOW + timedelta(days=1), **told)


#: Wei is 37 and a patient of F05 and of F01, Xiao is 12, Ming is 16; of Anon no birth date is known.
WEI: Final = actor("patient", patient="F05-wei")
XIAO: Final = actor("patient", patient="F05-xiao")
ANON: Final = actor("patient", patient="F05-anon")
DOCTOR: Final = actor("clinician", organization="F05", practitioner="bai")
HOSPITAL: Final = actor("clinician", organization="F01", practitioner="lin")
REVIEWER: Final = actor("consent-reviewer", organization="ALLIANCE", practitioner="rui")

_PATIENTS: Final = {
    "F05-wei": ("F05", "1989-03-21"),
    "F01-wei": ("F01", "1989-03-21"),
    "F05-xiao": ("F05", "2014-01-15"),
    "F05-ming": ("F05", "2010-01-15"),
    "F05-anon": ("F05", None),
}
_PERSON: Final = "weiperson"


class Hand:
    """A clock somebody sets."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **span: int) -> None:
        self.now += timedelta(**span)


@dataclass
class Desk:
    """The doors of one test and what stands behind them."""

    consents: Consents
    reads: ConsentReads
    proxies: Proxies
    approvals: Approvals
    requests: ConsentRequests
    board: NoticeBoard
    seconds: SecondRequests
    objections: Objections
    glass: GlassReviews
    gate: Gate
    database: Database
    store: Store
    clock: Hand

    async def rules(self, *patients: str) -> list[ConsentRule]:
        async with self.database.connection() as tx:
            return await consent_rules.of_pkeys(tx, [reference_key("Patient", patient) for patient in patients])

    async def epoch(self) -> int:
        async with self.database.connection() as tx:
            return await consent_rules.current_epoch(tx)

    async def entries(self) -> list[Entry]:
        """The audit trail, oldest entry first."""
        async with self.database.connection() as tx:
            return (await queries.newest(tx, limit=1000))[::-1]


def at_desk(url: str, visit: Callable[[Desk], Awaitable[T]], configuration: Configuration = CONFIGURATION) -> T:
    """Run `visit` with the doors, after writing the patients (once)."""

    async def run() -> T:
        database = await Database.connect(url, size=4)
        clock = Hand()
        store = Store(clock)
        trail = Trail(database, Log("test", stream=io.StringIO()))
        directory = Directory(CONSORTIUM)
        consents = Consents(database, store, directory, validate, trail, clock, configuration, CANONICAL)
        approvals = Approvals(database, directory, trail, clock)
        log = Log("gate", stream=io.StringIO())
        gate = Gate(database, store, trail, directory, bytes(32), clock, log, base_url=configuration.base_urls[0])
        desk = Desk(
            consents=consents,
            reads=ConsentReads(database, store, trail, clock, configuration),
            proxies=Proxies(database, store, validate, trail, clock, configuration),
            approvals=approvals,
            requests=ConsentRequests(database, store, directory, trail, clock, configuration, consents),
            board=NoticeBoard(database, store, trail, clock, configuration),
            seconds=SecondRequests(database, store, directory, trail, clock, approvals),
            objections=Objections(database, store, trail, clock, configuration),
            glass=GlassReviews(database, store, trail, clock, configuration),
            gate=gate,
            database=database,
            store=store,
            clock=clock,
        )
        await _settle(desk)
        try:
            return await visit(desk)
        finally:
            await trail.close()
            await database.close()

    return asyncio.run(run())


async def _settle(desk: Desk) -> None:
    async with desk.database.transaction() as tx:
        if await tx.fetchval("SELECT count(*) FROM member"):
            return
        await desk.store.save(tx, [_patient(rid, *told) for rid, told in _PATIENTS.items()])
        for rid in ("F05-wei", "F01-wei"):
            key = reference_key("Patient", rid)
            await tx.execute("INSERT INTO member (pkey, person, patient) VALUES ($1, $2, $3)", key, _PERSON, rid)


def _patient(rid: str, facility: str, birth: str | None) -> Write:
    resource: Json = {"resourceType": "Patient", "id": rid, **({"birthDate": birth} if birth else {})}
    return Write(type="Patient", id=rid, resource=resource, patient=rid, facts=facts_of(resource, facility))
