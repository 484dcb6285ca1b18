"""Read, version read and history through the gate."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

import asyncpg
import pytest
from msgspec import structs

from hub.audit.entry import Entry, Interaction, Origin, Outcome
from hub.auth.roles import ROLES
from hub.db.database import Tx
from hub.fhir.json import loads
from hub.gate.gate import Gate
from hub.kernel.errors import Category
from hub.store.store import Store
from hub.store.values import Stored
from tests.gate.house import CLINICIAN, STRANGER, House, absent, deletion, observation, refusal, with_house, write

#: Every way to one resource, as a question about `Observation/o`.
WAYS: dict[str, Callable[[Gate], Awaitable[object]]] = {
    "read": lambda gate: gate.read(STRANGER, "Observation", "o"),
    "vread": lambda gate: gate.vread(STRANGER, "Observation", "o", 1),
    "history": lambda gate: gate.history(STRANGER, "Observation", "o"),
    "meta": lambda gate: gate.meta(STRANGER, "Observation", "o"),
}


def outcome(entry: Entry) -> tuple[Interaction, Outcome, str | None, tuple[str, ...]]:
    return entry.interaction, entry.outcome, entry.reason, entry.patients


def test_what_the_organisation_authored_is_read_byte_for_byte(database_url: str) -> None:
    async def work(house: House) -> None:
        await house.save(observation("o"))
        released = await house.gate.read(CLINICIAN, "Observation", "o")
        async with house.database.connection() as tx:
            kept = (await house.store.load(tx, [("Observation", "o")]))["Observation", "o"]
        assert released.body == kept.body
        assert loads(released.body)["code"]["coding"][0]["code"] == "4548-4"
        assert (released.version, released.updated, released.deleted) == (1, kept.updated, False)

    with_house(database_url, work)


def test_a_read_is_recorded_with_who_whose_and_on_what_ground(database_url: str) -> None:
    async def work(house: House) -> None:
        await house.save(observation("o", patient="a"))
        origin = Origin(address="192.0.2.7", request="r-9")
        await house.gate.read(CLINICIAN, "Observation", "o", origin=origin)
        (entry,) = await house.entries()
        assert outcome(entry) == (Interaction.READ, Outcome.RELEASED, None, ("a",))
        assert (entry.resource_type, entry.resource_id, entry.types) == ("Observation", "o", {"Observation": 1})
        assert entry.grounds == ("author-organisation",)
        assert entry.origin == origin
        assert (entry.requester.reference, entry.requester.token_id) == ("Practitioner/fang", "t1")

    with_house(database_url, work)


@pytest.mark.parametrize("way", WAYS)
def test_denied_looks_like_absent_and_both_are_recorded(database_url: str, way: str) -> None:
    async def work(house: House) -> None:
        assert await absent(WAYS[way](house.gate))
        await house.save(observation("o"))
        assert await absent(WAYS[way](house.gate))
        denied, missing = await house.entries()
        assert (missing.outcome, missing.reason) == (Outcome.ABSENT, None)
        assert (denied.outcome, denied.reason) == (Outcome.REFUSED, "no-care-relationship")
        assert denied.patients == ()

    with_house(database_url, work)


@pytest.mark.parametrize("way", WAYS)
def test_a_deleted_resource_is_absent_for_those_who_could_not_see_it(database_url: str, way: str) -> None:
    async def work(house: House) -> None:
        await house.save(observation("o"), deletion(observation("o")))
        assert await absent(WAYS[way](house.gate))

    with_house(database_url, work)


def test_a_deleted_resource_is_told_as_deleted_to_its_author(database_url: str) -> None:
    async def work(house: House) -> None:
        await house.save(observation("o"), deletion(observation("o")))
        released = await house.gate.read(CLINICIAN, "Observation", "o")
        assert (released.deleted, released.version, released.body) == (True, 2, b"")
        assert not (await house.gate.vread(CLINICIAN, "Observation", "o", 1)).deleted

    with_house(database_url, work)


@pytest.mark.parametrize(
    ("rtype", "rid"), [("Observation", "x/../y"), ("Observation", ""), ("Observation", "\0"), ("Nonsense", "o")]
)
def test_what_is_no_address_is_absent(database_url: str, rtype: str, rid: str) -> None:
    async def work(house: House) -> None:
        assert await absent(house.gate.read(CLINICIAN, rtype, rid))

    with_house(database_url, work)


@pytest.mark.parametrize("version", [0, -1, 2, 2**31 - 1, 2**63])
def test_a_version_that_never_was_is_absent(database_url: str, version: int) -> None:
    async def work(house: House) -> None:
        await house.save(observation("o"))
        assert await absent(house.gate.vread(CLINICIAN, "Observation", "o", version))

    with_house(database_url, work)


def test_a_version_is_judged_by_what_held_then_and_by_what_holds_now(database_url: str) -> None:
    async def work(house: House) -> None:
        theirs = observation("o", author="F03", status="preliminary")
        ours = observation("o", author="F01", status="final")
        await house.save(theirs, ours, theirs)
        assert await absent(house.gate.vread(CLINICIAN, "Observation", "o", 2))
        await house.save(ours)
        assert (await house.gate.vread(CLINICIAN, "Observation", "o", 2)).version == 2
        assert await absent(house.gate.vread(CLINICIAN, "Observation", "o", 3))

    with_house(database_url, work)


def test_versions_from_before_a_move_are_read_by_whom_both_records_are_open(database_url: str) -> None:
    async def versions(house: House) -> list[int]:
        return [one.version for one in (await house.gate.history(STRANGER, "Observation", "o")).matches]

    async def work(house: House) -> None:
        before, after = observation("o", status="preliminary"), observation("o", patient="b")
        await house.save(write("Patient", "a"), write("Patient", "b"))
        await house.save(before, structs.replace(after, moved=True), observation("o", patient="b", status="amended"))
        await house.relate("b", "F03")
        assert await versions(house) == [3, 2]
        assert await absent(house.gate.vread(STRANGER, "Observation", "o", 1))
        await house.relate("a", "F03")
        assert await versions(house) == [3, 2, 1]
        told = await house.gate.vread(STRANGER, "Observation", "o", 1)
        assert loads(told.body)["subject"] == {"reference": "Patient/a"}
        assert (await house.entries())[0].patients == ("a",)
        await house.save(structs.replace(before, moved=True))
        assert await versions(house) == [4, 3, 2, 1]

    with_house(database_url, work)


def test_whoever_sees_only_the_record_it_was_in_before_sees_nothing_of_what_moved(database_url: str) -> None:
    async def work(house: House) -> None:
        await house.save(observation("o"), structs.replace(observation("o", patient="b"), moved=True))
        await house.relate("a", "F03")
        for way in WAYS.values():
            assert await absent(way(house.gate))

    with_house(database_url, work)


def test_a_history_leaves_out_versions_that_are_denied_and_its_pages_are_full(database_url: str) -> None:
    async def work(house: House) -> None:
        for number in range(9):
            author = "F03" if number % 3 == 1 else "F01"
            await house.save(observation("o", author=author, note=[{"text": str(number)}]))
        versions, cursor, pages = [], None, 0
        while True:
            page = await house.gate.history(CLINICIAN, "Observation", "o", count=2, cursor=cursor)
            versions += [released.version for released in page.matches]
            pages += 1
            if page.next is None:
                break
            assert len(page.matches) == 2
            cursor = page.next
        assert versions == [9, 7, 6, 4, 3, 1]
        assert pages == 3

    with_house(database_url, work)


def test_a_history_page_is_not_for_others_nor_for_another_resource(database_url: str) -> None:
    async def work(house: House) -> None:
        for number in range(3):
            for rid in ("o", "p"):
                await house.save(observation(rid, note=[{"text": str(number)}]))
        cursor = (await house.gate.history(CLINICIAN, "Observation", "o", count=1)).next
        for actor, rid in ((STRANGER, "o"), (replace(CLINICIAN, practitioner="lin"), "o"), (CLINICIAN, "p")):
            error = await refusal(house.gate.history(actor, "Observation", rid, count=1, cursor=cursor))
            assert (error.category, error.code) == (Category.NOT_FOUND, "page")

    with_house(database_url, work)


@pytest.mark.parametrize("role", sorted(ROLES.keys() - {"clinician", "family-doctor", "patient", "proxy"}))
def test_a_role_without_clinical_read_is_forbidden_and_recorded(database_url: str, role: str) -> None:
    async def work(house: House) -> None:
        await house.save(observation("o"))
        actor = replace(CLINICIAN, role=role)
        for asked in (house.gate.read(actor, "Observation", "o"), house.gate.read(actor, "Observation", "none")):
            assert (await refusal(asked)).category is Category.FORBIDDEN
        reason = "form-not-available" if ROLES[role].in_consent_rules else "role-not-allowed"
        assert [(e.outcome, e.reason) for e in await house.entries()] == [(Outcome.REFUSED, reason)] * 2

    with_house(database_url, work)


def test_a_scope_that_leaves_the_type_out_is_forbidden_and_recorded(database_url: str) -> None:
    async def work(house: House) -> None:
        await house.save(observation("o"))
        actor = replace(CLINICIAN, scopes=("user/Patient.rs",))
        assert (await refusal(house.gate.read(actor, "Observation", "o"))).category is Category.FORBIDDEN
        (entry,) = await house.entries()
        assert (entry.outcome, entry.reason) == (Outcome.REFUSED, "scope-not-allowed")

    with_house(database_url, work)


def test_what_is_about_no_patient_is_read_by_all_clinicians_and_names_no_patient(database_url: str) -> None:
    async def work(house: House) -> None:
        await house.save(write("Practitioner", "fang", author="F01", active=True))
        assert (await house.gate.read(STRANGER, "Practitioner", "fang")).id == "fang"
        (entry,) = await house.entries()
        assert (entry.patients, entry.grounds) == ((), ("not-patient-data",))

    with_house(database_url, work)


@pytest.mark.parametrize("way", ["read", "vread", "history"])
def test_nothing_is_released_when_the_trail_cannot_be_written(database_url: str, way: str) -> None:
    async def work(house: House) -> None:
        await house.save(observation("o"))
        assert await absent(WAYS[way](house.gate))
        async with house.database.connection() as tx:
            await tx.execute("ALTER TABLE audit ADD CHECK (false) NOT VALID")
        mine = {
            "read": house.gate.read(CLINICIAN, "Observation", "o"),
            "vread": house.gate.vread(CLINICIAN, "Observation", "o", 1),
            "history": house.gate.history(CLINICIAN, "Observation", "o"),
        }
        for name, asked in mine.items():
            if name == way:
                assert (await refusal(asked)).category is Category.UNAVAILABLE
            else:
                asked.close()

    with_house(database_url, work)


def test_the_audit_row_is_there_before_the_body(database_url: str) -> None:
    async def work(house: House) -> None:
        await house.save(observation("o"))
        async with house.database.transaction() as tx:
            await tx.execute("LOCK TABLE audit IN SHARE MODE")
            reading = asyncio.create_task(house.gate.read(CLINICIAN, "Observation", "o"))
            await asyncio.sleep(0.3)
            assert not reading.done()
        assert (await reading).id == "o"

    with_house(database_url, work)


class Counting(Store):
    """A store that counts what it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    async def load(
        self, tx: Tx, refs: Sequence[tuple[str, str]], *, lock: bool = False
    ) -> dict[tuple[str, str], Stored]:
        self.asked.append("load")
        return await super().load(tx, refs, lock=lock)

    async def versions(
        self, tx: Tx, rtype: str, rid: str, *, below: int | None = None, limit: int = 100
    ) -> list[Stored]:
        self.asked.append("versions")
        return await super().versions(tx, rtype, rid, below=below, limit=limit)

    async def load_version(self, tx: Tx, rtype: str, rid: str, version: int) -> Stored | None:
        self.asked.append("load_version")
        return await super().load_version(tx, rtype, rid, version)


