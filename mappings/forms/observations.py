"""Answers that are observations: one each, or components of a panel (blood pressure, self-care)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from hub.kernel.types import Json
from mappings.forms.answers import SNOMED, Answer
from mappings.forms.building import ELEMENTS, Building, coding, concept, stated
from mappings.forms.visit import Visit

LOINC: Final = "http://loinc.org"
_ABSENT: Final = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
_CATEGORY: Final = "http://terminology.hl7.org/CodeSystem/observation-category"
#: Weight and height give this much above or below the index that is stated (kg/m2).
_BMI_SLACK: Final = Decimal("1.0")


class Panel(NamedTuple):
    """An Observation whose components are answers: its LOINC code ("" if there is none), text, category, body site."""

    code: str
    text: str
    category: str
    site: tuple[str, str] = ("", "")


PANELS: Final = {
    "blood-pressure": Panel("85354-9", "血压", "vital-signs"),
    "blood-pressure-left": Panel("85354-9", "左侧血压", "vital-signs", ("368208006", "Left upper arm structure")),
    "blood-pressure-right": Panel("85354-9", "右侧血压", "vital-signs", ("368209003", "Right upper arm structure")),
    "self-care": Panel("", "老年人生活自理能力评估", "survey"),
}
_PANEL_DISPLAY: Final = "Blood pressure panel with all children optional"
_SYSTOLIC: Final = ("8480-6", "Systolic blood pressure", "DE04.10.174.00")
_DIASTOLIC: Final = ("8462-4", "Diastolic blood pressure", "DE04.10.176.00")


def observations(answers: Sequence[Answer], seen: Visit, building: Building) -> list[Json]:
    """References to the observations of a row."""
    _check_index(answers, building)
    found = [_single(each, seen, building) for each in answers if _is_single(each)]
    for name, panel in PANELS.items():
        members = [each for each in answers if each.question.observe and each.question.observe.panel == name]
        made = _panel(name, panel, members, seen, building)
        if made is not None:
            found.append(made)
    return found


def _is_single(answer: Answer) -> bool:
    observe = answer.question.observe
    return observe is not None and not observe.panel and bool(answer.observed or answer.absent)


def _single(answer: Answer, seen: Visit, building: Building) -> Json:
    question, observe = answer.question, answer.question.observe
    assert observe is not None  # noqa: S101 -- as `_is_single` found
    element = "value" if answer.observed else "dataAbsentReason"
    building.became(answer.column, f"Observation[{question.link}].{element}")
    return _draft(question.link, _code(answer, building), observe.category, _said(answer), seen, building)


def _draft(link: str, code: Json, category: str, said: Json, seen: Visit, building: Building) -> Json:
    content = stated(
        {
            "status": "final",
            "category": [{"coding": [coding(_CATEGORY, category)]}],
            "code": code,
            "subject": seen.subject,
            "encounter": seen.encounter,
            "effectiveDateTime": seen.when,
            "performer": [seen.doctor] if seen.doctor else [],
        }
    )
    return building.draft("Observation", "form", f"{seen.key}|{link}", content | said)


def _code(answer: Answer, building: Building) -> Json:
    """By LOINC where it has the same thing, by data element, and by the question of the form."""
    question, observe = answer.question, answer.question.observe
    loinc = coding(LOINC, observe.code, observe.display) if observe else {}
    own = coding(building.code_system("form-item"), question.link, question.text)
    return concept(question.text, loinc, coding(ELEMENTS, question.de), own)


def _said(answer: Answer) -> Json:
    if answer.observed:
        return answer.observed
    return {"dataAbsentReason": {"coding": [coding(_ABSENT, answer.absent)], "text": answer.text.strip()}}


def _panel(name: str, panel: Panel, members: Sequence[Answer], seen: Visit, building: Building) -> Json | None:
    """A panel of what was believed; None if nothing is."""
    parts = [part for answer in members for part in _components(answer, building)]
    if name.startswith("blood-pressure"):
        parts = _ordered(parts, members, building)
    if not parts:
        return None
    for answer in members:
        if answer.observed or answer.absent or answer.pair:
            building.became(answer.column, f"Observation[{name}].component")
    own = coding(building.code_system("form-item"), name, panel.text)
    content: Json = {"component": parts}
    if panel.site[0]:
        content["bodySite"] = {"coding": [coding(SNOMED, *panel.site)]}
    code = concept(panel.text, coding(LOINC, panel.code, _PANEL_DISPLAY), own)
    return _draft(name, code, panel.category, content, seen, building)


def _components(answer: Answer, building: Building) -> list[Json]:
    if answer.pair:
        kinds = (_SYSTOLIC, _DIASTOLIC)
        return [_pressure(*kind, value) for kind, value in zip(kinds, answer.pair, strict=True)]
    if answer.question.type == "blood-pressure":
        reason = _said(answer) if answer.absent else {}
        return [_component(kind, reason) for kind in (_SYSTOLIC, _DIASTOLIC)] if reason else []
    return [{"code": _code(answer, building), **_said(answer)}] if answer.observed or answer.absent else []


def _pressure(code: str, display: str, element: str, value: Json) -> Json:
    return _component((code, display, element), {"valueQuantity": value})


def _component(kind: tuple[str, str, str], said: Json) -> Json:
    code, display, element = kind
    return {"code": {"coding": [coding(LOINC, code, display), coding(ELEMENTS, element)], "text": display}, **said}


def _ordered(parts: list[Json], members: Sequence[Answer], building: Building) -> list[Json]:
    """The components, one of each kind; none if the diastolic value is not below the systolic one."""
    by_code = {part["code"]["coding"][0]["code"]: part for part in reversed(parts)}
    values = [by_code.get(kind[0], {}).get("valueQuantity", {}).get("value") for kind in (_SYSTOLIC, _DIASTOLIC)]
    if None not in values and values[0] <= values[1]:
        for answer in members:
            building.tell("pressure-order", answer.column, "error")
        return []
    return [by_code[kind[0]] for kind in (_SYSTOLIC, _DIASTOLIC) if kind[0] in by_code]


def _check_index(answers: Sequence[Answer], building: Building) -> None:
    """Tell where the body mass index is not that of weight and height, or a total not that of its points."""
    amounts = {answer.question.link: answer.amount for answer in answers if answer.amount is not None}
    columns = {answer.question.link: answer.column for answer in answers}
    weight, height, index = (amounts.get(link) for link in ("weight", "height", "bmi"))
    if weight and height and index and abs(weight / (height / 100) ** 2 - index) > _BMI_SLACK:
        building.tell("bmi", columns["bmi"], "error")
    points = [amounts.get(link) for link in ("feeding", "grooming", "dressing", "toileting", "moving")]
    total = amounts.get("self-care-score")
    if total is not None and None not in points and sum(point for point in points if point is not None) != total:
        building.tell("sum", columns["self-care-score"], "error")
