"""The monthly report of the chronic-disease centre: rates over counts of persons, which is all it is told.

The report is made and shown, not stored: it is about nobody, and the hub keeps records of patients.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from hub.demo.stage import Stage
from hub.demo.story import data
from hub.demo.terms import UCUM
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

#: Who asks, by `actors.yaml`, and the organisation that reports.
_ASKER: Final = "centre"
_REPORTER: Final = "Organization/F08"
_BASE: Final = "https://yilian-hub.example/fhir"
_POPULATION: Final = "http://terminology.hl7.org/CodeSystem/measure-population"
_DAYS: Final = 30


def measure_report(stage: Stage) -> Json:
    """The MeasureReport of the last thirty days. Raises HubError CONFLICT where a count is withheld as too small."""
    last = stage.calendar.day(0)
    return {
        "resourceType": "MeasureReport",
        "status": "complete",
        "type": "summary",
        "measure": f"{_BASE}/Measure/hypertension-management",
        "date": stage.calendar.now.isoformat(timespec="seconds"),
        "reporter": {"reference": _REPORTER},
        "period": {"start": (last - timedelta(days=_DAYS)).isoformat(), "end": last.isoformat()},
        "group": [_group(row, stage) for row in data("measures.yaml")],
    }


def scores(report: Json) -> Iterator[tuple[str, Decimal, int, int]]:
    """Title, score in percent, numerator and denominator of each group."""
    for group in report["group"]:
        below, above = (population["count"] for population in group["population"])
        yield group["code"]["text"], group["measureScore"]["value"], above, below


def _group(row: Json, stage: Stage) -> Json:
    below, above = _count(row["denominator"], stage), _count(row["numerator"], stage)
    score = (Decimal(100) * above / below).quantize(Decimal("0.1"))
    return {
        "code": {"coding": [{"system": f"{_BASE}/CodeSystem/indicator", "code": row["code"]}], "text": row["title"]},
        "population": [_population("denominator", below), _population("numerator", above)],
        "measureScore": {"value": score, "unit": "%", "system": UCUM, "code": "%"},
    }


def _population(code: str, count: int) -> Json:
    return {"code": {"coding": [{"system": _POPULATION, "code": code}]}, "count": count}


def _count(search: str, stage: Stage) -> int:
    """How many persons a search finds something of."""
    told: Any = stage.perform({"as": _ASKER, "post": "api/aggregates", "body": {"count": search}}).content
    cells = told.get("cells") if isinstance(told, dict) else None
    if not cells:
        raise HubError(Category.CONFLICT, "a count is withheld", where="api/aggregates", todo="play the whole demo")
    return int(cells[0]["persons"])
