"""A whole hub behind its HTTP face, over the database of a test: the real gate, store and records door."""

from __future__ import annotations

import asyncio
import io
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

import httpx

from hub.api.app import create_app
from hub.api.authorization import Verify
from hub.api.services import Services
from hub.audit.trail import Trail
from hub.auth.actor import Actor
from hub.auth.directory import Directory
from hub.bootstrap.cda_documents import document_writer
from hub.bulk.desk import Desk
from hub.bulk.jobs import Jobs
from hub.bulk.sources import Sources
from hub.bulk.vault import Vault
from hub.db.database import Database
from hub.events.desk import EventsDesk
from hub.events.headers import Seal
from hub.events.operations import Operations
from hub.events.receivers import Receivers
from hub.events.subscriptions import Subscriptions
from hub.events.telling import Telling
from hub.fhir.json import dumps, loads
from hub.fhir.search_parameters import answered
from hub.fhir.validate import validate as validate_r4
from hub.gate.gate import Gate
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import random_id
from hub.kernel.log import Log
from hub.kernel.types import Issue, Json
from hub.outbound.desk import OutboundDesk
from hub.pipeline.feeds import Feeds
from hub.records.client import ClientWrites
from hub.records.definitions import Definitions
from hub.records.indexing import Indexing
from hub.records.reviews import Reviews
from hub.records.subscribing import Subscribing
from hub.store.store import Store
from terminology.answers import Answers
from terminology.closure_tables import ClosureTables
from terminology.service import Terminology
from tests.auth.consortium import CONSORTIUM
from tests.records.door import following

T = TypeVar("T")

BASE: Final = "http://hub.test/fhir"
CANONICAL: Final = "https://yilian-hub.example/fhir"
START: Final = datetime(2026, 5, 20, 1, 0, tzinfo=UTC)


def actor(organization: str = "F05", role: str = "clinician", scopes: tuple[str, ...] = ()) -> Actor:
    return Actor(
        role=role,
        purpose=("TREAT",),
        client="test",
        token_id="t-1",
        expires=START + timedelta(hours=8),
        organization=organization,
        practitioner="who",
        scopes=scopes,
    )


#: Tokens of the test and whom they stand for.
ACTORS: Final[Mapping[str, Actor]] = {
    "clinic": actor(),
    "hospital": actor("F01"),
    "ward": actor("F01-ICU"),
    "reader": actor(scopes=("user/*.rs",)),
    "viewer": actor(scopes=("user/ImagingStudy.rs", "user/Patient.rs")),
    "nameless": actor(scopes=("user/ImagingStudy.rs",)),
    "narrow": actor(scopes=("user/Observation.rs", "user/Subscription.cruds")),
    "feed": actor(role="feed"),
    "family": actor(role="family-doctor"),
    "auditor": actor(role="auditor"),
    "engineer": actor(role="integration-engineer"),
    "steward": actor(role="mpi-steward"),
    "administrator": actor(role="administrator"),
    "centre": replace(actor(role="regional-centre"), purpose=("HQUALIMP",), form="deidentified"),
    "researcher": replace(actor(role="researcher"), purpose=("HRESCH",), form="aggregate"),
    "enterprise": replace(actor(role="enterprise"), purpose=("PRODRD",), form="aggregate"),
    "stranger": actor("F99"),
}


def later(told: Callable[[str], Actor]) -> Verify:
    """`told` as the API asks it: a token may have to be looked up."""

    async def verified(token: str) -> Actor:
        return told(token)

    return verified


def verify(token: str) -> Actor:
    if token not in ACTORS:
        raise HubError(Category.UNAUTHENTICATED, "not a valid token", where="Authorization")
    return ACTORS[token]


class Ticking:
    """A clock that moves a second with each look."""

    def __init__(self) -> None:
        self._now = START

    def __call__(self) -> datetime:
        self._now += timedelta(seconds=1)
        return self._now

    def skip(self, seconds: float) -> None:
        """Let time pass."""
        self._now += timedelta(seconds=seconds)


def accept_all(_: Json) -> Sequence[Issue]:
    return ()


