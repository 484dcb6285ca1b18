"""What the store's tests share: running on a database, making writes, saving them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, TypeVar

from hub.db.database import Database, Tx
from hub.fhir.compartments import source_patient
from hub.kernel.clock import fixed_clock
from hub.kernel.ids import reference_key
from hub.kernel.types import Json
from hub.store.query import parse_query
from hub.store.store import Store
from hub.store.values import Facts, Found, Saved, Stored, Visible, Write
from tests.store.predicate_oracle import World

T = TypeVar("T")

NOW = datetime(2026, 5, 20, 1, 2, 3, 456789, tzinfo=UTC)
FACTS = Facts(author_org="F01", authors=("Practitioner/p",), labels=("s|N",), clinical_start=NOW, flags=2)
EVERYTHING = Visible(everything=True)


def run(database_url: str, work: Callable[[Database, Store], Awaitable[T]]) -> T:
    """Run a coroutine function on a database, with a store whose clock stands still."""

    async def main() -> T:
        database = await Database.connect(database_url, size=4)
        try:
            return await work(database, Store(fixed_clock(NOW)))
        finally:
            await database.close()

    return asyncio.run(main())


def write(resource: Json, *, org: str = "F01", current: Stored | None = None, facts: Facts | None = None) -> Write:
    """A write of a resource by an organisation."""
    return Write(
        type=resource["resourceType"],
        id=resource["id"],
        resource=resource,
        patient=source_patient(resource),
        facts=facts or Facts(author_org=org),
        current=current,
    )


def patient(rid: str, **elements: Any) -> Write:
    return Write(
        type="Patient", id=rid, resource={"resourceType": "Patient", "id": rid, **elements}, patient=rid, facts=FACTS
    )


def observation(rid: str, subject: str, **elements: Any) -> Json:
    """An Observation of a patient; `code` defaults to one of the code system urn:a."""
    code = {"code": {"coding": [{"system": "urn:a", "code": "x"}]}}
    head = {"resourceType": "Observation", "id": rid, "status": "final", "subject": {"reference": f"Patient/{subject}"}}
    return {**head, **code, **elements}


async def save(database: Database, store: Store, *writes: Write) -> list[Saved]:
    async with database.transaction() as tx:
        return await store.save(tx, writes)


async def settle(tx: Tx, store: Store, world: World) -> None:
    """Say who is one person and who is tied to whom."""
    rows = [(reference_key("Patient", patient), person, patient) for patient, person in world.persons.items()]
    await tx.copy_records_to_table("member", columns=["pkey", "person", "patient"], records=rows)
    await store.put_relations(tx, world.relations)


async def stored(database: Database, store: Store, rid: str, rtype: str = "Patient") -> Stored:
    async with database.connection() as connection:
        return (await store.load(connection, [(rtype, rid)]))[rtype, rid]


async def ask(
    tx: Tx,
    store: Store,
    rtype: str | None,
    params: Sequence[tuple[str, str]],
    visible: Visible = EVERYTHING,
    *,
    count: int = 100,
    after: bytes | None = None,
    total: Literal["none", "accurate"] = "accurate",
) -> Found:
    """Search with the total."""
    query = parse_query(rtype, params, now=NOW)
    return await store.search(tx, query, visible, count=count, after=after, total=total)


def ids(found: Sequence[Stored]) -> list[str]:
    return [f"{match.type}/{match.id}" for match in found]