@pytest.mark.parametrize("way", WAYS)
def test_denied_and_absent_ask_the_store_the_same(database_url: str, way: str) -> None:
    store = Counting()

    async def work(house: House) -> None:
        assert await absent(WAYS[way](house.gate))
        missing, store.asked = store.asked, []
        await house.save(*(observation("o", note=[{"text": str(n)}]) for n in range(60)))
        store.asked = []
        assert await absent(WAYS[way](house.gate))
        assert store.asked == missing

    with_house(database_url, work, store=lambda: store)


@pytest.mark.parametrize("way", WAYS)
def test_denied_and_absent_ask_the_database_the_same(
    database_url: str, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Equal steps take equal time; how long they do take is measured by `python -m bench.gate`."""
    asked: list[tuple[str, ...]] = []

    def note(query: Any) -> None:
        # A list by its length, any other value by its type: how much is asked for, not what.
        sizes = [f"{len(value)} of them" if isinstance(value, list) else type(value).__name__ for value in query.args]
        asked.append((query.query, *sizes))

    async def connect(*given: Any, **options: Any) -> Any:
        connection = await dial(*given, **options)
        connection.add_query_logger(note)
        return connection

    dial = asyncpg.connect
    monkeypatch.setattr(asyncpg, "connect", connect)

    async def steps(house: House) -> list[tuple[str, ...]]:
        await asyncio.sleep(0.05)  # a query is noted after its answer
        asked.clear()
        assert await absent(WAYS[way](house.gate))
        await asyncio.sleep(0.05)
        return list(asked)

    async def work(house: House) -> None:
        await steps(house)  # the first one also asks what the types of the database are
        missing = await steps(house)
        await house.save(*(observation("o", note=[{"text": str(number)}]) for number in range(9)))
        denied = await steps(house)
        assert len(missing) > 2
        assert denied == missing

    with_house(database_url, work)
