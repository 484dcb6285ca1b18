"""What comes next: the targets (Goal), the plan with the next visit (CarePlan, Task), and a referral (ServiceRequest).

A target stands beside the measured value on the form and has its data element; it is never an Observation.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from hub.kernel.types import Json
from mappings.forms.answers import Answer
from mappings.forms.building import Building, coding, concept, stated
from mappings.forms.observations import LOINC
from mappings.forms.visit import Visit
from mappings.referral_task import NO_REFERRAL, REFERRAL, referral_task

#: A year, and another one for who comes late: what is further off is a slip of the pen.
_NEXT_WITHIN: Final = timedelta(days=731)


def plans(answers: Sequence[Answer], by_role: dict[str, Answer], seen: Visit, building: Building) -> None:
    """The goals, the next visit and the referral of a row."""
    goals = [_goal(each, seen, building) for each in answers if each.question.goal and each.observed]
    due = _due(by_role, seen, building)
    if due:
        building.became(by_role["plan.next"].column, "Task.restriction")
        building.became(by_role["plan.next"].column, "CarePlan.period")
    if goals or due:
        _plan(goals, due, seen, building)
    _referral(by_role, seen, building)


def _goal(answer: Answer, seen: Visit, building: Building) -> Json:
    question = answer.question
    measure = building.form.questions[question.goal]
    observe = measure.observe
    loinc = coding(LOINC, observe.code, observe.display) if observe else {}
    own = coding(building.code_system("form-item"), measure.link, measure.text)
    name, value = next(iter(answer.observed.items()))
    building.became(answer.column, "Goal.target")
    content = {
        "lifecycleStatus": "active",
        "description": {"text": question.text},
        "subject": seen.subject,
        "startDate": seen.day,
        "target": [{"measure": concept(measure.text, loinc, own), name.replace("value", "detail"): value}],
    }
    return building.draft("Goal", "form", f"{seen.key}|{question.link}", content)


def _due(by_role: dict[str, Answer], seen: Visit, building: Building) -> str:
    """The day of the next visit, if one after this visit is stated."""
    answer = by_role.get("plan.next")
    if answer is None or answer.moment is None:
        return ""
    if not answer.moment.is_day:
        building.tell("date-partial", answer.column, "error")
        return ""
    if answer.moment.date <= seen.day:
        building.tell("next-before-visit", answer.column, "error")
        return ""
    if date.fromisoformat(answer.moment.date) - date.fromisoformat(seen.day) > _NEXT_WITHIN:
        building.tell("next-too-far", answer.column, "error")
        return ""
    return answer.moment.date


def _plan(goals: list[Json], due: str, seen: Visit, building: Building) -> None:
    tasks = [{"reference": _task(due, seen, building)}] if due else []
    content = stated(
        {
            "status": "active",
            "intent": "plan",
            "title": building.form.plan,
            "subject": seen.subject,
            "encounter": seen.encounter,
            "period": {"start": seen.day} | ({"end": due} if due else {}),
            "created": seen.when,
            "author": seen.doctor,
            "goal": goals,
            "activity": tasks,
        }
    )
    building.draft("CarePlan", "form", seen.key, content)


def _task(due: str, seen: Visit, building: Building) -> Json:
    content = stated(
        {
            "status": "requested",
            "intent": "plan",
            "code": concept("下次随访", coding(building.code_system("form-task"), "next-visit", "下次随访")),
            "description": building.form.plan,
            "for": seen.subject,
            "encounter": seen.encounter,
            "authoredOn": seen.when,
            "owner": seen.doctor,
            "restriction": {"period": {"end": due}},
        }
    )
    return building.draft("Task", "form", f"{seen.key}|next", content)


def _referral(by_role: dict[str, Answer], seen: Visit, building: Building) -> None:
    reason, to, flag = (_wanted(by_role.get(f"referral.{name}")) for name in ("reason", "to", "flag"))
    if flag is not None and not flag.truth:
        flag = None
    if not (reason or to or flag):
        return
    for answer in (reason, to, flag):
        if answer is not None:
            building.became(answer.column, "ServiceRequest")
    content = stated(
        {
            "status": "active",
            "intent": "order",
            "code": {"coding": [REFERRAL], "text": "转诊"},
            "subject": seen.subject,
            "encounter": seen.encounter,
            "authoredOn": seen.when,
            "requester": seen.doctor,
            "performer": [{"display": to.text.strip()}] if to else [],
            "reasonCode": [{"text": reason.text.strip()}] if reason else [],
        }
    )
    made = building.draft("ServiceRequest", "form", f"{seen.key}|referral", content)
    request = {**content, "id": made["reference"].partition("/")[2]}
    building.draft("Task", "form", f"{seen.key}|referral", referral_task(request))


def _wanted(answer: Answer | None) -> Answer | None:
    """An answer that asks for a referral: not blank, not a word for none."""
    return None if answer is None or answer.absent or answer.text.strip() in NO_REFERRAL else answer
