"""Contracts with family doctors: laid down, in force, told, ended."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any, Final

import pytest

from consent.configuration import DEFAULT
from hub.audit.trail import Trail
from hub.kernel.errors import Category, HubError
from hub.kernel.log import Log
from hub.kernel.types import Json
from hub.records.relationships import CONTRACT as FAMILY_DOCTOR
from hub.records.relationships import CONTRACT_SYSTEM
from hub.records.ties import Ties
from hub.store.store import Store
from tests.api.house import House, actor, code, in_house
from tests.api.test_withdrawal import OBSERVATION, PATIENT, REFERRAL, WEI

VISIT: Final[Json] = {
    "resourceType": "Encounter",
    "status": "finished",
    "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
    "period": {"start": "2026-05-01", "end": "2026-05-01"},
}
EPISODE: Final[Json] = {
    "resourceType": "EpisodeOfCare",
    "status": "active",
    "type": [{"coding": [{"system": CONTRACT_SYSTEM, "code": FAMILY_DOCTOR}]}],
    "careManager": {"reference": "Practitioner/who"},
    "period": {"start": "2026-01-01", "end": "2026-12-31"},
}
CONTRACT: Final[Json] = {
    "patient": "F05-wei",
    "practitioner": "who",
    "period": {"start": "2026-01-01", "end": "2026-12-31"},
}


def _ties(home: House) -> Ties:
    trail, clock = Trail(home.database, Log("test", stream=io.StringIO())), home.services.clock
    return Ties(home.database, Store(clock), trail, clock, DEFAULT, home.services.writes)


async def _refused(asked: Any) -> HubError:
    with pytest.raises(HubError) as caught:
        await asked
    return caught.value


def test_a_contract_opens_the_record_to_the_family_doctor_until_it_ends(database_url: str) -> None:
    async def visit(home: House) -> None:
        ties = _ties(home)
        await home.ask("PUT", "/Patient/F05-wei", PATIENT)
        one = f"/Observation/{(await home.create(OBSERVATION))['id']}"
        assert (await home.ask("GET", one, who="family")).status_code == 404
        signed = await ties.sign(actor(), CONTRACT)
        assert (await home.ask("GET", one, who="family")).status_code == 200
        await home.create(REFERRAL)
        told = {one["kind"]: one for one in await ties.listed(WEI)}
        assert told["family-doctor"]["party"] == "Practitioner/who"
        assert told["family-doctor"]["source"] == f"EpisodeOfCare/{signed['id']}"
        assert (told["care"]["party"], told["care"]["holds"]) == ("Organization/F01", True)
        ended = await ties.end(actor(), signed["id"])
        assert (ended["status"], ended["practitioner"]) == ("finished", "Practitioner/who")
        assert (await home.ask("GET", one, who="family")).status_code == 404
        assert [one["kind"] for one in await ties.listed(WEI)] == ["care"]

    in_house(database_url, visit)


def test_contracts_are_the_facilitys_own_and_for_a_time(database_url: str) -> None:
    async def visit(home: House) -> None:
        ties = _ties(home)
        await home.ask("PUT", "/Patient/F05-wei", PATIENT)
        for change in ({"patient": 1}, {"practitioner": "a/b"}, {"period": {"start": "2026-01-01"}}):
            assert (await _refused(ties.sign(actor(), {**CONTRACT, **change}))).category is Category.INVALID
        signed = await ties.sign(actor(), CONTRACT)
        assert (await _refused(ties.end(actor("F01"), signed["id"]))).category is Category.NOT_FOUND
        assert (await _refused(ties.sign(actor(role="auditor"), CONTRACT))).category is Category.FORBIDDEN

    in_house(database_url, visit)


def test_a_facility_contracts_for_whom_it_registered_or_for_whom_the_one_that_did_referred_to_it(
    database_url: str,
) -> None:
    async def visit(home: House) -> None:
        ties, hospital = _ties(home), actor("F01")
        await home.ask("PUT", "/Patient/F05-wei", PATIENT)
        own_visit = {**VISIT, "subject": {"reference": "Patient/F05-wei"}}
        assert (await home.ask("POST", "/Encounter", own_visit, who="hospital")).status_code == 201
        for stranger in ("F05-wei", "F05-nobody", "nobody"):  # one answer, and a visit of its own does not change it
            refused = await _refused(ties.sign(hospital, {**CONTRACT, "patient": stranger}))
            assert (refused.code, refused.where) == ("contract-patient", "EpisodeOfCare.patient")
        episode = {**EPISODE, "patient": {"reference": "Patient/F05-wei"}}
        assert code(await home.ask("POST", "/EpisodeOfCare", episode, who="hospital")) == "contract-patient"
        assert (await home.ask("POST", "/EpisodeOfCare", episode)).status_code == 201
        await ties.sign(hospital, {**CONTRACT, "patient": "F01-soon"})
        await ties.sign(actor("F01-ICU"), {**CONTRACT, "patient": "F01-soon"})
        await home.create(REFERRAL)
        assert (await ties.sign(hospital, CONTRACT))["patient"] == "Patient/F05-wei"

    in_house(database_url, visit)


def test_a_patient_and_her_contract_may_come_in_one_transaction(database_url: str) -> None:
    async def visit(home: House) -> None:
        subject = {"reference": "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"}
        patient = {name: value for name, value in PATIENT.items() if name != "id"}
        entries = [
            {"resource": {**EPISODE, "patient": subject}, "request": {"method": "POST", "url": "EpisodeOfCare"}},
            {
                "fullUrl": subject["reference"],
                "resource": patient,
                "request": {"method": "POST", "url": "Patient"},
            },
        ]
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
        assert (await home.ask("POST", "/", bundle)).status_code == 200

    in_house(database_url, visit)


def test_only_the_patient_and_the_reviewer_are_told_who_looks_after_whom(database_url: str) -> None:
    async def visit(home: House) -> None:
        ties = _ties(home)
        await home.ask("PUT", "/Patient/F05-wei", PATIENT)
        await ties.sign(actor(), CONTRACT)
        reviewer = replace(actor(role="consent-reviewer"), purpose=("HCOMPL",))
        assert len(await ties.listed(reviewer, "F05-wei")) == 1
        assert (await _refused(ties.listed(actor()))).category is Category.FORBIDDEN
        assert (await _refused(ties.listed(replace(WEI, patient="F05-nobody")))).category is Category.NOT_FOUND

    in_house(database_url, visit)
