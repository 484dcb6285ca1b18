"""REF and RRI I12 to I15: referrals, who refers and to whom."""

from __future__ import annotations

import pytest

from hub.kernel.types import Translation
from tests.mappings.engine import PID, draft, resource, translate

HEADER = "MSH|^~\\&|HIS|F01|HUB|YUNZE|20260301103000||{kind}^{event}|R1|P|2.5.1"
RF1 = "RF1|{status}|S|MED^内科|||Z1^HIS|20260301|20260401|20260228||Z2^CITY"
PRD = ("PRD|RP|方^知远||内科^1||||1001^HIS".replace("||||1001", "|0990-5550104||1001"), "PRD|RT|王^小明|||||2001^CITY")


def referred(event: str = "I12", kind: str = "REF", status: str = "P") -> Translation:
    return translate(HEADER.format(kind=kind, event=event), RF1.format(status=status), *PRD, PID)


def test_a_referral_is_a_request_from_one_provider_to_another() -> None:
    found = referred()
    request = resource(found, "ServiceRequest")
    assert request["category"][0]["coding"][0]["code"] == "3457005"
    assert request["requester"]["display"] == "方知远"
    assert request["performer"][0]["display"] == "王小明"
    assert request["subject"]["reference"] == f"Patient/{resource(found, 'Patient')['id']}"
    assert request["occurrencePeriod"] == {"start": "2026-03-01", "end": "2026-04-01"}
    assert [each["value"] for each in request["identifier"]] == ["Z1", "Z2"]
    assert request["priority"] == "stat"


@pytest.mark.parametrize(("status", "code"), [("A", "active"), ("P", "active"), ("R", "revoked"), ("E", "revoked")])
def test_its_status_is_the_referrals_own(status: str, code: str) -> None:
    assert resource(referred("I13", status=status), "ServiceRequest")["status"] == code


def test_a_withdrawn_referral_is_the_one_that_was_made() -> None:
    made, withdrawn = resource(referred(), "ServiceRequest"), resource(referred("I14"), "ServiceRequest")
    assert made["id"] == withdrawn["id"]
    assert withdrawn["status"] == "revoked"


def test_a_question_about_the_status_settles_none() -> None:
    found = draft(referred("I15", status=""), "ServiceRequest")
    assert "status" not in found.resource
    assert found.defaults["status"] == "active"


def test_the_answer_tells_of_the_same_referral() -> None:
    answered = resource(referred(kind="RRI", status="A"), "ServiceRequest")
    assert answered["id"] == resource(referred(), "ServiceRequest")["id"]
    assert answered["status"] == "active"
