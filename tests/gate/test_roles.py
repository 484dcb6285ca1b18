"""Every role that reads records, at the gate: patients, proxies, family doctors, clinicians, confined tokens."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest
from msgspec import structs

from hub.audit.entry import Outcome
from hub.auth.actor import Actor
from hub.gate.released import ReleasedPage
from hub.kernel.errors import Category
from hub.store.values import Write
from tests.auth.consortium import NOW
from tests.consent import cases
from tests.gate.house import CLINICIAN, STRANGER, House, absent, observation, refusal, with_house, write

HERSELF: Final = Actor(
    role="patient", patient="a", purpose=("PATRQT",), client="pages", token_id="t3", expires=NOW + timedelta(hours=1)
)
PROXY: Final = replace(HERSELF, role="proxy", practitioner="RelatedPerson/ma", purpose=("FAMRQT",))
DOCTOR: Final = replace(CLINICIAN, role="family-doctor", organization="F05", practitioner="gao", purpose=("CAREMGT",))
ACT_CODE: Final = cases.ACT_CODE


def ids(page: ReleasedPage) -> list[str]:
    return sorted(released.id for released in (*page.matches, *page.included))


def person(birth: str = "1970-03-01") -> list[Write]:
    """Patient a, with a value, one withheld from her, one about violence, and a consent; and somebody else's value."""
    return [
        write("Patient", "a", author="F03", birthDate=birth),
        observation("o", author="F03", patient="a"),
        replace_labels(observation("nopat", author="F03", patient="a"), "NOPAT"),
        replace_labels(observation("sdv", author="F03", patient="a"), "SDV"),
        write("Consent", "c", author="F01", patient="a"),
        observation("other", author="F03", patient="b"),
    ]


def replace_labels(written: Write, *codes: str) -> Write:
    return structs.replace(
        written, facts=structs.replace(written.facts, labels=tuple(f"{ACT_CODE}|{code}" for code in codes))
    )


def test_a_patient_sees_the_own_record_with_its_consents_and_nothing_of_others(database_url: str) -> None:
    async def work(house: House) -> None:
        await house.save(*person())
        gate, own = house.gate, ["a", "c", "o", "sdv"]
        assert ids(await gate.everything(HERSELF, "a", [])) == own
        assert ids(await gate.search(HERSELF, None, [])) == own
        assert ids(await gate.search(HERSELF, "Consent", [])) == ["c"]
        assert (await gate.read(HERSELF, "Consent", "c")).id == "c"
        for rid in ("nopat", "other", "none"):
            assert await absent(gate.read(HERSELF, "Observation", rid))
        assert ids(await gate.search(HERSELF, "Observation", [("patient", "b")])) == []
        assert await absent(gate.everything(HERSELF, "b", []))
        assert (await house.entries())[-1].grounds == ("self-access",)

    with_house(database_url, work)


@pytest.mark.parametrize("birth", ["2012-05-21", "2020", ""])
def test_a_patient_under_fourteen_or_of_unknown_age_is_told_that_there_is_a_record(
    database_url: str, birth: str
) -> None:
    async def work(house: House) -> None:
        rest = person()[1:]
        child = write("Patient", "a", author="F03", **({"birthDate": birth} if birth else {}))
        await house.save(child, *rest)
        assert await absent(house.gate.read(HERSELF, "Observation", "o"))
        error = await refusal(house.gate.everything(HERSELF, "a", []))
        assert (error.category, error.code) == (Category.FORBIDDEN, "break-glass-not-possible")

    with_house(database_url, work)


def test_a_consent_of_another_never_opens_nor_closes_the_own_record(database_url: str) -> None:
    async def work(house: House) -> None:
        await house.save(*person())
        await house.consent("a", cases.provision("deny"))
        assert ids(await house.gate.search(HERSELF, "Observation", [])) == ["o", "sdv"]

    with_house(database_url, work)


def test_a_parent_sees_a_childs_record_but_not_what_protects_the_child(database_url: str) -> None:
    async def work(house: House) -> None:
        await house.save(*person("2015-01-01"))
        assert await absent(house.gate.everything(PROXY, "a", []))
        await house.proxy("a", "RelatedPerson/ma", "parent")
        assert ids(await house.gate.everything(PROXY, "a", [])) == ["a", "c", "o"]
        assert ids(await house.gate.search(PROXY, "Observation", [])) == ["o"]
        assert await absent(house.gate.read(PROXY, "Observation", "sdv"))
        assert (await house.gate.read(PROXY, "Observation", "o")).id == "o"

    with_house(database_url, work)


