"""History of a type and of the system through the gate.

R4 http.html#history: versions sorted with the newest first; deletions without a resource; `_since`, "created at or
after the given instant"; `_at`, "current at some point during the time period"; `_count`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from hub.audit.entry import Interaction, Outcome
from hub.auth.roles import ROLES
from hub.gate.pages import CURSOR
from hub.gate.released import ReleasedPage
from hub.gate.spans import read_span
from hub.kernel.clock import fixed_clock
from hub.kernel.errors import Category, HubError
from hub.store.store import Store
from hub.store.values import Write
from tests.auth.consortium import NOW
from tests.consent import cases
from tests.gate import world as worlds_
from tests.gate.house import CLINICIAN, STRANGER, House, deletion, observation, refusal, with_house, write
from tests.gate.world import World, directory, worlds

HIV: Final = f"{cases.ACT_CODE}|HIV"


class Moving:
    """A clock that moves a minute with each look."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now


def in_time(url: str, work: Callable[[House], Any]) -> None:
    """A house whose versions are a minute apart."""
    with_house(url, work, store=lambda: Store(Moving()))


def labelled(written: Write, *labels: str) -> Write:
    return structs.replace(written, facts=structs.replace(written.facts, labels=labels))


def told(page: ReleasedPage) -> list[tuple[str, int]]:
    return [(one.id, one.version) for one in page.matches]


async def all_pages(house: House, rtype: str | None, count: int) -> list[ReleasedPage]:
    pages: list[ReleasedPage] = []
    cursor: str | None = ""
    while cursor is not None:
        params = [("_count", str(count)), *([(CURSOR, cursor)] if cursor else [])]
        pages.append(await house.gate.histories(CLINICIAN, rtype, params))
        cursor = pages[-1].next
    return pages


def test_versions_of_a_type_stand_newest_first_with_deletions(database_url: str) -> None:
    async def work(house: House) -> None:
        first, second = observation("o"), observation("p")
        await house.save(first, second, observation("o", status="amended"), deletion(second))
        await house.save(write("Patient", "a"))
        page = await house.gate.histories(CLINICIAN, "Observation", [])
        assert told(page) == [("p", 2), ("o", 2), ("p", 1), ("o", 1)]
        assert [one.deleted for one in page.matches] == [True, False, False, False]
        assert page.matches[0].body == b""
        assert page.total == 4
        everything = await house.gate.histories(CLINICIAN, None, [])
        assert told(everything) == [("a", 1), *told(page)]

    in_time(database_url, work)


def test_versions_of_one_moment_stand_in_the_order_they_were_made(database_url: str) -> None:
    async def work(house: House) -> None:
        async with house.database.transaction() as tx:
            made = [observation("o", note=[{"text": str(number)}]) for number in range(4)]
            await house.store.save(tx, made)
        assert [version for _, version in told(await house.gate.histories(CLINICIAN, None, []))] == [4, 3, 2, 1]
        pages = await all_pages(house, "Observation", 1)
        assert [told(page) for page in pages] == [[("o", 4)], [("o", 3)], [("o", 2)], [("o", 1)]]

    with_house(database_url, work)


@pytest.mark.parametrize("rtype", ["Observation", None])
def test_what_was_denied_then_or_is_denied_now_leaves_no_gap(database_url: str, rtype: str | None) -> None:
    async def work(house: House) -> None:
        await house.save(write("Patient", "a", author="F03"))
        await house.relate("a", "F01")
        for number in range(4):
            await house.save(
                observation(f"plain{number}", author="F03"),
                labelled(observation(f"once{number}", author="F03"), HIV),
                observation(f"once{number}", author="F03", note=[{"text": "no label"}]),
                observation(f"now{number}", author="F03"),
                labelled(observation(f"now{number}", author="F03"), HIV),
            )
        pages = await all_pages(house, rtype, 3)
        found = [one for page in pages for one in told(page) if one[0] != "a"]
        expected = [one for n in (3, 2, 1, 0) for one in ((f"once{n}", 2), (f"plain{n}", 1))]
        assert found == expected
        assert all(len(page.matches) == 3 for page in pages[:-1])
        assert pages[-1].matches

    in_time(database_url, work)