@dataclass
class House:
    """The hub of one test, and a client for it. `folder` holds bulk files (`bulk`) and what is imported (`import`)."""

    http: httpx.AsyncClient
    services: Services
    database: Database
    log: io.StringIO
    folder: Path
    tokens: dict[str, str] = field(default_factory=dict)

    async def ask(
        self, method: str, path: str, body: Any = None, *, who: str = "clinic", **headers: str
    ) -> httpx.Response:
        """One request; `body` is JSON unless it is bytes. Header names are written with underscores."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if who:
            sent["authorization"] = f"Bearer {who}"
        content = body if body is None or isinstance(body, bytes) else dumps(body)
        if content is not None:
            sent.setdefault("content-type", "application/fhir+json")
        return await self.http.request(method, f"{BASE}{path}", content=content, headers=sent)

    async def create(self, resource: Json, *, who: str = "clinic", **headers: str) -> Json:
        """Create, and give back what now stands."""
        answer = await self.ask("POST", f"/{resource['resourceType']}", resource, who=who, **headers)
        assert answer.status_code == 201, answer.text
        made: Json = body(answer)
        return made


def body(answer: httpx.Response) -> Any:
    """The JSON of an answer, with the digits of its decimals."""
    return loads(answer.content)


def code(answer: httpx.Response) -> str:
    """The code that says most in an OperationOutcome."""
    issue = body(answer)["issue"][0]
    told: str = issue.get("details", {}).get("coding", [{}])[0].get("code", issue["code"])
    return told


@asynccontextmanager
async def house(url: str, **changes: Any) -> AsyncIterator[House]:
    database = await Database.connect(url, size=4)
    clock = Ticking()
    stream = io.StringIO()
    log = Log("api", stream=stream)
    terminology = Terminology(database)
    store = Store(clock, terms=Answers(terminology))
    directory = Directory(CONSORTIUM)
    trail = Trail(database, log)
    limits = changes.pop("candidate_limits", {})
    gate = Gate(database, store, trail, directory, bytes(32), clock, log, base_url=BASE, candidate_limits=limits)
    writes = ClientWrites(
        database,
        store,
        directory,
        changes.pop("validate", accept_all),
        trail,
        clock,
        following(store, CONSORTIUM, clock, terminology.catalogues.forget),
        sight=gate.sight,
    )
    subscribing, telling = Subscribing(database, trail, clock), Telling(database, gate.notices)
    receivers = Receivers(directory, changes.pop("receivers", ()))
    subscriptions = Subscriptions(
        database,
        gate.notices,
        subscribing,
        receivers,
        Seal(bytes(32)),
        accept_all,
        canonical_base=CANONICAL,
        base_url=BASE,
    )
    temporary = tempfile.TemporaryDirectory(prefix="yilian-house-")
    folder = changes.pop("folder", Path(temporary.name))
    services = Services(
        gate=gate,
        writes=writes,
        bulk=Desk(
            gate,
            Jobs(database, most=2),
            Vault(folder / "bulk"),
            Sources(folder / "import", most_bytes=64 * 1024),
            directory,
            clock,
        ),
        indexing=Indexing(database),
        definitions=Definitions(database, trail, clock, validate_r4),
        subscriptions=subscriptions,
        operations=Operations(database, subscriptions, telling, subscribing, clock, base_url=BASE),
        desk=EventsDesk(database),
        feeds=Feeds(database, CONSORTIUM.feeds, dict, clock),
        outbound=OutboundDesk(database),
        terminology=terminology,
        closures=ClosureTables(database, terminology, clock),
        reviews=Reviews(database, store, trail, clock, CONSORTIUM.review),
        write_document=document_writer(CONSORTIUM),
        verify=later(changes.pop("verify", verify)),
        new_id=random_id,
        ready=_ready,
        searchable=answered,
        clock=clock,
        log=log,
        base_url=BASE,
        canonical_base=CANONICAL,
        version="0.0.test",
        max_body_bytes=changes.pop("max_body_bytes", 1024 * 1024),
    )
    app = create_app(replace(services, **changes))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://hub.test") as client:
        try:
            yield House(client, services, database, stream, folder)
        finally:
            print(stream.getvalue())  # noqa: T201  # pytest shows it beside a failure
            await writes.close()
            await trail.close()
            await database.close()
            temporary.cleanup()


async def _ready() -> None:
    return None


def in_house(url: str, visit: Callable[[House], Awaitable[T]], **changes: Any) -> T:
    """Run `visit` in a house of its own."""

    async def run() -> T:
        async with house(url, **changes) as home:
            return await visit(home)

    return asyncio.run(run())


def patient(**elements: Any) -> Json:
    """A fictional person."""
    return {
        "resourceType": "Patient",
        "identifier": [{"system": "urn:test:mrn", "value": "mrn-1"}],
        "name": [{"family": "沈", "given": ["桂兰"]}],
        "gender": "female",
        "birthDate": "1958-04-12",
        **elements,
    }


def observation(patient_id: str, value: str = "132", **elements: Any) -> Json:
    """A blood pressure of a patient."""
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]},
        "subject": {"reference": f"Patient/{patient_id}"},
        "effectiveDateTime": "2026-05-19T08:30:00+08:00",
        "valueQuantity": {
            "value": loads(value),
            "unit": "mm[Hg]",
            "system": "http://unitsofmeasure.org",
            "code": "mm[Hg]",
        },
        **elements,
    }
