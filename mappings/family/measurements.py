"""What a village doctor measured on a visit: one Observation for each value, blood pressure as its panel.

A value that no cuff or meter can have read is refused with its record: glucose in mg/dL shows itself by that.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Final, NamedTuple

from hub.kernel.errors import Category, HubError
from hub.kernel.types import Draft, Json
from mappings.family.records import Author, doctor

_LOINC: Final = "http://loinc.org"
_CATEGORY: Final = "http://terminology.hl7.org/CodeSystem/observation-category"
_LABORATORY: Final = frozenset({"glucose"})


class Measure(NamedTuple):
    """A row of `tables/measurements.csv`."""

    code: Json
    unit: str
    low: Decimal
    high: Decimal
    panel: str


def _rows() -> Iterator[Mapping[str, str]]:
    with (Path(__file__).parent / "tables" / "measurements.csv").open(encoding="utf-8", newline="") as lines:
        next(lines)
        yield from csv.DictReader(lines)


MEASURES: Final[Mapping[str, Measure]] = {
    row["member"]: Measure(
        code={"coding": [{"system": _LOINC, "code": row["code"]}], "text": row["text"]},
        unit=row["unit"],
        low=Decimal(row["low"]),
        high=Decimal(row["high"]),
        panel=row["panel"],
    )
    for row in _rows()
}


def measurement(record: Json, who: str, author: Author) -> list[Draft]:
    """The drafts of what was measured when the record was made.

    Raises HubError INVALID where nothing was, for a value nobody can believe, and for a diastolic pressure that is not
    below the systolic one.
    """
    values = {name: _believed(name, record[name]) for name in MEASURES if name in record}
    if not values:
        raise _invalid("measured nothing", "(top)", f"give one of: {', '.join(MEASURES)}", "no-measure")
    if values.get("diastolic", Decimal(0)) >= values.get("systolic", Decimal("Infinity")):
        raise _invalid("is not below the systolic pressure", "diastolic", "measure again", "implausible")
    made = {name: value for name, value in values.items() if not MEASURES[name].panel}
    contents = {name: _single(name, value, record) for name, value in made.items()}
    pressures = {name: value for name, value in values.items() if MEASURES[name].panel}
    if pressures:
        contents["pressure"] = _panel(pressures)
    common: Json = {
        "status": "final",
        "subject": {"reference": f"Patient/{who}"},
        "effectiveDateTime": record["recordedAt"],
        "performer": [doctor(record["doctor"]), {"reference": f"Organization/{author.facility}"}],
    }
    return [
        author.draft("Observation", "measurement", f"{record['key']}|{name}", common | content, who)
        for name, content in contents.items()
    ]


def _single(name: str, value: Decimal, record: Json) -> Json:
    code = MEASURES[name].code
    if name == "glucose" and record.get("fasting"):
        code = {**code, "text": f"空腹{code['text']}"}
    category = "laboratory" if name in _LABORATORY else "vital-signs"
    return {**_category(category), "code": code, "valueQuantity": _quantity(name, value)}


def _panel(pressures: Mapping[str, Decimal]) -> Json:
    code = {"coding": [{"system": _LOINC, "code": MEASURES["systolic"].panel}], "text": "血压"}
    parts = [
        {"code": MEASURES[name].code, "valueQuantity": _quantity(name, value)} for name, value in pressures.items()
    ]
    return {**_category("vital-signs"), "code": code, "component": parts}


def _category(code: str) -> Json:
    return {"category": [{"coding": [{"system": _CATEGORY, "code": code}]}]}


def _quantity(name: str, value: Decimal) -> Json:
    unit = MEASURES[name].unit
    return {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}


def _believed(name: str, value: Decimal | int) -> Decimal:
    measure, found = MEASURES[name], Decimal(value)
    if not measure.low <= found <= measure.high:
        todo = f"give it in {measure.unit}, between {measure.low} and {measure.high}"
        raise _invalid("cannot have been measured", name, todo, "implausible")
    return found


def _invalid(what: str, where: str, todo: str, code: str) -> HubError:
    return HubError(Category.INVALID, what, where=where, todo=todo, code=code)
