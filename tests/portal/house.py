"""The pages in front of a real gate, store and trail, over the database of a test; and a browser of sorts."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar
from unittest.mock import Mock

import httpx
from starlette.applications import Starlette

from consent.configuration import DEFAULT
from hub.api.asked import at_work
from hub.audit.trail import Trail
from hub.auth.accounts import Account, Accounts
from hub.auth.directory import Directory
from hub.auth.external.sign_in import ExternalSignIn
from hub.auth.oauth.authorisation import Authorisation
from hub.auth.oauth.launches import Launches
from hub.auth.oauth.mint import Mint
from hub.auth.second_factor import SecondFactors
from hub.auth.sessions import Sessions
from hub.db.database import Database
from hub.fhir.validate import validate
from hub.gate.authorisations import Authorisations
from hub.gate.gate import Gate
from hub.gate.persons import Persons
from hub.gate.sign_ins import SignIns
from hub.kernel.consortium import Consortium, Facility, Feed
from hub.kernel.expected import expected
from hub.kernel.ids import reference_key
from hub.kernel.log import Log
from hub.outbound.desk import OutboundDesk
from hub.pipeline.feeds import Feeds
from hub.portal.portal import portal_routes
from hub.portal.services import CodeTools, PortalServices
from hub.records.approvals import Approvals
from hub.records.client import ClientWrites
from hub.records.consent_doors import ConsentDoors
from hub.records.consent_reading import ConsentReads
from hub.records.consent_requests import ConsentRequests
from hub.records.consents import Consents
from hub.records.facts import facts_of
from hub.records.glass_reviews import GlassReviews
from hub.records.notice_board import NoticeBoard
from hub.records.objections import Objections
from hub.records.proxies import Proxies
from hub.records.second_requests import SecondRequests
from hub.records.ties import Ties
from hub.store.store import Store
from hub.store.values import Write
from terminology.answers import Answers
from terminology.service import Terminology
from tests.gate.house import House as GateHouse
from tests.portal.people import Told, shen

T = TypeVar("T")

FEEDS: Final = {
    "F01-his": Feed(name="F01-his", facility="F01", transport="mllp"),
    "F03-lis": Feed(name="F03-lis", facility="F03", transport="mllp", expected=expected({"silent_minutes": 30})),
    "F02-forms": Feed(name="F02-forms", facility="F02", transport="folder", format="form"),
}

ORIGIN: Final = "http://hub.test"
START: Final = datetime(2026, 5, 20, 1, 0, tzinfo=UTC)
#: The golden id of P1.
PERSON: Final = "p1persongoldenaaaaaaaaaaaa"
PASSWORD: Final = "a fine long password"

#: One legal entity with several sites, so that its clinicians see what any of them wrote; and a stranger.
CONSORTIUM: Final = Consortium(
    name="云泽县医共体",
    facilities={
        one.code: one
        for one in (
            Facility(code="ALLIANCE", name="云泽县医共体"),
            Facility(code="F01", name="云泽县人民医院", part_of="ALLIANCE", legal_entity=False),
            Facility(code="F03", name="云泽县检验中心", part_of="ALLIANCE", legal_entity=False),
            Facility(code="F05", name="石桥社区卫生服务中心", part_of="ALLIANCE", legal_entity=False),
            Facility(code="F02", name="云泽县中医医院"),
        )
    },
    feeds={},
)

DOCTOR: Final = Account(
    name="bai", role="clinician", organization="F05", practitioner="bai", patient=None, display="白若溪"
)
STRANGER: Final = Account(
    name="gu", role="clinician", organization="F02", practitioner="gu", patient=None, display="顾一鸣"
)
PATIENT: Final = Account(
    name="shen", role="patient", organization="", practitioner=None, patient="p1-f05", display="沈桂兰"
)


class Hands:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


#: Makes the sign-in by a provider, over the database and the clock of a house.
External = Callable[[Database, Hands], ExternalSignIn]


@dataclass
class House:
    """The hub of one test and a client that keeps its cookies."""

    app: Starlette
    http: httpx.AsyncClient
    database: Database
    store: Store
    accounts: Accounts
    sessions: Sessions
    clock: Hands
    log: io.StringIO
    #: The same hub as the tests of the gate see it: to tie patients to facilities and to lay down consents.
    law: GateHouse

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.http.get(f"{ORIGIN}{path}", headers=_named(headers))

    async def post(self, path: str, form: dict[str, str], **headers: str) -> httpx.Response:
        """A form of the page at `path`, sent as a browser sends it; `headers` win."""
        sent = {"origin": "null", "sec-fetch-site": "same-origin", **_named(headers)}
        kept = {name: value for name, value in sent.items() if value}
        return await self.http.post(f"{ORIGIN}{path}", data=form, headers=kept)

    async def submit(self, page: str, path: str, **fields: str) -> httpx.Response:
        """Fill in a form of `page`: its token goes along."""
        token = token_of((await self.get(page)).text)
        return await self.post(path, {"form_token": token, **fields})

    async def sign_in(self, account: Account = DOCTOR) -> httpx.Response:
        """Sign in with a browser that was not there before."""
        self.http.cookies.clear()
        return await self.submit("/", "/sign-in", name=account.name, password=PASSWORD)

    async def save(self, told: Iterable[Told], persons: dict[str, str] | None = None) -> None:
        """Store resources; `persons` gives the person of a source patient."""
        facilities = frozenset(CONSORTIUM.facilities)
        async with self.database.transaction() as tx:
            writes = [
                Write(
                    type=resource["resourceType"],
                    id=resource["id"],
                    resource=resource,
                    patient=_patient(resource),
                    facts=facts_of(resource, organization, facilities),
                )
                for organization, resource in told
            ]
            await self.store.save(tx, writes)
            rows = [(reference_key("Patient", pid), person, pid) for pid, person in (persons or {}).items()]
            await tx.executemany("INSERT INTO member (pkey, person, patient) VALUES ($1, $2, $3)", rows)


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def _patient(resource: dict[str, Any]) -> str | None:
    if resource["resourceType"] == "Patient":
        return str(resource["id"])
    about = resource.get("subject") or resource.get("patient") or resource.get("for") or {}
    return about.get("reference", "").removeprefix("Patient/") or None


def token_of(html: str) -> str:
    """The form token of a page."""
    found = re.search(r'name="form_token" value="([^"]+)"', html)
    assert found, html[:2000]
    return found[1]


def law_of(database: Database, store: Store, directory: Directory, trail: Trail, clock: Hands) -> ConsentDoors:
    """The doors of consents."""
    common = (trail, clock, DEFAULT)
    consents = Consents(database, store, directory, validate, *common, "https://hub.example")
    approvals = Approvals(database, directory, trail, clock)
    return ConsentDoors(
        consents=consents,
        reads=ConsentReads(database, store, *common),
        requests=ConsentRequests(database, store, directory, *common, consents),
        board=NoticeBoard(database, store, *common),
        proxies=Proxies(database, store, validate, *common),
        approvals=approvals,
        seconds=SecondRequests(database, store, directory, trail, clock, approvals),
        objections=Objections(database, store, *common),
        glass=GlassReviews(database, store, *common),
        ties=Ties(database, store, *common, Mock(spec=ClientWrites)),
    )


@asynccontextmanager
async def house(
    url: str, *, secure: bool = False, external: External | None = None, codes: CodeTools | None = None
) -> AsyncIterator[House]:
    database = await Database.connect(url, size=4)
    clock, stream = Hands(), io.StringIO()
    log = Log("pages", stream=stream)
    store, directory, trail = Store(clock), Directory(CONSORTIUM), Trail(database, log)
    accounts = Accounts(database, directory, clock)
    sessions = Sessions(database, clock, idle=timedelta(minutes=30), longest=timedelta(hours=10))
    gate = Gate(database, store, trail, directory, bytes(32), clock, log)
    law = GateHouse(database=database, store=store, trail=trail, gate=gate, stream=stream)
    services = PortalServices(
        gate=gate,
        persons=Persons(database),
        accounts=accounts,
        second_factors=SecondFactors(database, bytes(32), clock),
        sign_ins=SignIns(trail, clock),
        sessions=sessions,
        # Nothing is registered here, so nothing is ever made: tests/auth/oauth has the whole.
        authorisation=Authorisation(database, directory, Mock(spec=Mint), clock, url=f"{ORIGIN}/auth", fhir=ORIGIN),
        launches=Launches(database, lambda: "l" * 43, clock, fhir=ORIGIN),
        authorisations=Authorisations(trail, clock),
        directory=directory,
        names=Answers(Terminology(database)),
        law=law_of(database, store, directory, trail, clock),
        feeds=Feeds(database, FEEDS, dict, clock),
        outbound=OutboundDesk(database),
        receivers={"F01-out": "F01", "F05-out": "F05"},
        clock=clock,
        log=log,
        new_number=lambda: "p-1",
        version="0.0.test",
        secure=secure,
        external=external(database, clock) if external else None,
        codes=codes,
        engineer=lambda actor, origin: at_work(actor, origin, directory),
    )
    app = Starlette(routes=portal_routes(services))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as client:
        try:
            yield House(app, client, database, store, accounts, sessions, clock, stream, law)
        finally:
            print(stream.getvalue())  # noqa: T201  # pytest shows it beside a failure
            await trail.close()
            await database.close()


async def fill(home: House) -> None:
    """The record of P1, and accounts for it."""
    for account in (DOCTOR, STRANGER, PATIENT):
        await home.accounts.add(account, PASSWORD)
    await home.save(shen(), dict.fromkeys(("p1-f01", "p1-f03", "p1-f05"), PERSON))


def in_house(
    url: str,
    visit: Callable[[House], Awaitable[T]],
    *,
    secure: bool = False,
    empty: bool = False,
    external: External | None = None,
    codes: CodeTools | None = None,
) -> T:
    """Run `visit` in a house of its own, with the record of P1 unless it is to be `empty`."""

    async def run() -> T:
        async with house(url, secure=secure, external=external, codes=codes) as home:
            if not empty:
                await fill(home)
            return await visit(home)

    return asyncio.run(run())
