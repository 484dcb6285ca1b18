"""Who looked: what the patient, a proxy, the auditor and others are shown of the trail."""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from dataclasses import replace
from typing import Any, Final

import pytest

from hub.audit.balp import event_id
from hub.audit.entry import Interaction, Outcome, Requester
from hub.auth.actor import Actor
from hub.fhir.json import loads
from hub.gate.pages import CURSOR
from hub.gate.released import Released
from hub.kernel.errors import Category, HubError
from tests.audit.entries import read as trail_entry
from tests.gate.house import CLINICIAN, STRANGER, House, absent, observation, refusal, with_house, write

#: The patient a, as the sources a and a2 know her.
PATIENT: Final = replace(
    CLINICIAN, role="patient", organization="", practitioner=None, patient="a", purpose=("PATRQT",), client="app"
)
OTHER: Final = replace(PATIENT, patient="b")
MOTHER: Final = replace(PATIENT, role="proxy", practitioner="RelatedPerson/ma", purpose=("FAMRQT",))
AUDITOR: Final = replace(CLINICIAN, role="auditor", practitioner="audit", purpose=("HCOMPL",))
BREAKER: Final = replace(STRANGER, purpose=("BTG",), break_glass="过敏性休克", issued=None)


async def settle(house: House) -> None:
    """Two persons: a with two sources, b with one; some looks at both."""
    await house.save(
        write("Patient", "a", birthDate="1958-04-12"),
        write("Patient", "a2", author="F05", birthDate="1958-04-12"),
        write("Patient", "b", birthDate="1970-01-02"),
        observation("secret", patient="a", labels=["http://terminology.hl7.org/CodeSystem/v3-ActCode|NOPAT"]),
    )
    await house.link("person", "a", "a2")
    await house.gate.read(CLINICIAN, "Patient", "a")
    await house.gate.read(CLINICIAN, "Observation", "secret")
    await house.gate.read(replace(CLINICIAN, organization="F05"), "Patient", "a2")
    await house.gate.read(CLINICIAN, "Patient", "b")
    await house.gate.search(CLINICIAN, "Patient", [("_id", "a,b")])
    assert await absent(house.gate.read(STRANGER, "Patient", "a"))
    assert await absent(house.gate.read(BREAKER, "Patient", "a"))


async def looks(house: House, actor: Actor, *params: tuple[str, str]) -> list[dict[str, Any]]:
    page = await house.gate.search(actor, "AuditEvent", list(params))
    return [loads(row.body) for row in page.matches]


def about(event: dict[str, Any]) -> str:
    return str(event["entity"][0]["what"]["reference"])


def test_a_patient_is_shown_looks_at_all_sources_and_refused_break_glass_newest_first(database_url: str) -> None:
    async def work(house: House) -> None:
        await settle(house)
        events = await looks(house, PATIENT)
        assert [(about(event), event["outcome"]) for event in events] == [
            ("Patient/a", "4"),
            ("Patient/a", "0"),
            ("Patient/a2", "0"),
            ("Patient/a", "0"),
            ("Patient/a", "0"),
        ]
        assert events[0]["purposeOfEvent"][0]["coding"][0]["code"] == "BTG"
        assert events[2]["agent"][2]["who"] == {"reference": "Practitioner/fang"}
        assert [about(event) for event in await looks(house, OTHER)] == ["Patient/b", "Patient/b"]

    with_house(database_url, work)


def test_a_patient_is_shown_neither_queries_nor_ids_nor_addresses_nor_other_patients(database_url: str) -> None:
    async def work(house: House) -> None:
        await settle(house)
        events = await looks(house, PATIENT)
        text = repr(events)
        for hidden in ("secret", "Patient/b", "query", "network': {'address': '1", "profile"):
            assert hidden not in text
        assert {"display": "Observation"} in [entity.get("what") for e in events for entity in e["entity"]]

    with_house(database_url, work)


def test_of_an_operation_or_a_deed_a_patient_is_shown_the_name_alone(database_url: str) -> None:
    about = {"interaction": Interaction.OPERATION, "patients": ("a",)}
    entries = {
        "ImagingStudy?%24images=": trail_entry(1, resource_type="ImagingStudy", query="%24images=1.2.3", **about),
        "?bind=": trail_entry(2, resource_type=None, resource_id=None, query="bind=&device=secret", **about),
        "": trail_entry(3, resource_type="Patient", query="_since=2026", **about),
    }

    async def work(house: House) -> None:
        await settle(house)
        for entry in entries.values():
            await house.trail.record(entry)
        for query, entry in entries.items():
            event = loads((await house.gate.read(PATIENT, "AuditEvent", event_id(entry.id, 1))).body)
            told = [one["query"] for one in event["entity"] if "query" in one]
            assert told == ([b64encode(query.encode()).decode()] if query else [])
            assert "secret" not in repr(event)

    with_house(database_url, work)