def test_a_delegate_sees_what_a_consent_names_and_ends_with_the_entry(database_url: str) -> None:
    async def work(house: House) -> None:
        await house.save(*person())
        await house.proxy("a", "RelatedPerson/ma", "delegate")
        assert ids(await house.gate.search(PROXY, "Observation", [])) == []
        actor = cases.actor("RelatedPerson/ma")
        await house.consent("a", cases.provision("permit", actor=actor, **{"class": cases.class_("Observation")}))
        assert ids(await house.gate.everything(PROXY, "a", [])) == ["o"]
        assert (await house.entries())[0].consents == ("Consent/c/_history/1",)
        await house.proxy("a", "RelatedPerson/ma", "delegate", status="inactive")
        assert ids(await house.gate.search(PROXY, "Observation", [])) == []
        assert await absent(house.gate.read(PROXY, "Observation", "o"))

    with_house(database_url, work)


def test_a_family_doctor_sees_managed_patients_only_also_of_the_own_organisation(database_url: str) -> None:
    async def work(house: House) -> None:
        await house.save(*person(), observation("ours", author="F05", patient="a"))
        assert ids(await house.gate.search(DOCTOR, "Observation", [])) == []
        assert await absent(house.gate.read(DOCTOR, "Observation", "ours"))
        await house.relate("a", "Practitioner/gao", "managed", high=NOW)
        assert ids(await house.gate.search(DOCTOR, "Observation", [])) == ["nopat", "o", "ours"]
        assert ids(await house.gate.search(DOCTOR, "Observation", [("patient", "a")])) == ["nopat", "o", "ours"]
        assert (await house.gate.read(DOCTOR, "Observation", "o")).id == "o"
        assert {ground for entry in await house.entries() for ground in entry.grounds} == {
            "author-organisation",
            "default-permit",
        }

    with_house(database_url, work)


def test_a_relationship_that_has_ended_opens_nothing(database_url: str) -> None:
    async def work(house: House) -> None:
        await house.save(*person())
        await house.relate("a", "F01", high=NOW - timedelta(microseconds=1))
        await house.relate("a", "F05", high=NOW)
        for actor, found in ((CLINICIAN, []), (replace(CLINICIAN, organization="F05"), ["nopat", "o"])):
            assert ids(await house.gate.search(actor, "Observation", [])) == found
            assert ids(await house.gate.search(actor, "Observation", [("patient", "a")])) == found
        assert await absent(house.gate.read(CLINICIAN, "Observation", "o"))
        assert (await house.gate.read(replace(CLINICIAN, organization="F05"), "Observation", "o")).id == "o"

    with_house(database_url, work)


def test_a_relationship_counts_for_all_source_patients_of_the_person(database_url: str) -> None:
    async def work(house: House) -> None:
        await house.save(*person())
        await house.relate("b", "F01")
        assert ids(await house.gate.search(CLINICIAN, "Observation", [])) == ["other"]
        await house.link("person", "a", "b")
        assert ids(await house.gate.search(CLINICIAN, "Observation", [])) == ["nopat", "o", "other"]
        assert (await house.gate.read(CLINICIAN, "Observation", "o")).id == "o"

    with_house(database_url, work)


def test_a_token_for_one_patient_is_confined_to_that_person(database_url: str) -> None:
    async def work(house: House) -> None:
        await house.save(*person(), observation("ours", author="F01", patient="b"), write("Practitioner", "fang"))
        await house.relate("a", "F01")
        await house.relate("b", "F01")
        app = replace(CLINICIAN, patient="a", scopes=("patient/*.rs",))
        assert ids(await house.gate.search(app, "Observation", [])) == ["nopat", "o"]
        for rid in ("ours", "other"):
            assert await absent(house.gate.read(app, "Observation", rid))
        assert await absent(house.gate.everything(app, "b", []))
        assert ids(await house.gate.search(app, "Observation", [("patient", "b")])) == []
        assert (await house.gate.read(app, "Practitioner", "fang")).id == "fang"
        assert ids(await house.gate.search(CLINICIAN, "Observation", [])) == ["nopat", "o", "other", "ours"]

    with_house(database_url, work)


@pytest.mark.parametrize("role", ["regional-centre", "researcher", "enterprise"])
def test_roles_whose_form_cannot_be_produced_are_told_so(database_url: str, role: str) -> None:
    async def work(house: House) -> None:
        await house.save(*person())
        error = await refusal(house.gate.search(replace(STRANGER, role=role), "Observation", []))
        assert (error.category, error.code) == (Category.FORBIDDEN, "form-not-available")
        assert (await house.entries())[0].outcome is Outcome.REFUSED

    with_house(database_url, work)
