"""The values a consent template is filled with, read from JSON; each refusal names the value and what it should be."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from hub.fhir.structure import RESOURCE_TYPES
from hub.fhir.temporal import interval
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

Values = Mapping[str, Any]

#: Sensitivity labels a template may name (consent rules, section 2).
LABELS: Final = ("HIV", "STD", "PSY", "PSYTHPN", "SEX", "SDV", "ETH", "ETHUD", "OPIOIDUD", "GDIS")
LONGEST: Final = timedelta(days=366)
MOST: Final = 50

_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")


def codes(values: Values) -> list[Json]:
    """`codes`: a list of {system, code, display?}, as CodeableConcepts."""
    return [_concept(one) for one in _list(values, "codes", "[{system, code}]")]


def labels(values: Values) -> list[Json]:
    """`labels`: a list of sensitivity labels, as Codings of v3-ActCode."""
    found = _list(values, "labels", f"some of {', '.join(LABELS)}")
    if not all(label in LABELS for label in found):
        raise _wrong("labels", f"some of {', '.join(LABELS)}")
    return [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": label} for label in found]


def types(values: Values) -> list[Json]:
    """`types`: a list of resource types, as Codings of `class`."""
    found = _list(values, "types", "FHIR resource types")
    if not all(isinstance(name, str) and name in RESOURCE_TYPES for name in found):
        raise _wrong("types", "FHIR resource types")
    return [{"system": "http://hl7.org/fhir/resource-types", "code": name} for name in found]


def organization(values: Values) -> str:
    """`organization`: a facility code, as a reference."""
    return f"Organization/{_id(values, 'organization', 'the code of a facility')}"


def practitioner(values: Values) -> str:
    """`practitioner`: the id of a Practitioner, as a reference."""
    return f"Practitioner/{_id(values, 'practitioner', 'the id of a Practitioner')}"


def hours(values: Values) -> timedelta:
    """`hours`: a whole number, at least 1, at most a year."""
    found = values.get("hours")
    if isinstance(found, bool) or not isinstance(found, int) or not 1 <= found <= LONGEST / timedelta(hours=1):
        raise _wrong("hours", "a whole number from 1 to 8784")
    return timedelta(hours=found)


def day(name: str) -> Callable[[Values], str]:
    """Reads a date, or a time with its zone, as it is written."""

    def read(values: Values) -> str:
        found = values.get(name)
        try:
            timed = isinstance(found, str) and (len(found) == 10 or found[-1:] == "Z" or found[-6:-5] in ("+", "-"))
            if not isinstance(found, str) or not timed:
                raise _wrong(name, "a date, or a time with its zone")
            interval(found)
        except HubError:
            raise _wrong(name, "a date, or a time with its zone") from None
        return found

    return read


def flag(values: Values, name: str) -> bool:
    """A boolean that may be left out."""
    found = values.get(name, False)
    if not isinstance(found, bool):
        raise _wrong(name, "true or false")
    return found


def _concept(one: Any) -> Json:
    coded = isinstance(one, dict) and all(isinstance(one.get(key), str) and one[key] for key in ("system", "code"))
    if not coded:
        raise _wrong("codes", "[{system, code}]")
    return {"coding": [{key: one[key] for key in ("system", "code", "display") if isinstance(one.get(key), str)}]}


def _list(values: Values, name: str, should: str) -> list[Any]:
    found = values.get(name)
    if not isinstance(found, list) or not 1 <= len(found) <= MOST:
        raise _wrong(name, f"1 to {MOST} of: {should}")
    return found


def _id(values: Values, name: str, should: str) -> str:
    found = values.get(name)
    if not isinstance(found, str) or not _ID.fullmatch(found):
        raise _wrong(name, should)
    return found


def _wrong(name: str, should: str) -> HubError:
    return HubError(
        Category.INVALID, "is missing or not what it should be", where=name, todo=should, code="template-value"
    )
