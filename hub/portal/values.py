"""The value of an Observation as the reader sees it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from hub.kernel.types import Json
from hub.portal.elements import code, codes, concept, objects, text
from hub.portal.moments import minute
from hub.portal.texts import Texts

SYSTOLIC: Final = "http://loinc.org|8480-6"
DIASTOLIC: Final = "http://loinc.org|8462-4"

#: UCUM codes that are commonly written in another way (UCUM section 2.4).
_UNITS: Final = {"mm[Hg]": "mmHg", "umol/L": "µmol/L", "Cel": "°C", "kg/m2": "kg/m²"}

#: Which way an interpretation points, for the mark beside the value.
_MARKS: Final = {"H": "↑", "HH": "↑↑", "HU": "↑↑", "L": "↓", "LL": "↓↓", "LU": "↓↓", ">": "↑↑", "<": "↓↓"}
_CRITICAL: Final = frozenset({"HH", "LL", "AA", "HU", "LU", ">", "<"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One measured thing: its name, value with unit, reference range, and how it was judged (`flag` in words)."""

    name: str
    value: str
    range: str = ""
    mark: str = ""
    flag: str = ""
    critical: bool = False


def results_of(observation: Json, say: Texts) -> Iterator[Result]:
    """The value of an Observation, or those of its components."""
    name = concept(observation.get("code"))
    value = value_of(observation) or _pressure(observation)
    if value:
        yield _result(name, value, observation, say)
    for part in () if _pressure(observation) else objects(observation, "component"):
        yield _result(concept(part.get("code")) or name, value_of(part), part, say)


def _result(name: str, value: str, holder: Json, say: Texts) -> Result:
    judged = next(filter(None, map(code, objects(holder, "interpretation"))), "")
    flag = say.code("interpretation", judged)
    return Result(
        name=name,
        value=value,
        range=_range(holder),
        mark=_MARKS.get(judged, "!" if flag else ""),
        flag=flag,
        critical=judged in _CRITICAL,
    )


def _pressure(observation: Json) -> str:
    """`134/82 mmHg` for a blood pressure panel (FHIR R4 profile `bp`); empty for anything else."""
    parts = {one: part for part in objects(observation, "component") for one in codes(part.get("code"))}
    upper, lower = (parts.get(one, {}).get("valueQuantity") for one in (SYSTOLIC, DIASTOLIC))
    if not isinstance(upper, dict) or not isinstance(lower, dict) or len(objects(observation, "component")) != 2:
        return ""
    return f"{upper.get('value', '–')}/{lower.get('value', '–')} {unit_of(upper)}"


def value_of(holder: Json) -> str:
    """The value of an Observation or a component; the reason for its absence where it has none."""
    for name, read in _READERS.items():
        if name in holder:
            return read(holder[name])
    return concept(holder.get("dataAbsentReason"))


def quantity(value: Any) -> str:
    """`9.8 mmol/L`, with the digits as they were stated."""
    if not isinstance(value, dict) or "value" not in value:
        return ""
    return f"{text(value, 'comparator')}{value['value']} {unit_of(value)}".strip()


def unit_of(value: Json) -> str:
    """The unit of a Quantity as it is commonly written."""
    stated = text(value, "unit") or text(value, "code")
    return _UNITS.get(stated, stated)


def _range(holder: Json) -> str:
    for one in objects(holder, "referenceRange"):
        low, high = one.get("low"), one.get("high")
        if isinstance(low, dict) and isinstance(high, dict):
            return f"{low.get('value', '')}–{high.get('value', '')}"
        if said := text(one, "text"):
            return said
        if isinstance(high, dict):
            return f"≤{high.get('value', '')}"
        if isinstance(low, dict):
            return f"≥{low.get('value', '')}"
    return ""


def _ratio(value: Any) -> str:
    return ":".join(quantity(value.get(part)) for part in ("numerator", "denominator"))


def _moment(value: Any) -> str:
    """A dateTime as the wall clock of the county says it; a date as it is."""
    return minute(datetime.fromisoformat(value)) if "T" in str(value) else str(value)


_READERS: Final[Mapping[str, Callable[[Any], str]]] = {
    "valueQuantity": quantity,
    "valueCodeableConcept": concept,
    "valueString": str,
    "valueInteger": str,
    "valueBoolean": lambda value: "✓" if value else "✗",
    "valueDateTime": _moment,
    "valueTime": str,
    "valueRange": lambda value: "–".join(quantity(value.get(end)) for end in ("low", "high")),
    "valueRatio": _ratio,
    "valuePeriod": lambda value: "–".join(str(value.get(end, "")) for end in ("start", "end")),
    "valueSampledData": lambda _: "∿",
}
