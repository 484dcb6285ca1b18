"""$lastn, $document, $summary and the histories through the gate: a broken predicate, the trail, a person, limits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from typing import Any

import asyncpg
import pytest
from msgspec import structs

from hub.audit.entry import Interaction, Outcome
from hub.db.database import Tx
from hub.fhir.json import loads
from hub.gate.gate import Gate
from hub.gate.pages import CURSOR
from hub.kernel.errors import Category
from hub.store.criteria import Query
from hub.store.store import Store
from hub.store.values import Found, Span, Stored, Visible
from tests.gate.house import CLINICIAN, STRANGER, House, absent, observation, refusal, with_house, write

CLINIC = replace(CLINICIAN, organization="F05", practitioner="gao")

#: Every way, as a question about the patient `a` and the Composition `c`.
WAYS: dict[str, Callable[[Gate], Awaitable[Any]]] = {
    "histories": lambda gate: gate.histories(CLINICIAN, None, []),
    "latest": lambda gate: gate.latest(CLINICIAN, [("patient", "a"), ("code", "4548-4")]),
    "document": lambda gate: gate.document(CLINICIAN, "c"),
    "summary": lambda gate: gate.summary(CLINICIAN, "a"),
}


async def settle(house: House) -> None:
    """A patient of the hospital with a value of it and one of the laboratory, and a document that names both."""
    await house.save(
        write("Patient", "a"),
        observation("own", effectiveDateTime="2026-05-01"),
        observation("theirs", author="F03", effectiveDateTime="2026-05-02"),
        write(
            "Composition",
            "c",
            patient="a",
            section=[{"entry": [{"reference": f"Observation/{rid}"} for rid in ("theirs", "own", "nothing")]}],
        ),
    )


def ids(page: Any) -> list[str]:
    return [row.id for row in (*page.matches, *page.included)]


@pytest.mark.parametrize(
    ("way", "expected"),
    [
        ("histories", {"c", "own", "a"}),
        ("latest", {"own"}),
        ("document", {"c", "a", "own"}),
        ("summary", {"a", "own"}),
    ],
)
def test_what_others_authored_stays_out_and_takes_no_place(database_url: str, way: str, expected: set[str]) -> None:
    async def work(house: House) -> None:
        await settle(house)
        assert set(ids(await WAYS[way](house.gate))) == expected

    with_house(database_url, work)


class Leaky(Store):
    """A store whose predicate is broken: it shows everything."""

    async def history(
        self, tx: Tx, types: Iterable[str], visible: Visible, span: Span, *, count: int, after: bytes | None = None
    ) -> Found:
        return await super().history(
            tx, types, structs.replace(visible, everything=True), span, count=count, after=after
        )

    async def latest(
        self, tx: Tx, query: Query, visible: Visible, *, most: int, count: int, after: bytes | None = None
    ) -> Found:
        return await super().latest(
            tx, query, structs.replace(visible, everything=True), most=most, count=count, after=after
        )

    async def named(self, tx: Tx, refs: Iterable[tuple[str, str]], visible: Visible) -> dict[tuple[str, str], Stored]:
        return await super().named(tx, refs, structs.replace(visible, everything=True))


@pytest.mark.parametrize("way", WAYS)
def test_a_broken_predicate_is_caught_at_release(database_url: str, way: str) -> None:
    async def work(house: House) -> None:
        await settle(house)
        assert (await refusal(WAYS[way](house.gate))).category is Category.FAULT
        entry = (await house.entries())[0]
        assert (entry.outcome, entry.reason, entry.patients) == (Outcome.INCIDENT, "no-care-relationship", ())

    with_house(database_url, work, store=Leaky)


@pytest.mark.parametrize("way", WAYS)
def test_nothing_leaves_when_the_trail_cannot_be_written(database_url: str, way: str) -> None:
    async def work(house: House) -> None:
        await settle(house)
        async with house.database.connection() as tx:
            await tx.execute("ALTER TABLE audit ADD CHECK (false) NOT VALID")
        assert (await refusal(WAYS[way](house.gate))).category is Category.UNAVAILABLE

    with_house(database_url, work)


@pytest.mark.parametrize("way", WAYS)
def test_it_waits_for_its_audit_row(database_url: str, way: str) -> None:
    async def work(house: House) -> None:
        await settle(house)
        async with house.database.transaction() as tx:
            await tx.execute("LOCK TABLE audit IN SHARE MODE")
            asking: asyncio.Future[Any] = asyncio.ensure_future(WAYS[way](house.gate))
            await asyncio.sleep(0.3)
            assert not asking.done()
        assert (await asking).matches

    with_house(database_url, work)


def test_a_document_is_recorded_once_with_all_that_left(database_url: str) -> None:
    async def work(house: House) -> None:
        await settle(house)
        await house.gate.document(CLINICIAN, "c")
        (entry,) = await house.entries()
        assert (entry.interaction, entry.outcome) == (Interaction.OPERATION, Outcome.RELEASED)
        assert (entry.resource_type, entry.resource_id, entry.patients) == ("Composition", "c", ("a",))
        assert entry.types == {"Composition": 1, "Patient": 1, "Observation": 1}

    with_house(database_url, work)


def test_a_hidden_composition_and_an_absent_one_are_told_alike_and_recorded_apart(database_url: str) -> None:
    async def work(house: House) -> None:
        await settle(house)
        assert await absent(house.gate.document(STRANGER, "c"))
        assert await absent(house.gate.document(STRANGER, "nothing"))
        assert [entry.outcome for entry in await house.entries()] == [Outcome.ABSENT, Outcome.REFUSED]

    with_house(database_url, work)


def test_a_hidden_composition_and_an_absent_one_ask_the_database_the_same(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    dial = asyncpg.connect

    async def connect(*given: Any, **options: Any) -> Any:
        connection = await dial(*given, **options)
        connection.add_query_logger(lambda query: asked.append(query.query))
        return connection

    async def steps(house: House, rid: str) -> list[str]:
        await asyncio.sleep(0.05)  # a query is noted after its answer
        asked.clear()
        assert await absent(house.gate.document(STRANGER, rid))
        await asyncio.sleep(0.05)
        return list(asked)

    async def work(house: House) -> None:
        await settle(house)
        await steps(house, "nothing")  # the first one also asks what the types of the database are
        missing = await steps(house, "nothing")
        assert len(missing) > 4
        assert await steps(house, "c") == missing

    monkeypatch.setattr(asyncpg, "connect", connect)
    with_house(database_url, work)


def test_a_token_without_the_type_gets_a_document_without_it(database_url: str) -> None:
    async def work(house: House) -> None:
        await settle(house)
        narrow = replace(CLINICIAN, scopes=("user/Composition.r", "user/Patient.r"))
        assert ids(await house.gate.document(narrow, "c")) == ["c", "a"]
        summary = replace(CLINICIAN, scopes=("user/Patient.rs", "user/Condition.rs"))
        assert ids(await house.gate.summary(summary, "a")) == ["a"]

    with_house(database_url, work)


def test_the_next_page_of_the_newest_is_for_who_asked_and_for_what(database_url: str) -> None:
    async def work(house: House) -> None:
        await house.save(*(observation(f"o{number}", code=f"{number}-1") for number in range(5)))
        wanted = [("patient", "a"), ("category:not", "x"), ("_count", "3")]
        page = await house.gate.latest(CLINICIAN, wanted)
        assert page.next is not None
        following = [*wanted, (CURSOR, page.next)]
        assert ids(page) + ids(await house.gate.latest(CLINICIAN, following)) == [f"o{number}" for number in range(5)]
        assert [entry.types["Observation"] for entry in await house.entries()] == [2, 3]
        for actor, params in ((CLINIC, following), (CLINICIAN, [*following, ("max", "2")])):
            assert (await refusal(house.gate.latest(actor, params))).code == "page"

    with_house(database_url, work)


def test_the_summary_of_a_person_is_made_of_all_permitted_sources(database_url: str) -> None:
    async def work(house: House) -> None:
        await house.save(
            write("Patient", "a", name=[{"text": "沈桂兰"}]),
            write("Patient", "a2", author="F05", name=[{"text": "SHEN GUILAN"}]),
            observation("old", patient="a", effectiveDateTime="2026-05-01"),
            observation("new", patient="a2", author="F05", effectiveDateTime="2026-05-02"),
        )
        await house.link("person", "a", "a2")
        page = await house.gate.summary(CLINIC, "person")
        assert ids(page) == ["person", "a2", "new"]
        assert [name["text"] for name in loads(page.matches[0].body)["name"]] == ["SHEN GUILAN"]
        assert ids(await house.gate.summary(CLINICIAN, "person")) == ["person", "a", "old"]
        await house.relate("a2", "F05")
        assert sorted(ids(await house.gate.summary(CLINIC, "person"))) == ["a", "a2", "new", "person"]

    with_house(database_url, work)
