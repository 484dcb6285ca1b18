"""A gate with all that stands behind it, for tests: real database, real store, real trail."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

import asyncpg
import pytest
from msgspec import structs

from consent.compiler import compile_consent
from consent.configuration import DEFAULT
from consent.packed import pack
from consent.references import References
from hub.audit import queries
from hub.audit.entry import Entry
from hub.audit.trail import Trail
from hub.auth import consent_rules, proxies
from hub.auth.actor import Actor
from hub.auth.consent_rules import ConsentRule
from hub.auth.directory import Directory
from hub.auth.proxies import Proxy
from hub.db.database import Database
from hub.gate.gate import Gate
from hub.kernel.clock import Clock, fixed_clock
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import reference_key
from hub.kernel.log import Log
from hub.kernel.types import Json
from hub.store.store import Store
from hub.store.values import Facts, Relation, RelationKind, Stored, Write
from tests.auth.consortium import CONSORTIUM, NOW
from tests.consent import cases

R = TypeVar("R")

DIRECTORY: Final = Directory(CONSORTIUM)

SECRET: Final = bytes(range(32))

CLOCK: Final = fixed_clock(NOW)

#: A clinician of the hospital F01.
CLINICIAN: Final = Actor(
    role="clinician",
    organization="F01",
    practitioner="fang",
    purpose=("TREAT",),
    client="his",
    token_id="t1",
    expires=NOW + timedelta(hours=1),
)

#: A clinician of the laboratory F03.
STRANGER: Final = replace(CLINICIAN, organization="F03", practitioner="hong", token_id="t2")


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """The parts; `logged` gives what was logged so far."""

    database: Database
    store: Store
    trail: Trail
    gate: Gate
    stream: io.StringIO

    @property
    def logged(self) -> str:
        return self.stream.getvalue()

    async def save(self, *writes: Write) -> None:
        """Store these writes, each on top of what stands."""
        for write in writes:
            async with self.database.transaction() as tx:
                current = (await self.store.load(tx, [(write.type, write.id)])).get((write.type, write.id))
                await self.store.save(tx, [structs.replace(write, current=current)])

    async def relate(
        self,
        patient: str,
        party: str,
        kind: RelationKind = "care",
        *,
        low: datetime | None = None,
        high: datetime | None = None,
    ) -> None:
        """A patient is tied to a facility or a family doctor."""
        pkey, key = reference_key("Patient", patient), reference_key("Encounter", f"{patient}-{party}")
        async with self.database.transaction() as tx:
            await self.store.put_relations(
                tx, [Relation(pkey=pkey, key=key, kind=kind, party=party, low=low, high=high)]
            )

    async def consent(self, patient: str, provision: Json | None, cid: str = "c", **changes: Any) -> None:
        """A patient says something in a Consent; without a provision the consent is withdrawn."""
        consent = {
            **cases.consent(None),
            "id": cid,
            "meta": {"versionId": "1"},
            "patient": {"reference": f"Patient/{patient}"},
            **({"status": "inactive"} if provision is None else {"provision": provision}),
            **changes,
        }
        await self.keep_consent(consent)

    async def keep_consent(self, consent: Json) -> None:
        """A Consent, compiled as the consent door compiles it."""
        rule = ConsentRule(
            id=consent["id"],
            patient=consent["patient"]["reference"].removeprefix("Patient/"),
            version=int(consent["meta"]["versionId"]),
            status=consent["status"],
            actors=tuple(_named(consent)),
            compiled=pack(compile_consent(consent, References()), DEFAULT),
        )
        async with self.database.transaction() as tx:
            await consent_rules.put(tx, rule)
            await consent_rules.raise_epoch(tx)

    async def proxy(self, patient: str, reference: str, kind: str, **changes: Any) -> None:
        """Somebody acts for a patient."""
        entry = Proxy(
            **{
                "id": f"{patient}-{reference.partition('/')[2]}",
                "patient": patient,
                "reference": reference,
                "kind": kind,
                "status": "active",
                "period": {},
                "scope": ("read",),
                "evidence": "file 1",
                "recorded": NOW,
                **changes,
            }
        )
        async with self.database.transaction() as tx:
            await proxies.put(tx, entry)
            await consent_rules.raise_epoch(tx)

    async def link(self, person: str, *patients: str) -> None:
        """These source patients are one person."""
        rows = [(reference_key("Patient", patient), person, patient) for patient in patients]
        async with self.database.transaction() as tx:
            await tx.executemany(
                "INSERT INTO member (pkey, person, patient) VALUES ($1, $2, $3)"
                " ON CONFLICT (pkey) DO UPDATE SET person = excluded.person",
                rows,
            )

    async def entries(self) -> list[Entry]:
        """The trail, newest first."""
        async with self.database.connection() as tx:
            return await queries.newest(tx, limit=1000)


def with_house(
    url: str,
    work: Callable[[House], Awaitable[R]],
    *,
    store: Callable[[], Store] = lambda: Store(fixed_clock(NOW)),
    page_size: int = 50,
    clock: Clock = CLOCK,
    directory: Directory = DIRECTORY,
    panel_limit: int = 2000,
    glass_limit: int = 20,
    candidate_limit: int = 300,
) -> R:
    """The result of `work` in a house of its own."""

    async def run() -> R:
        stream = io.StringIO()
        log = Log("test", stream=stream)
        database = await Database.connect(url)
        trail = Trail(database, log)
        kept = store()
        gate = Gate(
            database,
            kept,
            trail,
            directory,
            SECRET,
            clock,
            log,
            page_size=page_size,
            panel_limit=panel_limit,
            glass_limit=glass_limit,
            candidate_limit=candidate_limit,
        )
        try:
            return await work(House(database=database, store=kept, trail=trail, gate=gate, stream=stream))
        finally:
            await trail.close()
            await database.close()

    return asyncio.run(run())


def _named(consent: Json) -> list[str]:
    """Every reference an actor of the consent may be known by."""
    waiting, found = [consent.get("provision", {})], []
    while waiting:
        provision = waiting.pop()
        found += [actor["reference"]["reference"] for actor in provision.get("actor", ())]
        waiting += provision.get("provision", ())
    return found


def write(
    rtype: str,
    rid: str,
    *,
    author: str = "F01",
    patient: str | None = None,
    labels: Sequence[str] = (),
    **elements: Any,
) -> Write:
    """A resource authored by an organisation; a Patient is about itself."""
    about = rid if rtype == "Patient" else patient
    resource = {"resourceType": rtype, "id": rid, **elements}
    if about is not None and rtype != "Patient":
        resource.setdefault("patient" if rtype == "Consent" else "subject", {"reference": f"Patient/{about}"})
    facts = Facts(author_org=author, labels=tuple(labels))
    return Write(type=rtype, id=rid, resource=resource, patient=about, facts=facts)


def observation(rid: str, *, author: str = "F01", patient: str = "a", code: str = "4548-4", **elements: Any) -> Write:
    """A laboratory value."""
    coding = {"coding": [{"system": "http://loinc.org", "code": code}]}
    stated = {"status": "final", "code": coding} | elements
    return write("Observation", rid, author=author, patient=patient, **stated)


def deletion(of: Write) -> Write:
    """The deletion of what a write made."""
    return structs.replace(of, resource=None)


def stored(rtype: str, *, author: str = "F01", patient: str | None = "a", labels: Sequence[str] = ()) -> Stored:
    """A version as the store gives it, for the pure parts."""
    return Stored(
        type=rtype,
        id="x",
        version=1,
        updated=NOW,
        deleted=False,
        body=b"{}",
        pkey=reference_key("Patient", patient or "x"),
        patient=patient,
        facts=Facts(author_org=author, labels=tuple(labels)),
    )


def statements_sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is sent to the database from now on."""
    sent: list[str] = []
    for name in ("fetch", "fetchval", "execute"):
        method = getattr(asyncpg.Connection, name)

        def call(connection: Any, query: str, *args: Any, method: Any = method, **kwargs: Any) -> Any:
            sent.append(query)
            return method(connection, query, *args, **kwargs)

        monkeypatch.setattr(asyncpg.Connection, name, call)
    return sent


async def refusal(asked: Awaitable[object]) -> HubError:
    """The error a request ends with."""
    with pytest.raises(HubError) as caught:
        await asked
    return caught.value


async def absent(asked: Awaitable[object]) -> bool:
    """Whether a request ends exactly as one for something that does not exist."""
    error = await refusal(asked)
    told = (error.category, error.what, error.where, error.todo, error.code)
    return told == (Category.NOT_FOUND, "no such resource", "URL", "", "not-found")
