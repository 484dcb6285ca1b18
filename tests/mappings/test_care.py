"""PPR, PGL and PPG: problems, goals and pathways."""

from __future__ import annotations

import pytest

from hub.kernel.types import Translation
from tests.mappings.engine import PID, draft, drafts, reported, resource, translate

HEADER = "MSH|^~\\&|EMR|F01|HUB|YUNZE|20260301103000||{kind}|C1|P|2.5.1"
PRB = "PRB|{action}|20260301|I10^高血压^I10|PB1^EMR|||20260101|||||||{life}"
GOL = "GOL|AD|20260301|BP^血压达标^L|G1^EMR|||20260101|20260601"


def sent(*segments: str, kind: str = "PPR^PC1") -> Translation:
    return translate(HEADER.format(kind=kind), PID, *segments)


def test_a_problem_is_an_item_of_the_problem_list() -> None:
    found = resource(sent(PRB.format(action="AD", life="")), "Condition")
    assert found["category"][0]["coding"][0]["code"] == "problem-list-item"
    assert found["category"][0]["coding"][0]["display"] == "Problem List Item"
    assert found["code"]["coding"][0]["code"] == "I10"


def test_a_problem_was_recorded_when_it_was_added_and_asserted_when_it_was_established() -> None:
    found = resource(sent(PRB.format(action="AD", life="")), "Condition")
    assert found["recordedDate"] == "2026-03-01"
    url = "http://hl7.org/fhir/StructureDefinition/condition-assertedDate"
    assert found["extension"] == [{"url": url, "valueDateTime": "2026-01-01"}]


def test_a_change_of_a_problem_does_not_tell_when_it_was_recorded() -> None:
    changed = sent(PRB.format(action="UP", life=""), kind="PPR^PC2")
    found = draft(changed, "Condition")
    assert "recordedDate" not in found.resource
    assert found.defaults["recordedDate"] == "2026-01-01"
    assert reported(changed, "PRB-2[1]") == ("refused", (), "tells when the sender acted on the problem")


@pytest.mark.parametrize(
    ("confirmation", "status"),
    [
        ("confirmed", "confirmed"),
        ("C^Confirmed^L", "confirmed"),
        ("P^疑似^L", "provisional"),
        ("^rule-out", "unconfirmed"),
    ],
)
def test_a_problem_is_as_certain_as_its_confirmation_status(confirmation: str, status: str) -> None:
    found = resource(sent(f"PRB|AD|20260301|I10^高血压^I10|PB1|||||||||{confirmation}"), "Condition")
    system = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
    assert (found["verificationStatus"]["coding"][0]["system"], found["verificationStatus"]["coding"][0]["code"]) == (
        system,
        status,
    )


@pytest.mark.parametrize(("at", "name"), [(13, "verificationStatus"), (14, "clinicalStatus")])
def test_a_status_of_a_problem_that_is_none_of_r4_is_left_out_and_told(at: int, name: str) -> None:
    found = sent(f"PRB|AD|20260301|I10^高血压^I10|PB1{'|' * (at - 4)}watch^Watched^L")
    assert name not in resource(found, "Condition")
    outcome, _, reason = reported(found, f"PRB-{at}[1].1")
    assert (outcome, reason) == ("refused", "code not in the table")


def test_a_problem_in_remission_says_so() -> None:
    found = resource(sent(PRB.format(action="UP", life="remission"), kind="PPR^PC2"), "Condition")
    assert found["clinicalStatus"]["coding"][0]["code"] == "remission"


@pytest.mark.parametrize(("life", "status"), [("ACTIVE", "resolved"), ("", "resolved"), ("remission", "remission")])
def test_a_problem_that_was_resolved_is_not_active(life: str, status: str) -> None:
    found = resource(sent(f"PRB|UP|20260301|I10^高血压^I10|PB1|||||20260210|||||{life}", kind="PPR^PC2"), "Condition")
    assert found["abatementDateTime"] == "2026-02-10"
    assert found["clinicalStatus"]["coding"][0]["code"] == status