@pytest.mark.parametrize("then", ["1-1", "718-7"])
def test_a_consent_about_a_code_holds_for_superseded_versions_as_well(database_url: str, then: str) -> None:
    """What the predicate looks at is kept with a superseded version."""

    async def work(house: House) -> None:
        await house.save(write("Patient", "a", author="F03", birthDate="1970-03-01"))
        await house.relate("a", "F01")
        await house.save(observation("o", author="F03", code=then), observation("o", author="F03", code="2-2"))
        refusal_of_a_code = cases.provision("deny", code=cases.code("718-7"))
        await house.consent("a", cases.provision("permit", refusal_of_a_code))
        found = told(await house.gate.histories(CLINICIAN, "Observation", []))
        assert found == ([("o", 2)] if then == "718-7" else [("o", 2), ("o", 1)])
        assert "release-check-failed" not in house.logged

    in_time(database_url, work)


def test_unchanged_versions_are_seen_once_while_others_are_written(database_url: str) -> None:
    async def work(house: House) -> None:
        for number in range(12):
            await house.save(observation(f"o{number}"))
        await house.save(observation("o3", status="amended"))
        standing = {("o3", 2), *((f"o{number}", 1) for number in range(12))}
        seen: list[tuple[str, int]] = []
        cursor: str | None = ""
        rounds = 0
        while cursor is not None:
            params = [("_count", "2"), *([(CURSOR, cursor)] if cursor else [])]
            page = await house.gate.histories(CLINICIAN, "Observation", params)
            seen += told(page)
            cursor = page.next
            # One that is still to come is superseded: it moves to the other table and keeps its place.
            await house.save(observation(f"o{rounds}", note=[{"text": "again"}]), observation(f"new{rounds}"))
            rounds += 1
        assert sorted(seen) == sorted(standing)

    in_time(database_url, work)


def test_a_version_that_is_committed_late_is_on_no_later_page(database_url: str) -> None:
    """The horizon is the snapshot of the first page, however old the version says it is."""

    async def work(house: House) -> None:
        await house.save(observation("first"))
        async with house.database.transaction() as slow:
            await house.store.save(slow, [observation("slow")])
            await house.save(observation("last"))
            page = await house.gate.histories(CLINICIAN, "Observation", [("_count", "1")])
        assert told(page) == [("last", 1)]
        rest = await house.gate.histories(CLINICIAN, "Observation", [("_count", "1"), (CURSOR, page.next or "")])
        assert told(rest) == [("first", 1)]

    in_time(database_url, work)


def test_a_late_commit_is_in_the_next_history_asked_for_from_the_instant_of_the_last(database_url: str) -> None:
    """Its version is older than the first answer, which did not have it."""

    async def work(house: House) -> None:
        await house.save(observation("early"))
        async with house.database.transaction() as slow:
            await house.store.save(slow, [observation("slow")])
            first = await house.gate.histories(CLINICIAN, "Observation", [])
        assert told(first) == [("early", 1)]
        assert first.as_of is not None
        later = await house.gate.histories(CLINICIAN, "Observation", [("_since", first.as_of.isoformat())])
        assert ("slow", 1) in told(later)

    with_house(database_url, work, store=Store, clock=lambda: datetime.now(NOW.tzinfo))


def test_all_pages_tell_the_instant_of_the_first(database_url: str) -> None:
    async def work(house: House) -> None:
        for number in range(5):
            await house.save(observation(f"o{number}"))
        instants = {page.as_of for page in await all_pages(house, "Observation", 2)}
        assert len(instants) == 1

    with_house(database_url, work, clock=Moving())


async def three_versions(house: House, **elements: Any) -> list[datetime]:
    """Versions of `o` a minute apart; when each was made."""
    for number in range(3):
        await house.save(observation("o", note=[{"text": str(number)}], **elements))
    async with house.database.connection() as tx:
        return [one.updated for one in reversed(await house.store.versions(tx, "Observation", "o"))]


