"""Searches over all patients: whom they concern, what they cost, and that what is hidden has no influence on them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

import pytest
from msgspec import structs
from msgspec.structs import replace

from hub.audit.entry import Outcome
from hub.gate.released import ReleasedPage
from hub.kernel.errors import Category
from hub.store.search import Sought
from hub.store.store import Store
from hub.store.values import Write
from tests.consent import cases
from tests.gate.house import CLINICIAN, CLOCK, House, observation, refusal, with_house, write

HIV: Final = f"{cases.ACT_CODE}|HIV"


def ids(page: ReleasedPage) -> list[str]:
    return sorted(released.id for released in page.matches)


def labelled(written: Write, *labels: str) -> Write:
    return replace(written, facts=structs.replace(written.facts, labels=labels))


async def clinic(house: House) -> None:
    """Patients a to d of the laboratory; a to c are in the care of the hospital, d names it in a consent."""
    for patient in "abcd":
        await house.save(
            write("Patient", patient, author="F03", birthDate="1970-03-01"),
            observation(f"o{patient}", author="F03", patient=patient, valueQuantity={"value": 50, "unit": "copies"}),
        )
    for patient in "abc":
        await house.relate(patient, "F01")


def test_each_patient_is_seen_as_far_as_her_own_consents_go(database_url: str) -> None:
    async def work(house: House) -> None:
        await clinic(house)
        assert ids(await house.gate.search(CLINICIAN, "Observation", [])) == ["oa", "ob", "oc"]
        await house.consent("b", cases.provision("deny"), "cb")
        await house.consent("c", cases.provision("deny", **{"class": cases.class_("Condition")}), "cc")
        await house.consent("d", cases.provision("permit", actor=cases.actor("Organization/ALLIANCE")), "cd")
        page = await house.gate.search(CLINICIAN, "Observation", [("_total", "accurate")])
        assert (ids(page), page.total) == (["oa", "oc", "od"], 3)
        entry = (await house.entries())[0]
        assert entry.grounds == ("consent-permit", "default-permit")
        assert entry.consents == ("Consent/cc/_history/1", "Consent/cd/_history/1")

    with_house(database_url, work)


def test_a_search_that_concerns_too_many_is_refused_and_recorded_unless_it_names_a_patient(database_url: str) -> None:
    async def work(house: House) -> None:
        await clinic(house)
        for patient in "abc":
            await house.consent(patient, cases.provision("permit"), f"c{patient}")
        error = await refusal(house.gate.search(CLINICIAN, "Observation", []))
        assert (error.category, error.code, error.todo) == (Category.TOO_LARGE, "too-costly", "narrow by patient")
        entry = (await house.entries())[0]
        assert (entry.outcome, entry.reason) == (Outcome.REFUSED, "too-costly")
        assert ids(await house.gate.search(CLINICIAN, "Observation", [("patient", "c")])) == ["oc"]
        assert ids(await house.gate.search(CLINICIAN, "Practitioner", [])) == []
        await house.consent("a", None, "ca")
        async with house.database.transaction() as tx:
            await tx.execute("DELETE FROM consent_rule WHERE id = 'ca'")
        assert ids(await house.gate.search(CLINICIAN, "Observation", [])) == ["oa", "ob", "oc"]

    with_house(database_url, work, panel_limit=2)


@pytest.mark.parametrize("bound", [0, 40, 49, 50, 51, 60, 100])
def test_bisection_of_a_hidden_value_by_has_chains_and_order_tells_nothing(database_url: str, bound: int) -> None:
    async def work(house: House) -> None:
        await clinic(house)
        hidden = observation("load", author="F03", patient="c", valueQuantity={"value": 50, "unit": "copies"})
        await house.save(labelled(hidden, HIV), labelled(observation("oc", author="F03", patient="c"), HIV))
        gate = house.gate
        found = await gate.search(CLINICIAN, "Patient", [("_has:Observation:patient:value-quantity", f"gt{bound}")])
        assert ids(found) == (["a", "b"] if bound < 50 else [])
        page = await gate.search(CLINICIAN, "Observation", [("value-quantity", f"gt{bound}"), ("_total", "accurate")])
        assert (ids(page), page.total) == ((["oa", "ob"], 2) if bound < 50 else ([], 0))
        for params in ([("_sort", "date"), ("_count", "2")], [("_security", HIV)]):
            page = await gate.search(CLINICIAN, "Observation", params)
            assert set(ids(page)) <= {"oa", "ob"}
            assert page.next is None

    with_house(database_url, work)


def test_what_is_included_is_judged_by_the_consents_of_its_own_patient(database_url: str) -> None:
    async def work(house: House) -> None:
        await clinic(house)
        await house.consent("b", cases.provision("deny"), "cb")
        for patient, target in (("a", "ob"), ("c", "oa")):
            linked = observation(
                f"o{patient}", author="F03", patient=patient, focus=[{"reference": f"Observation/{target}"}]
            )
            await house.save(linked)
        page = await house.gate.search(CLINICIAN, "Observation", [("_include", "Observation:focus"), ("_id", "oa,oc")])
        assert (ids(page), [one.id for one in page.included]) == (["oa", "oc"], [])
        back = await house.gate.search(CLINICIAN, "Patient", [("_revinclude", "Observation:patient")])
        assert (ids(back), sorted(one.id for one in back.included)) == (["a", "c"], ["oa", "oc"])

    with_house(database_url, work)


def test_a_patient_by_her_person_shows_all_sources_each_as_far_as_permitted(database_url: str) -> None:
    async def work(house: House) -> None:
        await clinic(house)
        await house.link("person", "a", "d")
        for params in ([("patient", "person")], [("patient:mdm", "a")]):
            assert ids(await house.gate.search(CLINICIAN, "Observation", params)) == ["oa", "od"]
        assert ids(await house.gate.search(CLINICIAN, "Observation", [("patient", "a")])) == ["oa"]
        await house.consent("d", cases.provision("deny"), "cd")
        for params in ([], [("patient", "person")], [("patient", "a")]):
            assert not {"oa", "od"} & set(ids(await house.gate.search(CLINICIAN, "Observation", params)))

    with_house(database_url, work)


def test_the_golden_record_is_made_of_the_sources_somebody_may_see(database_url: str) -> None:
    async def work(house: House) -> None:
        await clinic(house)
        ours = write("Patient", "e", author="F01", birthDate="1970-03-01", gender="female")
        await house.save(ours)
        await house.link("person", "d", "e")
        golden = await house.gate.read(CLINICIAN, "Patient", "person")
        assert b'"Patient/e"' in golden.body
        assert b'"Patient/d"' not in golden.body
        assert (await house.entries())[0].patients == ("e",)
        await house.relate("d", "F01")
        golden = await house.gate.read(CLINICIAN, "Patient", "person")
        assert b'"Patient/d"' in golden.body
        assert (golden.type, golden.id) == ("Patient", "person")

    with_house(database_url, work)


class Meanwhile(Store):
    """Something happens once, just before the rows of a search are read."""

    happens: Callable[[], Awaitable[None]] | None = None

    async def sought(self, *args: Any, **named: Any) -> Sought:
        happens, self.happens = self.happens, None
        if happens is not None:
            await happens()
        return await super().sought(*args, **named)


def test_who_comes_under_care_between_the_looks_of_a_search_is_still_judged_by_her_own_consents(
    database_url: str,
) -> None:
    async def work(house: House) -> None:
        await clinic(house)
        await house.consent("d", cases.provision("deny"), "cd")
        assert isinstance(house.store, Meanwhile)
        house.store.happens = lambda: house.relate("d", "F01")
        assert ids(await house.gate.search(CLINICIAN, "Observation", [])) == ["oa", "ob", "oc"]
        assert house.store.happens is None
        assert "release-check-failed" not in house.logged

    with_house(database_url, work, store=lambda: Meanwhile(CLOCK))