def test_a_look_at_the_trail_is_recorded_and_shown_in_its_turn(database_url: str) -> None:
    async def work(house: House) -> None:
        await settle(house)
        await looks(house, PATIENT)
        newest = (await house.entries())[0]
        assert (newest.interaction, newest.outcome, newest.resource_type) == (
            Interaction.SEARCH_TYPE,
            Outcome.RELEASED,
            "AuditEvent",
        )
        assert (set(newest.patients), newest.types) == ({"a", "a2"}, {"AuditEvent": 5})
        assert newest.epoch is not None
        assert (await looks(house, PATIENT))[0]["entity"][1]["what"] == {"display": "AuditEvent"}

    with_house(database_url, work)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("Patient/a2", {"Patient/a2"}), ("person", {"Patient/a", "Patient/a2"}), ("Patient/b", set()), ("nobody", set())],
)
def test_a_patient_may_narrow_to_a_source_and_sees_nothing_of_others(
    database_url: str, value: str, expected: set[str]
) -> None:
    async def work(house: House) -> None:
        await settle(house)
        assert {about(event) for event in await looks(house, PATIENT, ("patient", value))} == expected

    with_house(database_url, work)


def test_a_child_is_not_shown_its_trail_and_its_mother_is(database_url: str) -> None:
    async def work(house: House) -> None:
        await house.save(write("Patient", "a", birthDate="2020-04-12"))
        await house.gate.read(CLINICIAN, "Patient", "a")
        assert await looks(house, PATIENT) == []
        assert await looks(house, MOTHER) == []
        await house.proxy("a", "RelatedPerson/ma", "parent")
        (event, *_) = await looks(house, MOTHER)
        assert about(event) == "Patient/a"

    with_house(database_url, work)