@pytest.mark.parametrize("way", ["type", "instance"])
@pytest.mark.parametrize(
    ("name", "of", "expected"),
    [
        ("_since", 1, [3, 2]),
        ("_since", 2, [3]),
        ("_at", 0, [1]),
        ("_at", 1, [2]),
        ("_at", 2, [3]),
    ],
)
def test_a_history_is_narrowed_by_time(database_url: str, way: str, name: str, of: int, expected: list[int]) -> None:
    async def work(house: House) -> None:
        made = await three_versions(house)
        # A moment of a minute in which the version of that place is the one that stands.
        when = made[of] if name == "_since" else made[of] + timedelta(seconds=30)
        found = await narrowed(house, way, [(name, when.isoformat())])
        assert found == expected

    in_time(database_url, work)


async def listed(house: House, rtype: str | None, name: str, **how: Any) -> list[tuple[str, int]]:
    page = await house.gate.histories(replace(CLINICIAN, **how), rtype, [("_list", name)])
    return [(one.id, one.version) for one in page.matches]


def test_a_history_is_narrowed_to_what_is_listed(database_url: str) -> None:
    """R4 http.html#history, `_list`: functional lists are allowed, too."""
    entry = [{"item": {"reference": "Observation/o"}}, {"item": {"reference": "Observation/x"}, "deleted": True}]

    async def work(house: House) -> None:
        await three_versions(house)
        await house.save(observation("x"), observation("y"), write("Organization", "F01"))
        await house.save(write("List", "k", patient="p1", status="current", mode="working", entry=entry))
        await house.save(write("Condition", "c", patient="p1", subject={"reference": "Patient/p1"}))
        assert await listed(house, "Observation", "k") == [("o", 3), ("o", 2), ("o", 1)]
        assert await listed(house, None, "List/k") == [("o", 3), ("o", 2), ("o", 1)]
        assert await listed(house, "Condition", "k") == await listed(house, "Organization", "k") == []
        assert await listed(house, None, "$current-problems") == [("c", 1)]
        assert await listed(house, None, "none") == []
        await house.save(deletion(observation("o")))
        assert (await listed(house, "Observation", "k"))[0] == ("o", 4)

    in_time(database_url, work)


def test_what_is_about_nobody_is_listed_by_a_patients_list_that_may_be_seen(database_url: str) -> None:
    entry = [{"item": {"reference": "Organization/F01"}}]

    async def work(house: House) -> None:
        await house.save(write("Patient", "a", author="F03"), write("Organization", "F01"))
        await house.save(write("List", "k", author="F03", patient="a", status="current", mode="working", entry=entry))
        assert await listed(house, "Organization", "k") == []
        await house.relate("a", "F01")
        assert await listed(house, "Organization", "k") == [("F01", 1)]

    in_time(database_url, work)


def test_a_list_in_a_history_lies_under_the_scopes_and_is_seen_by_whom_it_may_be(database_url: str) -> None:
    async def work(house: House) -> None:
        await three_versions(house)
        entry = [{"item": {"reference": "Observation/o"}}]
        await house.save(write("List", "k", author="F03", patient="p1", status="current", mode="working", entry=entry))
        assert await listed(house, "Observation", "k") == []
        with pytest.raises(HubError) as refused:
            await listed(house, "Observation", "k", scopes=("user/Observation.rs",))
        assert refused.value.code == "scope-not-allowed"

    in_time(database_url, work)


async def narrowed(house: House, way: str, params: list[tuple[str, str]]) -> list[int]:
    if way == "type":
        page = await house.gate.histories(CLINICIAN, "Observation", params)
    else:
        span = read_span(params, now=NOW, lenient=False).span
        page = await house.gate.history(CLINICIAN, "Observation", "o", span=span)
    return [one.version for one in page.matches]


