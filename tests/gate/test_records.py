"""A patient's record through the gate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from msgspec import structs

from consent.tables import RECORD_TYPES
from hub.audit.entry import Interaction, Outcome
from hub.auth.actor import Actor
from hub.db.database import Tx
from hub.gate.pages import CURSOR
from hub.gate.released import ReleasedPage
from hub.kernel.errors import Category
from hub.store.store import Store
from hub.store.values import Found, Portion, Visible
from tests.auth.consortium import NOW
from tests.consent import cases
from tests.gate.house import (
    CLINICIAN,
    STRANGER,
    House,
    absent,
    deletion,
    observation,
    refusal,
    with_house,
    write,
)

Params = list[tuple[str, str]]


def ids(page: ReleasedPage) -> list[str]:
    return [released.id for released in (*page.matches, *page.included)]


async def all_pages(house: House, actor: Actor, rid: str, params: Sequence[tuple[str, str]]) -> list[ReleasedPage]:
    pages = [await house.gate.everything(actor, rid, params)]
    while (cursor := pages[-1].next) is not None:
        pages.append(await house.gate.everything(actor, rid, [*params, (CURSOR, cursor)]))
    return pages


def performed_by(*names: str) -> dict[str, Any]:
    return {"performer": [{"reference": name} for name in names]}


async def shared_record(house: House) -> None:
    """Patient a is known to F01 and to F03, each of which holds Observations of its own; b is known to F03 alone."""
    await house.save(
        write("Practitioner", "fang", author="F01"),
        write("Practitioner", "hong", author="F03"),
        write("Practitioner", "unnamed", author="F01"),
        write("Organization", "ward", author="F01"),
        write("Patient", "a", author="F01", name=[{"text": "沈桂兰"}]),
        write("Patient", "b", author="F03", name=[{"text": "陆建国"}]),
        observation("o1", author="F01", **performed_by("Practitioner/fang", "Organization/ward", "Patient/b")),
        observation("o2", author="F03", **performed_by("Practitioner/hong")),
        observation("o3", author="F03", patient="b"),
        observation("o4", author="F01-ICU", **performed_by("Practitioner/fang")),
        write("Consent", "c1", author="F01", patient="a"),
    )


def test_a_record_is_the_patient_then_what_is_permitted_then_what_that_refers_to(database_url: str) -> None:
    async def work(house: House) -> None:
        await shared_record(house)
        page = await house.gate.everything(CLINICIAN, "a", [])
        assert page.matches[0].id == "a"
        assert sorted(ids(page)) == ["a", "fang", "o1", "o4", "ward"]
        assert {released.id for released in page.included} == {"fang", "ward"}
        assert (page.total, page.next) == (3, None)

    with_house(database_url, work)


def test_resources_of_another_organisation_and_what_only_they_refer_to_never_appear(database_url: str) -> None:
    async def work(house: House) -> None:
        await shared_record(house)
        page = await house.gate.everything(STRANGER, "a", [])
        assert ids(page) == ["o2", "hong"]
        assert page.total == 1

    with_house(database_url, work)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_pages_of_any_size_hold_each_resource_once(database_url: str, count: int) -> None:
    async def work(house: House) -> None:
        await shared_record(house)
        pages = await all_pages(house, CLINICIAN, "a", [("_count", str(count))])
        assert all(0 < len(ids(page)) <= count for page in pages)
        found = [rid for page in pages for rid in ids(page)]
        assert found == ids(await house.gate.everything(CLINICIAN, "a", []))
        assert len(pages) == -(-len(found) // count)
        assert [entry.outcome for entry in await house.entries()] == [Outcome.RELEASED] * (len(pages) + 1)

    with_house(database_url, work)


def test_what_did_not_change_is_neither_missed_nor_repeated_while_others_write(database_url: str) -> None:
    async def work(house: House) -> None:
        values = [observation(f"o{n}", effectiveDateTime=f"2026-01-{n:02}") for n in range(1, 7)]
        await house.save(write("Patient", "a"), *values)
        first = await house.gate.everything(CLINICIAN, "a", [("_count", "3")])
        await house.save(observation("o1", effectiveDateTime="2026-03-01"), observation("o9"), deletion(values[5]))
        rest = await house.gate.everything(CLINICIAN, "a", [("_count", "3"), (CURSOR, first.next or "")])
        assert (ids(first), ids(rest), rest.next) == (["a", "o1", "o2"], ["o3", "o4", "o5"], None)

    with_house(database_url, work)


def test_what_was_given_to_another_organisation_is_on_no_later_page(database_url: str) -> None:
    async def work(house: House) -> None:
        await shared_record(house)
        first = await house.gate.everything(CLINICIAN, "a", [("_count", "1")])
        await house.save(observation("o1", author="F03"))
        rest = await house.gate.everything(CLINICIAN, "a", [("_count", "1"), (CURSOR, first.next or "")])
        assert (ids(first), ids(rest)) == (["a"], ["o4"])

    with_house(database_url, work)


@pytest.mark.parametrize(
    "thief", [STRANGER, replace(CLINICIAN, practitioner="lin"), replace(CLINICIAN, role="family-doctor")]
)
def test_a_page_of_somebody_else_of_another_patient_or_of_other_parameters_is_no_page(
    database_url: str, thief: Actor
) -> None:
    async def work(house: House) -> None:
        await shared_record(house)
        await house.save(write("Patient", "z", author="F01"))
        cursor = (CURSOR, (await house.gate.everything(CLINICIAN, "a", [("_count", "1")])).next or "")
        for asked in (
            house.gate.everything(thief, "a", [("_count", "1"), cursor]),
            house.gate.everything(CLINICIAN, "z", [("_count", "1"), cursor]),
            house.gate.everything(CLINICIAN, "a", [("_count", "2"), cursor]),
            house.gate.search(CLINICIAN, "Patient", [("_count", "1"), cursor]),
        ):
            assert (await refusal(asked)).code == "page"

    with_house(database_url, work)


def test_denied_absent_deleted_and_impossible_look_alike_and_are_told_apart_in_the_trail(database_url: str) -> None:
    async def work(house: House) -> None:
        await shared_record(house)
        await house.save(write("Patient", "gone", author="F01"))
        await house.save(deletion(write("Patient", "gone", author="F01")))
        for rid in ("b", "nobody", "gone", "no such id"):
            assert await absent(house.gate.everything(CLINICIAN, rid, []))
        outcomes = [entry.outcome for entry in await house.entries()]
        assert outcomes == [Outcome.ABSENT, Outcome.ABSENT, Outcome.REFUSED]

    with_house(database_url, work)


def test_who_has_a_relationship_and_may_see_nothing_is_told_whether_break_glass_is_possible_and_no_more(
    database_url: str,
) -> None:
    async def work(house: House) -> None:
        await house.save(write("Patient", "a", author="F03", birthDate="1970-03-01"))
        await house.relate("a", "F01")
        for purposes, said in ((["TREAT"], "possible"), (["TREAT", "ETREAT"], "not possible")):
            await house.consent("a", cases.provision("deny", purpose=cases.purpose(*purposes)))
            error = await refusal(house.gate.everything(CLINICIAN, "a", []))
            assert (error.category, error.code) == (Category.FORBIDDEN, f"break-glass-{said.replace(' ', '-')}")
            assert str(error) == f"URL: no part of this record may be released; break-glass is {said}"
            entry = (await house.entries())[0]
            assert (entry.outcome, entry.reason, entry.patients) == (Outcome.REFUSED, "nothing-permitted", ())
        assert await absent(house.gate.everything(replace(CLINICIAN, organization="F05"), "a", []))

    with_house(database_url, work)


def test_an_empty_part_of_a_permitted_record_is_an_answer(database_url: str) -> None:
    async def work(house: House) -> None:
        await shared_record(house)
        page = await house.gate.everything(CLINICIAN, "a", [("_type", "Condition")])
        assert page == ReleasedPage(matches=(), total=0)
        assert await absent(house.gate.everything(CLINICIAN, "b", [("_type", "Condition")]))

    with_house(database_url, work)


def test_consents_stay_out_also_when_asked_for(database_url: str) -> None:
    async def work(house: House) -> None:
        await shared_record(house)
        for rtype in RECORD_TYPES:
            assert ids(await house.gate.everything(CLINICIAN, "a", [("_type", rtype)])) == []

    with_house(database_url, work)


def test_the_record_is_recorded_with_its_parameters_and_what_was_released(database_url: str) -> None:
    async def work(house: House) -> None:
        await shared_record(house)
        await house.gate.everything(CLINICIAN, "a", [("_type", "Patient,Observation,Practitioner")])
        (entry,) = await house.entries()
        assert (entry.interaction, entry.outcome) == (Interaction.OPERATION, Outcome.RELEASED)
        assert (entry.resource_type, entry.resource_id) == ("Patient", "a")
        assert entry.query == "_type=Patient%2CObservation%2CPractitioner"
        assert (entry.patients, entry.types) == (("a",), {"Patient": 1, "Observation": 2, "Practitioner": 1})
        assert entry.grounds == ("author-organisation", "not-patient-data")

    with_house(database_url, work)


def test_the_ceiling_of_the_token_holds_for_every_resource(database_url: str) -> None:
    async def work(house: House) -> None:
        await shared_record(house)
        for scopes, found in (
            (("user/Patient.r",), ["a"]),
            (("user/Patient.r", "user/Observation.r"), ["a"]),
            (("user/Patient.r", "user/Observation.rs"), ["a", "o1", "o4"]),
            (("user/Patient.r", "user/Practitioner.r"), ["a"]),
            (("user/Patient.r", "user/Observation.rs", "user/Practitioner.r"), ["a", "o1", "o4", "fang"]),
        ):
            page = await house.gate.everything(replace(CLINICIAN, scopes=scopes), "a", [])
            assert sorted(ids(page)) == sorted(found)
        error = await refusal(house.gate.everything(replace(CLINICIAN, scopes=("user/Observation.rs",)), "a", []))
        assert error.category is Category.FORBIDDEN

    with_house(database_url, work)


@pytest.mark.parametrize("role", ["auditor", "feed", "integration-engineer"])
def test_roles_without_clinical_read_are_refused_whoever_it_is_about(database_url: str, role: str) -> None:
    async def work(house: House) -> None:
        await shared_record(house)
        errors = [await refusal(house.gate.everything(replace(CLINICIAN, role=role), rid, [])) for rid in ("a", "x")]
        assert {(error.category, error.code) for error in errors} == {(Category.FORBIDDEN, "role-not-allowed")}

    with_house(database_url, work)


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ([("_type", "Observation")], ["o1", "o2", "o3"]),
        ([("_type", "Observation"), ("start", "2026-02")], ["o2", "o3"]),
        ([("_type", "Observation"), ("start", "2026-02-02")], ["o3"]),
        ([("_type", "Observation"), ("end", "2026-02-01")], ["o1", "o2", "o3"]),
        ([("_type", "Observation"), ("end", "2026-01-31")], ["o1", "o3"]),
        ([("_type", "Observation"), ("start", "2026-01-02"), ("end", "2026-01-31")], ["o3"]),
        ([("_type", "Patient"), ("start", "2026-02-02")], ["a"]),
        ([("_type", "Observation,Patient")], ["a", "o1", "o2", "o3"]),
        ([("_type", "Observation"), ("_type", "Patient")], ["a", "o1", "o2", "o3"]),
        ([("_type", "Practitioner")], ["fang"]),
        ([("_type", "Practitioner"), ("end", "2025-12-31")], []),
        ([("_since", "2020-01-01T00:00:00Z")], ["a", "fang", "o1", "o2", "o3"]),
        ([("_since", (NOW + timedelta(days=1)).isoformat())], []),
    ],
)
def test_parameters_choose_what_is_in_the_answer(database_url: str, params: Params, found: list[str]) -> None:
    """o1 is of 1 January, o2 of 1 February (China), o3 of no known time."""

    async def work(house: House) -> None:
        dates = {"o1": NOW.replace(month=1, day=1), "o2": NOW.replace(month=2, day=1)}
        await house.save(write("Practitioner", "fang"), write("Patient", "a"))
        for rid in ("o1", "o2", "o3"):
            made = observation(rid, **(performed_by("Practitioner/fang") if rid == "o1" else {}))
            when = dates.get(rid)
            facts = structs.replace(made.facts, clinical_start=when, clinical_end=when and when + timedelta(seconds=1))
            await house.save(structs.replace(made, facts=facts))
        assert sorted(ids(await house.gate.everything(CLINICIAN, "a", params))) == found

    with_house(database_url, work)


@pytest.mark.parametrize(
    ("params", "where"),
    [
        ([("start", "yesterday")], "start"),
        ([("end", "2026-13")], "end"),
        ([("_since", "")], "_since"),
        ([("_count", "0")], "_count"),
        ([("_count", "-1")], "_count"),
        ([("_count", "二")], "_count"),
        ([("_type", "Patiens")], "_type"),
        ([("_type", "")], "_type"),
        ([("start", "2026"), ("start", "2027")], "start"),
    ],
)
def test_values_that_cannot_be_are_refused_by_the_name_of_their_parameter(
    database_url: str, params: Params, where: str
) -> None:
    async def work(house: House) -> None:
        error = await refusal(house.gate.everything(CLINICIAN, "a", params))
        assert (error.category, error.where) == (Category.INVALID, where)

    with_house(database_url, work)


def test_unknown_parameters_are_refused_or_left_out_by_name(database_url: str) -> None:
    async def work(house: House) -> None:
        await shared_record(house)
        error = await refusal(house.gate.everything(CLINICIAN, "a", [("code", "x"), ("_sort", "date")]))
        assert (error.category, error.what) == (Category.UNSUPPORTED, "unknown parameters: _sort, code")
        page = await house.gate.everything(CLINICIAN, "a", [("code", "x"), ("_type", "Patient")], lenient=True)
        assert (ids(page), page.ignored) == (["a"], ("code",))

    with_house(database_url, work)


class LeakyStore(Store):
    """A store whose predicate has a hole."""

    async def everything(
        self, tx: Tx, portion: Portion, visible: Visible, *, count: int, after: bytes | None = None
    ) -> Found:
        hole = structs.replace(visible, everything=True)
        return await super().everything(tx, portion, hole, count=count, after=after)


def test_the_check_at_release_stops_what_the_predicate_let_through(database_url: str) -> None:
    async def work(house: House) -> None:
        await shared_record(house)
        error = await refusal(house.gate.everything(CLINICIAN, "a", []))
        assert error.category is Category.FAULT
        (entry,) = await house.entries()
        assert (entry.outcome, entry.patients) == (Outcome.INCIDENT, ())
        assert "release-check-failed" in house.logged

    with_house(database_url, work, store=LeakyStore)
