"""Contracts, long prescriptions, referrals, and the batches of a phone that was offline."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from hub.bootstrap.family_format import Family
from hub.kernel.errors import HubError
from hub.kernel.ids import PUBLIC_KEY, keyed_ids
from hub.kernel.types import Coded, Json, Translation
from hub.records.relationships import Relationships
from mappings.family.batch import in_order
from mappings.family.records import ZONE
from mappings.family.translate import messages, read_envelope, translator
from mappings.hl7v2.convert import bundle
from tests.mappings.checker import invalid

COMMON: Json = {
    "key": "K1",
    "recordedAt": "2026-03-05T09:30:00+08:00",
    "patient": {"citizenId": "990122195308172489", "name": "庄秀英"},
    "doctor": {"id": "bai-ruoxi", "name": "白若溪"},
}
CONTRACT: Json = {
    **COMMON,
    "kind": "contract",
    "validFrom": "2026-01-01",
    "validTo": "2026-12-31",
    "team": [{"id": "mei", "name": "梅晓岚", "role": "公卫"}],
}
PRESCRIPTION: Json = {
    **COMMON,
    "kind": "long-prescription",
    "writtenOn": "2026-03-05",
    "days": 84,
    "pharmacy": "F08",
    "items": [
        {"name": "二甲双胍片", "dose": 0.5, "doseUnit": "g", "timesPerDay": 2},
        {"name": "中药颗粒", "use": "冲服"},
    ],
}
REFERRAL: Json = {
    **COMMON,
    "kind": "referral",
    "direction": "up",
    "to": "F01",
    "sentOn": "2026-03-05",
    "validUntil": "2026-04-05",
    "reason": "血压188/116",
}


class Maps:
    """One drug of F05 has a national code."""

    revision = 0

    wanted = ""

    def want(self, url: str) -> None:
        self.wanted = url

    def targets(self, url: str, code: str, source: str = "") -> tuple[Coded, ...]:
        known = (url, source) == (self.wanted, "https://hub.example/CodeSystem/F05/medicine") and code == "M001"
        return (Coded("https://hub.example/CodeSystem/nhsa-drug", "XA10BAE046A001010304"),) if known else ()

    async def refresh(self) -> None:
        """There is nothing to take up."""


MAPS: Final = Maps()
MEASUREMENT: Json = {
    **COMMON,
    "kind": "measurement",
    "systolic": 158,
    "diastolic": 96,
    "glucose": 12.1,
    "fasting": True,
}
RELATIONS = Relationships(
    facilities=frozenset({"F01", "F05", "F08"}), care=timedelta(days=30), canonical_base="https://hub.example"
)


def said(record: Json) -> Translation:
    return translator("F05", keyed_ids(PUBLIC_KEY), "https://hub.example", MAPS)(json.dumps(record).encode())


def resources(record: Json, rtype: str) -> list[Json]:
    return [draft.resource for draft in said(record).drafts if draft.resource["resourceType"] == rtype]


def ties(record: Json) -> list[tuple[str, str]]:
    return [
        (relation.kind, relation.party)
        for draft in said(record).drafts
        for relation in RELATIONS.of(draft.resource, draft.patient, "F05")
    ]


@pytest.mark.parametrize("record", [CONTRACT, PRESCRIPTION, REFERRAL, MEASUREMENT])
def test_every_kind_gives_valid_resources_and_a_report_of_every_member(record: Json) -> None:
    made = said(record)
    assert invalid(bundle(made.drafts)) == []
    assert {row.source.partition(".")[0].partition("[")[0] for row in made.report} == set(record)
    assert made.event_time == datetime(2026, 3, 5, 1, 30, tzinfo=UTC)


def test_a_contract_makes_her_the_patients_doctor_for_its_period() -> None:
    (episode,) = resources(CONTRACT, "EpisodeOfCare")
    assert episode["period"] == {"start": "2026-01-01", "end": "2026-12-31"}
    assert ties(CONTRACT) == [("managed", "Practitioner/bai-ruoxi")]
    (team,) = resources(CONTRACT, "CareTeam")
    assert [each["member"]["display"] for each in team["participant"]] == ["白若溪", "梅晓岚"]


def test_a_contract_that_was_ended_gives_nothing_any_more() -> None:
    ended = {**CONTRACT, "terminatedOn": "2026-02-28"}
    (episode,) = resources(ended, "EpisodeOfCare")
    assert (episode["status"], episode["period"]["end"]) == ("finished", "2026-02-28")
    assert ties(ended) == []


def test_a_long_prescription_is_dispensed_within_its_days() -> None:
    first, second = resources(PRESCRIPTION, "MedicationRequest")
    assert first["dispenseRequest"]["validityPeriod"] == {"start": "2026-03-05", "end": "2026-05-27"}
    assert first["dosageInstruction"][0]["doseAndRate"] == [{"doseQuantity": {"value": Decimal("0.5"), "unit": "g"}}]
    assert first["groupIdentifier"] == second["groupIdentifier"]
    assert ties(PRESCRIPTION) == [("care", "F08")] * 2


def test_a_drug_code_of_the_clinic_has_its_national_code_beside_it() -> None:
    items = [{"name": "二甲双胍片", "code": "M001"}, {"name": "中药颗粒", "code": "M002"}]
    first, second = resources({**PRESCRIPTION, "items": items}, "MedicationRequest")
    codings = first["medicationCodeableConcept"]["coding"]
    assert [each["code"] for each in codings] == ["M001", "XA10BAE046A001010304"]
    assert [each["code"] for each in second["medicationCodeableConcept"]["coding"]] == ["M002"]


def test_a_prescription_for_longer_than_84_days_is_refused() -> None:
    with pytest.raises(HubError) as refusal:
        said({**PRESCRIPTION, "days": 85})
    assert refusal.value.code == "prescription-too-long"


def test_what_was_measured_on_a_visit_is_observed_when_the_record_was_made() -> None:
    glucose, pressure = resources(MEASUREMENT, "Observation")
    assert glucose["valueQuantity"]["value"] == Decimal("12.1")
    assert glucose["code"]["text"] == "空腹血糖（血糖仪）"
    assert [part["valueQuantity"]["value"] for part in pressure["component"]] == [158, 96]
    assert pressure["effectiveDateTime"] == "2026-03-05T09:30:00+08:00"


@pytest.mark.parametrize(
    ("status", "request_status", "task_status", "tie"),
    [
        ("requested", "active", "requested", True),
        ("accepted", "active", "accepted", True),
        ("rejected", "revoked", "rejected", False),
        ("cancelled", "revoked", "cancelled", False),
    ],
)
def test_a_referral_is_a_request_and_its_task(status: str, request_status: str, task_status: str, tie: bool) -> None:
    record = {**REFERRAL, "status": status}
    (request,), (task,) = resources(record, "ServiceRequest"), resources(record, "Task")
    assert (request["status"], task["status"]) == (request_status, task_status)
    assert task["focus"]["reference"] == f"ServiceRequest/{request['id']}"
    assert task["owner"] == {"reference": "Organization/F01"}
    assert ties(record) == ([("care", "F01")] if tie else [])


def test_the_documents_of_a_referral_go_with_it() -> None:
    record = {**REFERRAL, "documents": [{"title": "门诊病历", "contentType": "text/plain", "data": "6KGA5Y6L"}]}
    (document,), (request,) = resources(record, "DocumentReference"), resources(record, "ServiceRequest")
    assert request["supportingInfo"] == [{"reference": f"DocumentReference/{document['id']}"}]
    assert document["content"][0]["attachment"]["size"] == 6
    assert invalid(bundle(said(record).drafts)) == []
    record["documents"][0]["data"] = "血压"
    with pytest.raises(HubError, match=r"documents\.0\.data") as refusal:
        said(record)
    assert refusal.value.code == "base64"


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ({**CONTRACT, "validTo": "2025-12-31"}, "period"),
        ({**CONTRACT, "validTo": "2026-02-30"}, "date"),
        ({key: value for key, value in CONTRACT.items() if key != "validTo"}, "record"),
        ({**CONTRACT, "kind": "poem"}, "record-kind"),
        ({**CONTRACT, "patient": {"name": "庄秀英"}}, "no-number"),
        ({**CONTRACT, "patient": {"citizenId": "990122195308172480"}}, "citizen-id"),
        ({**REFERRAL, "to": "../F01"}, "record"),
        ({**MEASUREMENT, "glucose": 126}, "implausible"),
        ({**MEASUREMENT, "diastolic": 158}, "implausible"),
        ({**COMMON, "kind": "measurement"}, "no-measure"),
        ([1], "record-kind"),
    ],
)
def test_what_breaks_a_rule_is_refused_without_repeating_it(record: Any, code: str) -> None:
    with pytest.raises(HubError) as refusal:
        said(record)
    assert refusal.value.code == code
    assert "9901221953" not in str(refusal.value)
    assert "庄秀英" not in str(refusal.value)


def batch(*records: Json, **members: Any) -> bytes:
    return json.dumps({"records": records, **members}).encode()


def test_a_batch_gives_each_record_once_in_the_order_they_were_made() -> None:
    later = {**REFERRAL, "key": "K2", "recordedAt": "2026-03-05T10:00:00+08:00"}
    accepted = {**REFERRAL, "status": "accepted", "recordedAt": "2026-03-06T08:00:00+08:00"}
    found = list(messages(batch(later, accepted, REFERRAL, later, REFERRAL)))
    assert [place for place, _ in found] == ["record 1", "record 2"]
    assert [json.loads(raw).get("status") for _, raw in found] == [None, "accepted"]


def test_a_record_that_is_sent_again_is_the_same_message_and_a_correction_another() -> None:
    (_, first), (_, again) = next(messages(batch(CONTRACT))), next(messages(batch(CONTRACT, REFERRAL | {"key": "K2"})))
    assert (first, read_envelope(first)) == (again, read_envelope(again))
    corrected = {**CONTRACT, "recordedAt": "2026-03-06T08:00:00+08:00"}
    assert read_envelope(next(messages(batch(corrected)))[1]).identity != read_envelope(first).identity
    assert read_envelope(first).lanes == ("990122195308172489",)
    assert read_envelope(b"[]").problem is not None


def test_two_records_of_a_key_and_a_moment_that_differ_are_both_refused() -> None:
    (found,) = in_order(batch(REFERRAL, {**REFERRAL, "to": "F02"}), ZONE)
    assert found.problem is not None
    assert found.problem.code == "record-twice"
    for raw in (batch(REFERRAL, {**REFERRAL, "to": "F02"}), batch({"kind": "referral"}), batch([1])):  # type: ignore[arg-type]
        ((_, message),) = messages(raw)
        problem = read_envelope(message).problem
        assert problem is not None
        assert problem.code == "record-order"


def test_a_phone_eight_hours_fast_is_corrected_by_its_own_clock() -> None:
    received = datetime(2026, 3, 5, 2, 0, tzinfo=UTC)
    raw = batch({**REFERRAL, "recordedAt": "2026-03-05T09:30:00Z"}, sentAt="2026-03-05T10:00:00Z")
    (found,) = in_order(raw, ZONE, received)
    assert found.record["recordedAt"] == "2026-03-05T01:30:00+00:00"


def test_a_feed_of_records_is_read_like_any_other() -> None:
    reading = Family(None)
    ((place, message),) = reading.messages(batch(CONTRACT))
    assert place == "record 1"
    assert reading.envelope_reader()(message).kind == "contract"
    (whole,) = reading.dissector()(message)
    assert {part.at: part.text for part in whole.parts}["doctor.id"] == "bai-ruoxi"
    made = reading.translator("F05", keyed_ids(PUBLIC_KEY), "https://hub.example")(message)
    assert {draft.resource["resourceType"] for draft in made.drafts} == {"Patient", "CareTeam", "EpisodeOfCare"}
    with pytest.raises(HubError, match="have none"):
        Family(Path("p.yaml"))


def test_an_owners_answer_outlives_a_correction_that_says_nothing_of_the_state() -> None:
    (task,) = [draft for draft in said(REFERRAL).drafts if draft.resource["resourceType"] == "Task"]
    assert (task.merge, task.defaults, "status" in task.resource) == ("overlay", {"status": "requested"}, False)
    assert task.dated, "of two that came in any order the later one names the owner"
    stated = said({**REFERRAL, "status": "cancelled"})
    (ended,) = [draft for draft in stated.drafts if draft.resource["resourceType"] == "Task"]
    assert (ended.merge, ended.resource["status"]) == ("replace", "cancelled")
