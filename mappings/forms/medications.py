"""What somebody takes, as MedicationStatements: columns that are numbered together belong together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from hub.kernel.types import Json
from mappings.forms.answers import Answer
from mappings.forms.building import Building, stated
from mappings.forms.text import narrow
from mappings.forms.visit import Visit

_NONE: Final = frozenset({"无", "否", "未用药", "未服药", "不服药", "没有"})
_SEVERAL: Final = re.compile(r"[;\n]+")
_DOSE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([^\d\s]+)", re.ASCII)


def medications(answers: Sequence[Answer], seen: Visit, building: Building) -> list[Json]:
    """References to the statements of a row, one for each medicine."""
    found: list[Json] = []
    for group in _groups(answers):
        name = group.get("name")
        if name is None or name.text.strip() in _NONE:
            if name is None:
                building.tell("medicine-nameless", next(iter(group.values())).column)
            continue
        names = [text.strip() for text in _SEVERAL.split(name.text.replace(";", ";")) if text.strip()]
        for answer in group.values():
            building.became(answer.column, "MedicationStatement")
        uses = {kind: answer for kind, answer in group.items() if kind != "name"} if len(names) == 1 else {}
        found += [_statement(text, uses, seen, building) for text in names]
    return found


def _groups(answers: Sequence[Answer]) -> list[dict[str, Answer]]:
    """Answers by what they say of a medicine, in groups: insulin is one, and each number is one."""
    groups: dict[tuple[str, int], dict[str, Answer]] = {}
    for answer in answers:
        kind, _, what = answer.question.fills.partition(".")
        if kind == "medicine" and not answer.absent:
            family = "" if answer.question.repeats else answer.question.link.partition("-")[0]
            groups.setdefault((family, answer.place), {}).setdefault(what, answer)
    return list(groups.values())


def _statement(name: str, uses: dict[str, Answer], seen: Visit, building: Building) -> Json:
    content = stated(
        {
            "status": "active",
            "medicationCodeableConcept": {"text": name},
            "subject": seen.subject,
            "context": seen.encounter,
            "effectiveDateTime": seen.when,
            "dateAsserted": seen.when,
            "dosage": _dosage(uses),
        }
    )
    return building.draft("MedicationStatement", "form", f"{seen.key}|{name}", content)


def _dosage(uses: dict[str, Answer]) -> list[Json]:
    texts = [uses[kind].text.strip() for kind in ("use", "dose", "times") if kind in uses]
    times = uses["times"].amount if "times" in uses else None
    repeat = {"frequency": int(times), "period": 1, "periodUnit": "d"} if times and times == int(times) else {}
    dose = _DOSE.fullmatch(narrow(uses["dose"].text)) if "dose" in uses else None
    made = stated(
        {
            "text": " ".join(texts),
            "timing": {"repeat": repeat} if repeat else {},
            "doseAndRate": [{"doseQuantity": _amount(dose)}] if dose else [],
        }
    )
    return [made] if made else []


def _amount(dose: re.Match[str]) -> Json:
    return {"value": Decimal(dose[1]), "unit": dose[2]}