def test_a_problem_confirmed_to_be_an_error_has_no_clinical_status() -> None:
    found = draft(
        sent("PRB|UP|20260301|I10^高血压^I10|PB1|||||||||entered-in-error|ACTIVE", kind="PPR^PC2"), "Condition"
    )
    assert "clinicalStatus" not in found.resource
    assert "clinicalStatus" in found.clears


def test_a_problem_has_the_severity_that_was_told() -> None:
    found = resource(sent(f"PRB|AD|20260301|I10^高血压^I10|PB1{'|' * 22}24484000^Severe^SCT"), "Condition")
    assert found["severity"]["coding"][0]["code"] == "24484000"


def test_a_problem_that_changes_is_the_one_that_was_added() -> None:
    added = draft(sent(PRB.format(action="AD", life="")), "Condition")
    changed = draft(sent(PRB.format(action="UP", life="RESOLVED"), kind="PPR^PC2"), "Condition")
    assert added.resource["id"] == changed.resource["id"]
    assert added.defaults["clinicalStatus"]["coding"][0]["code"] == "active"
    assert changed.resource["clinicalStatus"]["coding"][0]["code"] == "resolved"


def test_a_deleted_problem_was_entered_in_error_and_has_no_clinical_status() -> None:
    found = draft(sent(PRB.format(action="DE", life="ACTIVE"), kind="PPR^PC3"), "Condition")
    assert found.resource["verificationStatus"]["coding"][0]["code"] == "entered-in-error"
    assert "clinicalStatus" not in found.resource
    assert "clinicalStatus" in found.clears


@pytest.mark.parametrize(("kind", "segments"), [("PPR^PC1", (PRB, GOL)), ("PGL^PC6", (GOL, PRB))])
def test_a_goal_is_for_the_problems_named_around_it(kind: str, segments: tuple[str, str]) -> None:
    found = sent(*(each.format(action="AD", life="") for each in segments), kind=kind)
    goal, problem = resource(found, "Goal"), resource(found, "Condition")
    assert goal["addresses"] == [{"reference": f"Condition/{problem['id']}"}]
    assert goal["target"] == [{"dueDate": "2026-06-01"}]
    assert goal["startDate"] == "2026-01-01"


def test_a_pathway_is_a_plan_with_its_goals_and_problems() -> None:
    found = sent("PTH|AD|HTN^高血压路径^L|T1^EMR", GOL, PRB.format(action="AD", life=""), kind="PPG^PCG")
    plan = resource(found, "CarePlan")
    assert plan["title"] == "高血压路径"
    assert plan["goal"] == [{"reference": f"Goal/{resource(found, 'Goal')['id']}"}]
    assert plan["intent"] == "plan"


def test_an_order_within_a_plan_ends_before_the_next_problem() -> None:
    first, second = (PRB.replace("PB1", number).format(action="AD", life="") for number in ("PB1", "PB2"))
    found = sent(first, "ORC|NW|P1", "OBR|1|P1||CT", second)
    assert len(drafts(found, "Condition")) == 2


@pytest.mark.parametrize("kind", ["PPR^PC1", "REF^I12"])
def test_what_a_plan_or_a_referral_orders_is_reported_on_where_it_brings_a_result(kind: str) -> None:
    segments = (
        "ORC|NW|P1",
        "OBR|1|P1||XY^血压监测",
        "ORC|RE|P2",
        "OBR|1|P2||GLU^血糖",
        "OBX|1|NM|GLU^血糖||5.5|mmol/L",
    )
    problem = (PRB.format(action="AD", life=""),) if kind.startswith("PPR") else ()
    found = sent(*problem, *segments, kind=kind)
    (report,) = drafts(found, "DiagnosticReport")
    assert report.resource["code"]["text"] == "血糖"
    assert {each.resource["code"]["text"] for each in drafts(found, "ServiceRequest")} >= {"血压监测", "血糖"}
