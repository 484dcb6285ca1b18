"""Break-glass at the gate: one patient, a reason, four hours, and never against an explicit refusal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest
from msgspec import structs

from hub.audit.entry import Outcome
from hub.auth.actor import Actor
from hub.fhir.compartments import COMPARTMENT
from hub.gate.gate import Gate
from hub.kernel.errors import Category
from hub.store.values import Facts
from tests.auth.consortium import NOW
from tests.consent import cases
from tests.gate.house import CLINICIAN, House, absent, observation, refusal, with_house, write

EMERGENCY: Final = replace(CLINICIAN, purpose=("BTG",), break_glass="过敏性休克", issued=NOW - timedelta(hours=4))
DUTIES: Final = ("audit-break-glass", "notify-patient", "post-review")

#: Every request that is about one patient.
WAYS: Final[dict[str, Callable[[Gate, Actor], Awaitable[Any]]]] = {
    "read": lambda gate, actor: gate.read(actor, "Observation", "o"),
    "vread": lambda gate, actor: gate.vread(actor, "Observation", "o", 1),
    "history": lambda gate, actor: gate.history(actor, "Observation", "o"),
    "everything": lambda gate, actor: gate.everything(actor, "a", []),
    "search": lambda gate, actor: gate.search(actor, "Observation", [("patient", "a")]),
    "compartment": lambda gate, actor: gate.search(actor, "Observation", [(COMPARTMENT, "Patient/a")]),
    "meta": lambda gate, actor: gate.meta(actor, "Observation", "o"),
    "latest": lambda gate, actor: gate.latest(actor, [("patient", "a"), ("code", "4548-4")]),
    "summary": lambda gate, actor: gate.summary(actor, "a"),
}


async def closed_record(house: House, *purposes: str) -> None:
    """A patient of another hospital, who refuses everything."""
    await house.save(
        write("Patient", "a", author="F03", birthDate="1970-03-01"),
        observation("o", author="F03", patient="a"),
        write("Patient", "b", author="F03", birthDate="1970-03-01"),
        observation("other", author="F03", patient="b"),
    )
    about = {"purpose": cases.purpose(*purposes)} if purposes else {}
    await house.consent("a", cases.provision("deny", **about))


async def found(asked: Awaitable[Any]) -> list[str]:
    """The ids a request releases."""
    answer = await asked
    return [answer.id] if hasattr(answer, "id") else [one.id for one in answer.matches]


@pytest.mark.parametrize("way", WAYS)
def test_a_declared_emergency_opens_the_record_of_one_patient_and_is_recorded(database_url: str, way: str) -> None:
    async def work(house: House) -> None:
        await closed_record(house)
        assert "o" in await found(WAYS[way](house.gate, EMERGENCY))
        entry = (await house.entries())[0]
        assert (entry.outcome, entry.grounds, entry.obligations) == (Outcome.RELEASED, ("break-glass",), DUTIES)
        assert (entry.patients, entry.requester.break_glass) == (("a",), "过敏性休克")
        assert entry.consents == ("Consent/c/_history/1",)

    with_house(database_url, work)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"issued": NOW - timedelta(hours=4, microseconds=1)}, "break-glass-expired"),
        ({"issued": NOW + timedelta(seconds=1)}, "break-glass-expired"),
        ({"issued": None}, "break-glass-expired"),
        ({"break_glass": "  "}, "break-glass-not-justified"),
    ],
)
@pytest.mark.parametrize("way", WAYS)
def test_one_that_is_too_old_or_without_a_reason_opens_nothing_and_is_recorded(
    database_url: str, way: str, change: dict[str, Any], reason: str
) -> None:
    async def work(house: House) -> None:
        await closed_record(house)
        await refused(house, way, replace(EMERGENCY, **change), reason)

    with_house(database_url, work)


@pytest.mark.parametrize("way", WAYS)
def test_a_refusal_that_names_emergencies_stands_and_the_attempt_is_recorded(database_url: str, way: str) -> None:
    async def work(house: House) -> None:
        await closed_record(house, "TREAT", "ETREAT")
        await refused(house, way, EMERGENCY, "emergency-explicitly-denied")

    with_house(database_url, work)


async def refused(house: House, way: str, actor: Actor, reason: str) -> None:
    """The request ends as for a patient who is not there; the attempt is recorded with the patient it was about."""
    asked = WAYS[way](house.gate, actor)
    if way in {"search", "compartment", "latest"}:
        assert await found(asked) == []
    else:
        assert await absent(asked)
    entry = (await house.entries())[0]
    assert (entry.outcome, entry.reason, entry.patients) == (Outcome.REFUSED, reason, ("a",))
    assert entry.requester.break_glass == actor.break_glass


@pytest.mark.parametrize(
    ("rtype", "params"),
    [
        (None, []),
        ("Observation", []),
        ("Observation", [("code", "4548-4")]),
        ("Observation", [("patient", "a,b")]),
        ("Observation", [("patient.birthdate", "1970-03-01")]),
        ("Patient", [("birthdate", "1970-03-01")]),
        ("Practitioner", [("_revinclude", "Observation:performer")]),
        ("Observation", [(COMPARTMENT, "Device/d")]),
        (None, [(COMPARTMENT, "Encounter/e")]),
    ],
)
def test_an_emergency_is_about_one_patient(database_url: str, rtype: str | None, params: list[tuple[str, str]]) -> None:
    async def work(house: House) -> None:
        await closed_record(house)
        error = await refusal(house.gate.search(EMERGENCY, rtype, params))
        assert (error.category, error.code) == (Category.FORBIDDEN, "break-glass-one-patient")
        assert [(entry.outcome, entry.reason) for entry in await house.entries()] == [
            (Outcome.REFUSED, "break-glass-one-patient")
        ]

    with_house(database_url, work)


def test_a_compartment_is_searched_in_the_record_that_is_open(database_url: str) -> None:
    async def work(house: House) -> None:
        await closed_record(house)
        told = observation("told", author="F03", patient="b", performer=[{"reference": "Patient/a"}])
        await house.save(told, structs.replace(told, id="own", facts=Facts(author_org="F01")))
        for rtype, expected in (("Observation", ["o", "own"]), (None, ["a", "o", "own"])):
            page = await house.gate.search(EMERGENCY, rtype, [(COMPARTMENT, "Patient/a")])
            assert sorted(one.id for one in page.matches) == expected

    with_house(database_url, work)


def test_what_is_included_is_of_the_same_patient(database_url: str) -> None:
    async def work(house: House) -> None:
        await closed_record(house)
        await house.save(observation("o", author="F03", patient="a", focus=[{"reference": "Observation/other"}]))
        includes = [("_include", "Observation:focus"), ("_include", "Observation:subject")]
        page = await house.gate.search(EMERGENCY, "Observation", [("patient", "a"), *includes])
        assert [one.id for one in page.matches] == ["o"]
        assert [one.id for one in page.included] == ["a"]

    with_house(database_url, work)


def test_what_is_permitted_anyway_carries_no_duties_of_an_emergency(database_url: str) -> None:
    async def work(house: House) -> None:
        await closed_record(house)
        await house.relate("b", "F01")
        await house.gate.read(EMERGENCY, "Observation", "other")
        entry = (await house.entries())[0]
        assert (entry.grounds, entry.obligations) == (("default-permit",), ())

    with_house(database_url, work)


def test_consents_and_audit_stay_closed_in_an_emergency(database_url: str) -> None:
    async def work(house: House) -> None:
        await closed_record(house)
        await house.save(write("Consent", "c", author="F03", patient="a"))
        assert await absent(house.gate.read(EMERGENCY, "Consent", "c"))
        assert "c" not in await found(house.gate.everything(EMERGENCY, "a", []))

    with_house(database_url, work)


def test_who_breaks_the_glass_of_too_many_patients_opens_none_and_is_reported(database_url: str) -> None:
    ways = [("Observation", f"o{number}") for number in range(4)]

    async def work(house: House) -> None:
        for number, (_, rid) in enumerate(ways):
            await house.save(
                write("Patient", f"p{number}", author="F03", birthDate="1970-03-01"),
                observation(rid, author="F03", patient=f"p{number}"),
            )
        await house.link("one", "p0", "p1")
        for rtype, rid in ways[:3] * 2:
            assert (await house.gate.read(EMERGENCY, rtype, rid)).id == rid
        assert "break-glass-limit" not in house.logged
        assert (await house.gate.read(EMERGENCY, *ways[3])).id == "o3"
        for rtype, rid in [*ways, ("Observation", "nobody")]:
            error = await refusal(house.gate.read(EMERGENCY, rtype, rid))
            assert (error.category, error.code) == (Category.FORBIDDEN, "break-glass-limit")
        assert "break-glass-limit" in house.logged
        entry = (await house.entries())[0]
        assert (entry.outcome, entry.reason) == (Outcome.REFUSED, "break-glass-limit")
        colleague = replace(EMERGENCY, practitioner="another", token_id="t9")
        assert (await house.gate.read(colleague, *ways[0])).id == "o0"

    with_house(database_url, work, glass_limit=2)