@pytest.mark.parametrize("way", ["type", "instance"])
def test_at_a_whole_day_means_all_that_stood_on_it(database_url: str, way: str) -> None:
    async def work(house: House) -> None:
        made = await three_versions(house)
        assert await narrowed(house, way, [("_at", made[0].date().isoformat())]) == [3, 2, 1]
        assert await narrowed(house, way, [("_at", (made[0] - timedelta(days=2)).date().isoformat())]) == []

    in_time(database_url, work)


@pytest.mark.parametrize("way", ["type", "instance"])
def test_a_hidden_version_does_not_tell_when_it_took_the_place_of_the_one_before(database_url: str, way: str) -> None:
    async def work(house: House) -> None:
        await house.save(write("Patient", "a", author="F03"))
        await house.relate("a", "F01")
        await house.save(observation("o", author="F03"))
        await house.save(labelled(observation("o", author="F03", status="amended"), HIV))
        await house.save(observation("o", author="F03"))
        async with house.database.connection() as tx:
            hidden = (await house.store.versions(tx, "Observation", "o"))[1].updated
        when = (hidden + timedelta(seconds=30)).isoformat()
        assert await narrowed(house, way, [("_at", when)]) == [1]

    in_time(database_url, work)


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ([("_since", "yesterday")], "search-value"),
        ([("_at", "x")], "search-value"),
        ([("_count", "0")], "search-value"),
        ([("_since", "2026"), ("_since", "2025")], "search-value"),
        ([("_list", "Patient/a")], "search-value"),
        ([("_list", "$worklist")], "search-value"),
        ([("_list", "a"), ("_list", "b")], "search-value"),
        ([("code", "x")], "unknown-parameter"),
    ],
)
def test_what_cannot_be_asked_is_refused(database_url: str, params: list[tuple[str, str]], code: str) -> None:
    async def work(house: House) -> None:
        assert (await refusal(house.gate.histories(CLINICIAN, "Observation", params))).code == code

    with_house(database_url, work)


def test_a_page_is_for_one_requester_one_type_and_one_span(database_url: str) -> None:
    async def work(house: House) -> None:
        for number in range(3):
            await house.save(observation(f"o{number}"))
        cursor = (await house.gate.histories(CLINICIAN, "Observation", [("_count", "1")])).next
        assert cursor
        for actor, rtype, params in (
            (STRANGER, "Observation", [("_count", "1")]),
            (CLINICIAN, "Patient", [("_count", "1")]),
            (CLINICIAN, None, [("_count", "1")]),
            (CLINICIAN, "Observation", [("_count", "1"), ("_since", "2020")]),
        ):
            error = await refusal(house.gate.histories(actor, rtype, [*params, (CURSOR, cursor)]))
            assert (error.category, error.code) == (Category.NOT_FOUND, "page")

    with_house(database_url, work)


@pytest.mark.parametrize(
    ("rtype", "interaction"), [("Observation", Interaction.HISTORY_TYPE), (None, Interaction.HISTORY_SYSTEM)]
)
def test_it_is_recorded_with_its_parameters_and_whose_versions_left(
    database_url: str, rtype: str | None, interaction: Interaction
) -> None:
    async def work(house: House) -> None:
        await house.save(observation("o", patient="a"), observation("p", patient="b"), observation("o", status="x"))
        await house.gate.histories(CLINICIAN, rtype, [("_count", "2")])
        (entry,) = await house.entries()
        assert (entry.interaction, entry.outcome, entry.query) == (interaction, Outcome.RELEASED, "_count=2")
        assert (set(entry.patients), entry.types) == ({"a", "b"}, {"Observation": 2})

    in_time(database_url, work)


@pytest.mark.parametrize("role", [name for name, role in ROLES.items() if not role.personal and name != "clinician"])
def test_other_roles_are_forbidden_or_see_what_they_may(database_url: str, role: str) -> None:
    async def work(house: House) -> None:
        await house.save(observation("o"))
        actor = replace(CLINICIAN, role=role)
        if role == "family-doctor":
            assert told(await house.gate.histories(actor, "Observation", [])) == []
        else:
            assert (await refusal(house.gate.histories(actor, "Observation", []))).category is Category.FORBIDDEN

    with_house(database_url, work)


