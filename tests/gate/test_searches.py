"""Search through the gate."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from hub.audit.entry import Interaction, Outcome
from hub.db.database import Tx
from hub.gate.pages import CURSOR
from hub.gate.released import ReleasedPage
from hub.kernel.errors import Category
from hub.store.criteria import Query
from hub.store.search import Sought
from hub.store.store import Store
from hub.store.values import Visible
from tests.gate.house import CLINICIAN, STRANGER, House, observation, refusal, with_house, write


def ids(page: ReleasedPage) -> list[str]:
    return sorted(released.id for released in page.matches)


async def two_authors(house: House) -> None:
    """Patient a is known to F01 and to F03, each of which holds Observations of its own."""
    await house.save(
        write("Patient", "a", author="F01", name=[{"text": "沈桂兰"}]),
        write("Patient", "b", author="F03", name=[{"text": "陆建国"}]),
        observation("o1", author="F01", patient="a"),
        observation("o2", author="F03", patient="a"),
        observation("o3", author="F03", patient="b", code="718-7"),
        observation("o4", author="F01-ICU", patient="a"),
        write("Practitioner", "fang", author="F01", active=True),
    )


def test_a_search_finds_what_the_legal_entity_authored(database_url: str) -> None:
    async def work(house: House) -> None:
        await two_authors(house)
        assert ids(await house.gate.search(CLINICIAN, "Observation", [])) == ["o1", "o4"]
        assert ids(await house.gate.search(STRANGER, "Observation", [])) == ["o2", "o3"]
        assert ids(await house.gate.search(STRANGER, "Practitioner", [])) == ["fang"]

    with_house(database_url, work)


@pytest.mark.parametrize("params", [[("_total", "accurate")], [("_summary", "count")], []])
def test_totals_count_what_is_permitted(database_url: str, params: list[tuple[str, str]]) -> None:
    async def work(house: House) -> None:
        await two_authors(house)
        page = await house.gate.search(CLINICIAN, "Observation", params)
        assert page.total == 2
        assert ids(page) == ([] if ("_summary", "count") in params else ["o1", "o4"])

    with_house(database_url, work)


def test_a_search_is_recorded_with_its_query_and_the_patients_released(database_url: str) -> None:
    async def work(house: House) -> None:
        await two_authors(house)
        await house.gate.search(CLINICIAN, "Observation", [("subject", "Patient/a"), ("_count", "9")])
        (entry,) = await house.entries()
        assert (entry.interaction, entry.outcome) == (Interaction.SEARCH_TYPE, Outcome.RELEASED)
        assert entry.query == "subject=Patient%2Fa&_count=9"
        assert (entry.patients, entry.types) == (("a",), {"Observation": 2})

    with_house(database_url, work)


def test_an_empty_search_and_a_denied_one_are_told_and_recorded_alike(database_url: str) -> None:
    async def work(house: House) -> None:
        await two_authors(house)
        pages = [await house.gate.search(CLINICIAN, "Observation", [("subject", f"Patient/{p}")]) for p in ("b", "z")]
        assert pages[0] == pages[1] == ReleasedPage(matches=(), total=0)
        assert [(e.outcome, e.patients) for e in await house.entries()] == [(Outcome.RELEASED, ())] * 2

    with_house(database_url, work)


def test_chains_and_has_look_into_permitted_resources_only(database_url: str) -> None:
    async def work(house: House) -> None:
        await two_authors(house)
        await house.save(observation("o5", author="F01", patient="b"))
        chained = await house.gate.search(CLINICIAN, "Observation", [("subject:Patient.name", "陆建国")])
        assert ids(chained) == []
        has = await house.gate.search(CLINICIAN, "Patient", [("_has:Observation:subject:code", "718-7")])
        assert ids(has) == []
        assert ids(await house.gate.search(STRANGER, "Patient", [("_has:Observation:subject:code", "718-7")])) == ["b"]

    with_house(database_url, work)


def test_includes_are_judged_one_by_one(database_url: str) -> None:
    async def work(house: House) -> None:
        await two_authors(house)
        await house.save(observation("o5", author="F01", patient="b"))
        page = await house.gate.search(CLINICIAN, "Observation", [("_include", "Observation:subject")])
        assert ids(page) == ["o1", "o4", "o5"]
        assert [released.id for released in page.included] == ["a"]
        back = await house.gate.search(CLINICIAN, "Patient", [("_revinclude", "Observation:subject")])
        assert (ids(back), sorted(released.id for released in back.included)) == (["a"], ["o1", "o4"])
        (entry, _) = await house.entries()
        assert entry.types == {"Patient": 1, "Observation": 2}

    with_house(database_url, work)


def test_scopes_hold_for_what_is_included(database_url: str) -> None:
    async def work(house: House) -> None:
        await two_authors(house)
        actor = replace(CLINICIAN, scopes=("user/Observation.rs",))
        page = await house.gate.search(actor, "Observation", [("_include", "Observation:subject")])
        assert (ids(page), page.included) == (["o1", "o4"], ())

    with_house(database_url, work)


@pytest.mark.parametrize(("rtype", "total"), [("Consent", 0), ("AuditEvent", None)])
def test_consents_and_audit_events_are_found_by_no_clinician(database_url: str, rtype: str, total: int | None) -> None:
    async def work(house: House) -> None:
        await house.save(write(rtype, "c", author="F01", patient="a"))
        page = await house.gate.search(CLINICIAN, rtype, [] if total is None else [("_total", "accurate")])
        assert page == ReleasedPage(matches=(), total=total)

    with_house(database_url, work)


@pytest.mark.parametrize(
    ("rtype", "params"),
    [
        (None, []),
        ("Patient", [("_revinclude", "Consent:patient")]),
        ("Provenance", [("_include", "Provenance:target")]),
    ],
)
def test_consents_are_not_reached_by_another_way(
    database_url: str, rtype: str | None, params: list[tuple[str, str]]
) -> None:
    async def work(house: House) -> None:
        await two_authors(house)
        await house.save(
            write("Consent", "c", author="F01", patient="a", status="active"),
            write("Provenance", "p", author="F01", patient="a", target=[{"reference": "Consent/c"}]),
        )
        page = await house.gate.search(CLINICIAN, rtype, params)
        assert page.matches
        assert "c" not in [released.id for released in (*page.matches, *page.included)]

    with_house(database_url, work)


@pytest.mark.parametrize(
    ("rtype", "name"),
    [
        ("Patient", "_has:Consent:patient:status"),
        ("Observation", "subject:Patient._has:Consent:patient:status"),
        ("Provenance", "target:Consent.status"),
    ],
)
def test_nobody_searches_through_consents(database_url: str, rtype: str, name: str) -> None:
    async def work(house: House) -> None:
        error = await refusal(house.gate.search(CLINICIAN, rtype, [(name, "active")]))
        assert (error.category, error.code) == (Category.FORBIDDEN, "record-restricted")

    with_house(database_url, work)


async def three_pages(house: House) -> list[ReleasedPage]:
    await house.save(*(observation(f"o{n}", author="F03" if n % 2 else "F01") for n in range(10)))
    pages = [await house.gate.search(CLINICIAN, "Observation", [("_count", "2")])]
    while (cursor := pages[-1].next) is not None:
        pages.append(await house.gate.search(CLINICIAN, "Observation", [("_count", "2"), (CURSOR, cursor)]))
    return pages


def test_pages_are_full_and_the_last_has_no_next(database_url: str) -> None:
    async def work(house: House) -> None:
        pages = await three_pages(house)
        assert [len(page.matches) for page in pages] == [2, 2, 1]
        assert sorted(i for page in pages for i in ids(page)) == ["o0", "o2", "o4", "o6", "o8"]

    with_house(database_url, work)


def test_a_page_token_is_good_for_its_owner_and_its_query_only(database_url: str) -> None:
    async def work(house: House) -> None:
        cursor = (await three_pages(house))[0].next
        assert cursor is not None
        changed = cursor[:-3] + ("A" if cursor[-3] != "A" else "B") + cursor[-2:]
        attempts: list[tuple[Any, str, list[tuple[str, str]]]] = [
            (STRANGER, "Observation", [("_count", "2"), (CURSOR, cursor)]),
            (replace(CLINICIAN, practitioner="lin"), "Observation", [("_count", "2"), (CURSOR, cursor)]),
            (CLINICIAN, "Observation", [("_count", "2"), ("code", "718-7"), (CURSOR, cursor)]),
            (CLINICIAN, "Condition", [("_count", "2"), (CURSOR, cursor)]),
            (CLINICIAN, "Observation", [("_count", "2"), (CURSOR, changed)]),
        ]
        for actor, rtype, params in attempts:
            error = await refusal(house.gate.search(actor, rtype, params))
            assert (error.category, error.code) == (Category.NOT_FOUND, "page")
        twice = [("_count", "2"), (CURSOR, cursor), (CURSOR, cursor)]
        assert (await refusal(house.gate.search(CLINICIAN, "Observation", twice))).category is Category.INVALID

    with_house(database_url, work)


def test_the_second_page_is_judged_when_it_is_released(database_url: str) -> None:
    async def work(house: House) -> None:
        first = (await three_pages(house))[0]
        shown = set(ids(first))
        hidden = next(rid for rid in ("o0", "o2", "o4", "o6", "o8") if rid not in shown)
        await house.save(observation(hidden, author="F03", status="amended"))
        rest = await house.gate.search(CLINICIAN, "Observation", [("_count", "2"), (CURSOR, str(first.next))])
        assert hidden not in ids(rest)
        assert (len(rest.matches), rest.next) == (2, None)

    with_house(database_url, work)


def test_an_unknown_parameter_is_refused_unless_lenient(database_url: str) -> None:
    async def work(house: House) -> None:
        await two_authors(house)
        params = [("colour", "red")]
        assert (await refusal(house.gate.search(CLINICIAN, "Observation", params))).category is Category.UNSUPPORTED
        assert (await house.gate.search(CLINICIAN, "Observation", params, lenient=True)).ignored == ("colour",)

    with_house(database_url, work)


def test_a_role_without_clinical_read_may_not_search_and_that_is_recorded(database_url: str) -> None:
    async def work(house: House) -> None:
        await two_authors(house)
        actor = replace(CLINICIAN, role="integration-engineer")
        error = await refusal(house.gate.search(actor, None, [("_total", "accurate")]))
        assert error.category is Category.FORBIDDEN
        (entry,) = await house.entries()
        assert (entry.interaction, entry.outcome, entry.reason) == (
            Interaction.SEARCH_SYSTEM,
            Outcome.REFUSED,
            "role-not-allowed",
        )

    with_house(database_url, work)


class Leaky(Store):
    """A store whose predicate is broken: it shows everything."""

    async def sought(self, tx: Tx, query: Query, visible: Visible, **options: Any) -> Sought:
        return await super().sought(tx, query, structs.replace(visible, everything=True), **options)


@pytest.mark.parametrize(
    "params", [[], [("_include", "Observation:subject"), ("_id", "o5")], [("_revinclude", "Provenance:target")]]
)
def test_a_broken_predicate_is_caught_at_release(database_url: str, params: list[tuple[str, str]]) -> None:
    async def work(house: House) -> None:
        await two_authors(house)
        await house.save(observation("o5", author="F01", patient="b"))
        error = await refusal(house.gate.search(CLINICIAN, "Observation", params))
        assert error.category is Category.FAULT
        (entry,) = await house.entries()
        assert (entry.outcome, entry.reason, entry.patients) == (Outcome.INCIDENT, "no-care-relationship", ())
        assert '"event": "release-check-failed"' in house.logged
        assert '"level": "ERROR"' in house.logged

    with_house(database_url, work, store=Leaky)


def test_a_search_releases_nothing_when_the_trail_cannot_be_written(database_url: str) -> None:
    async def work(house: House) -> None:
        await two_authors(house)
        async with house.database.connection() as tx:
            await tx.execute("ALTER TABLE audit ADD CHECK (false) NOT VALID")
        error = await refusal(house.gate.search(CLINICIAN, "Observation", []))
        assert error.category is Category.UNAVAILABLE
        assert await house.entries() == []

    with_house(database_url, work)


def test_a_search_waits_for_its_audit_row(database_url: str) -> None:
    async def work(house: House) -> None:
        await two_authors(house)
        async with house.database.transaction() as tx:
            await tx.execute("LOCK TABLE audit IN SHARE MODE")
            searching = asyncio.create_task(house.gate.search(CLINICIAN, "Observation", []))
            await asyncio.sleep(0.3)
            assert not searching.done()
        assert ids(await searching) == ["o1", "o4"]

    with_house(database_url, work)


def test_no_name_searched_for_reaches_the_log(database_url: str) -> None:
    async def work(house: House) -> None:
        await two_authors(house)
        await house.gate.search(CLINICIAN, "Patient", [("name", "沈桂兰")])
        await refusal(house.gate.search(CLINICIAN, "Patient", [("name:nonsense", "沈桂兰")]))
        async with house.database.connection() as tx:
            await tx.execute("ALTER TABLE audit ADD CHECK (false) NOT VALID")
        error = await refusal(house.gate.search(CLINICIAN, "Patient", [("name", "沈桂兰")]))
        for text in ("沈桂兰", "\\u6c88", "%E6%B2%88"):
            assert text not in house.logged
            assert text not in str(error)

    with_house(database_url, work)
