"""PPR, PGL and PPG: problems, goals and pathways."""

from __future__ import annotations

import pytest

from hub.kernel.types import Translation
from tests.mappings.engine import PID, draft, drafts, resource, translate

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
    assert found["recordedDate"] == "2026-01-01"


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