def test_the_history_of_a_type_needs_the_right_to_search_it(database_url: str) -> None:
    """SMART App Launch 2.2: `s` is search, type history and system history; `r` is read and instance history."""

    async def work(house: House) -> None:
        await house.save(observation("o"))
        reader = replace(CLINICIAN, scopes=("user/Observation.r",))
        assert (await refusal(house.gate.histories(reader, "Observation", []))).code == "scope-not-allowed"
        assert told(await house.gate.history(reader, "Observation", "o")) == [("o", 1)]
        searcher = replace(CLINICIAN, scopes=("user/Observation.s",))
        assert told(await house.gate.histories(searcher, "Observation", [])) == [("o", 1)]
        assert (await refusal(house.gate.histories(searcher, None, []))).code == "scope-not-allowed"

    with_house(database_url, work)


def test_consents_and_audit_events_are_in_no_clinical_history(database_url: str) -> None:
    async def work(house: House) -> None:
        await house.save(write("Consent", "c", patient="a"), observation("o"))
        assert told(await house.gate.histories(CLINICIAN, "Consent", [])) == []
        assert told(await house.gate.histories(CLINICIAN, None, [])) == [("o", 1)]
        assert (await refusal(house.gate.histories(CLINICIAN, "AuditEvent", []))).category is Category.NOT_FOUND

    with_house(database_url, work)


def test_break_glass_is_about_one_patient_and_a_panel_that_is_too_large_is_refused(database_url: str) -> None:
    async def work(house: House) -> None:
        await house.save(*(write("Patient", patient, author="F03") for patient in "ab"))
        for patient in "ab":
            await house.relate(patient, "F01")
            await house.consent(patient, cases.provision("permit"), f"c{patient}")
        assert (await refusal(house.gate.histories(CLINICIAN, "Patient", []))).code == "too-costly"
        broken = replace(CLINICIAN, purpose=("ETREAT",), break_glass="昏迷", issued=NOW)
        assert (await refusal(house.gate.histories(broken, "Patient", []))).code == "break-glass-one-patient"
        assert [entry.reason for entry in await house.entries()] == ["break-glass-one-patient", "too-costly"]

    with_house(database_url, work, panel_limit=1)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(world=worlds(), data=st.data())
def test_what_leaves_is_permitted_then_and_now(database_url: str, world: World, data: st.DataObject) -> None:
    """Each row of a generated world gets a second version with other labels, author, code and references."""
    later = [replace(data.draw(worlds_.rows(row.type, row.id)), patient=row.patient) for row in world.rows]
    now = replace(world, rows=tuple(later))

    async def work(house: House) -> None:
        await world.furnish(house)
        await house.save(*(row.write() for row in later))
        confined = now.sources(now.actor.patient) if now.actor.patient else worlds_.PATIENTS
        expected = set()
        async with house.database.connection() as tx:
            for before, after in zip(world.rows, later, strict=True):
                versions = len(await house.store.versions(tx, before.type, before.id))
                if after.patient in confined and now.permitted(after):
                    expected.add((before.type, before.id, versions))
                    if versions == 2 and now.permitted(before):
                        expected.add((before.type, before.id, 1))
        assert await seen(house, now, None) == expected
        assert await seen(house, now, "Observation") == {one for one in expected if one[0] == "Observation"}
        assert "release-check-failed" not in house.logged

    if now.actor.break_glass is None:
        with_house(database_url, work, clock=fixed_clock(worlds_.NOW), directory=directory(now.policy))


async def seen(house: House, world: World, rtype: str | None) -> set[tuple[str, str, int]]:
    try:
        page = await house.gate.histories(world.actor, rtype, [])
    except HubError as error:
        assert error.category is Category.FORBIDDEN
        return set()
    return {(one.type, one.id, one.version) for one in page.matches if one.type != "Patient"}