@pytest.mark.parametrize(("scope", "shown"), [(("read",), False), (("read", "consent"), True)])
def test_a_delegate_needs_the_scope_for_consents(database_url: str, scope: tuple[str, ...], shown: bool) -> None:
    async def work(house: House) -> None:
        await settle(house)
        await house.proxy("a", "RelatedPerson/ma", "delegate", scope=scope)
        permit = {
            "type": "permit",
            "actor": [
                {
                    "role": {
                        "coding": [
                            {"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "IRCP"}
                        ]
                    },
                    "reference": {"reference": "RelatedPerson/ma"},
                }
            ],
        }
        await house.consent("a", permit)
        assert bool(await looks(house, MOTHER)) == shown

    with_house(database_url, work)


def test_the_auditor_is_shown_everything_with_queries_and_may_narrow(database_url: str) -> None:
    async def work(house: House) -> None:
        await settle(house)
        events = await looks(house, AUDITOR, ("_count", "100"))
        assert len(events) == 8
        assert [e["outcome"] for e in events][:2] == ["4", "4"]
        assert any("query" in entity for e in events for entity in e["entity"])
        narrowed = await looks(house, AUDITOR, ("patient", "Patient/b"))
        assert {about(e) for e in narrowed} == {"Patient/b"}

    with_house(database_url, work)


@pytest.mark.parametrize(
    ("agent", "shown"),
    [
        ("Practitioner/fang", {"Practitioner/fang": 6}),
        ("hong", {"Practitioner/hong": 2}),
        ("Organization/F01", {"Organization/F01": 1}),
        ("Practitioner/hong,Organization/F01", {"Practitioner/hong": 2, "Organization/F01": 1}),
        ("Practitioner/nobody", {}),
    ],
)
def test_events_are_found_by_who_asked_as_they_name_them(database_url: str, agent: str, shown: dict[str, int]) -> None:
    async def work(house: House) -> None:
        await settle(house)
        machine = Requester(role="feed", organization="F01", client="his", token_id="", purpose=(), form="identified")
        await house.trail.record(trail_entry(patients=("a",), requester=machine))
        events = await looks(house, AUDITOR, ("agent", agent), ("_count", "100"))
        assert Counter(event["agent"][2]["who"]["reference"] for event in events) == shown
        own = await looks(house, PATIENT, ("agent", "Practitioner/fang"))
        assert {about(event) for event in own} == {"Patient/a", "Patient/a2"}

    with_house(database_url, work)


def test_a_clinician_is_shown_nothing_and_other_roles_have_no_door(database_url: str) -> None:
    async def work(house: House) -> None:
        await settle(house)
        (event,) = await looks(house, AUDITOR, ("patient", "a2"))
        assert await looks(house, CLINICIAN) == await looks(house, CLINICIAN, ("patient", "a")) == []
        assert await absent(house.gate.read(CLINICIAN, "AuditEvent", event["id"]))
        for role in ("integration-engineer", "mpi-steward", "regional-centre", "feed"):
            error = await refusal(looks(house, replace(CLINICIAN, role=role)))
            assert error.category is Category.FORBIDDEN
        narrow = replace(PATIENT, scopes=("user/Observation.rs",))
        assert (await refusal(looks(house, narrow))).category is Category.FORBIDDEN

    with_house(database_url, work)


def test_one_event_is_read_by_its_id_by_whom_it_concerns(database_url: str) -> None:
    async def work(house: House) -> None:
        await settle(house)
        page = await house.gate.search(PATIENT, "AuditEvent", [])
        event: Released = page.matches[2]
        read = await house.gate.read(PATIENT, "AuditEvent", event.id)
        assert read == event
        assert (await house.gate.read(AUDITOR, "AuditEvent", event.id)).body != event.body
        for actor, rid in ((OTHER, event.id), (PATIENT, "x"), (PATIENT, event.id[:-1] + "9"), (PATIENT, event.id[:36])):
            assert await absent(house.gate.read(actor, "AuditEvent", rid))

    with_house(database_url, work)


def test_a_refusal_without_break_glass_is_no_look(database_url: str) -> None:
    async def work(house: House) -> None:
        await settle(house)
        before = len(await looks(house, PATIENT))
        refused = trail_entry(outcome=Outcome.REFUSED, patients=("a",))
        await house.trail.record(refused)
        assert len(await looks(house, PATIENT)) == before + 2
        assert await absent(house.gate.read(PATIENT, "AuditEvent", event_id(refused.id, 1)))
        assert (await house.gate.read(AUDITOR, "AuditEvent", event_id(refused.id, 1))).id

    with_house(database_url, work)


def test_pages_follow_each_other_without_a_gap_and_belong_to_one_requester(database_url: str) -> None:
    async def work(house: House) -> None:
        await settle(house)
        whole = [e["id"] for e in await looks(house, PATIENT)]
        seen: list[str] = []
        params = [("_count", "2")]
        while params:
            page = await house.gate.search(PATIENT, "AuditEvent", params)
            seen += [row.id for row in page.matches]
            params = [("_count", "2"), (CURSOR, page.next)] if page.next else []
            if page.next:
                error = await refusal(house.gate.search(OTHER, "AuditEvent", params))
                assert error.category is Category.NOT_FOUND
        # The first look is shown in its turn, once for each of the two sources.
        assert seen[2:] == whole

    with_house(database_url, work)


def test_an_entry_about_many_patients_is_paged_too(database_url: str) -> None:
    async def work(house: House) -> None:
        patients = [write("Patient", f"p{n}") for n in range(5)]
        await house.save(*patients)
        await house.gate.search(CLINICIAN, "Patient", [])
        seen: list[str] = []
        cursor: list[tuple[str, str]] = []
        while True:
            page = await house.gate.search(AUDITOR, "AuditEvent", [("_count", "2"), ("date", "lt2100"), *cursor])
            seen += [about(loads(row.body)) for row in page.matches if b"search-type" in row.body]
            if page.next is None:
                break
            cursor = [(CURSOR, page.next)]
        assert sorted(set(seen)) == [f"Patient/p{n}" for n in range(5)]

    with_house(database_url, work)


def test_a_trail_that_cannot_be_written_shows_nothing(database_url: str) -> None:
    async def work(house: House) -> None:
        await settle(house)
        async with house.database.connection() as tx:
            await tx.execute("ALTER TABLE audit ADD CONSTRAINT full_disk CHECK (resource_type <> 'AuditEvent')")
        with pytest.raises(HubError) as caught:
            await looks(house, PATIENT)
        assert caught.value.category is Category.UNAVAILABLE

    with_house(database_url, work)
