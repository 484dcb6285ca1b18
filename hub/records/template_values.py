"""The values a consent template is filled with, read from JSON; each refusal names the value and what it should be."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from hub.fhir.structure import RESOURCE_TYPES
from hub.fhir.temporal import interval
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.records.consent_vocabulary import CATEGORIES, LABELS

Values = Mapping[str, Any]

LONGEST: Final = timedelta(days=366)
MOST: Final = 50

_LABEL_SYSTEM: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
_TYPE_SYSTEM: Final = "http://hl7.org/fhir/resource-types"
#: What each value is, told where it is missing.
_SHOULD: Final = {
    "codes": "[{system, code}]",
    "types": "FHIR resource types",
    "labels": f"some of {', '.join(LABELS)}",
    "categories": f"some of {', '.join(CATEGORIES)}",
    "organization": "the code of a facility",
    "practitioner": "the id of a Practitioner",
    "hours": "a whole number from 1 to 8784",
    "until": "a date, or a time with its zone",
}

_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")


def require(values: Values, names: Iterable[str]) -> None:
    """Raises HubError INVALID for the first value that must be there and is not."""
    for name in names:
        if name not in values:
            raise _wrong(name)


def criteria(values: Values, names: Sequence[str]) -> list[Json]:
    """The criteria that stand for what is named under these names, one for each kind: code, class, securityLabel.

    Kinds are apart since criteria of one provision must hold together. Raises HubError INVALID for what is none, and
    where nothing is named.
    """
    found: dict[str, list[Json]] = {}
    for name in names:
        for criterion, one in _READERS[name](values) if name in values else ():
            found.setdefault(criterion, []).append(one)
    if not found:
        raise _wrong(names[0])
    return [{criterion: named} for criterion, named in found.items()]


def _categories(values: Values) -> Iterator[tuple[str, Json]]:
    for name in _list(values, "categories"):
        kind = CATEGORIES.get(name) if isinstance(name, str) else None
        if kind is None:
            raise _wrong("categories")
        yield from (("code", {"coding": [{"system": kind.system, "code": code}]}) for code in kind.codes)
        yield from (("class", {"system": _TYPE_SYSTEM, "code": rtype}) for rtype in kind.types)
        yield from (("securityLabel", {"system": _LABEL_SYSTEM, "code": label}) for label in kind.labels)


def _codes(values: Values) -> Iterator[tuple[str, Json]]:
    """`codes`: a list of {system, code, display?}, as CodeableConcepts."""
    return (("code", _concept(one)) for one in _list(values, "codes"))


def _labels(values: Values) -> Iterator[tuple[str, Json]]:
    """`labels`: a list of sensitivity labels, as Codings of v3-ActCode."""
    found = _list(values, "labels")
    if not all(isinstance(label, str) and label in LABELS for label in found):
        raise _wrong("labels")
    return (("securityLabel", {"system": _LABEL_SYSTEM, "code": label}) for label in found)


def _types(values: Values) -> Iterator[tuple[str, Json]]:
    """`types`: a list of resource types, as Codings of `class`."""
    found = _list(values, "types")
    if not all(isinstance(name, str) and name in RESOURCE_TYPES for name in found):
        raise _wrong("types")
    return (("class", {"system": _TYPE_SYSTEM, "code": name}) for name in found)


_READERS: Final = {"categories": _categories, "codes": _codes, "labels": _labels, "types": _types}


def organization(values: Values) -> str:
    """`organization`: a facility code, as a reference."""
    return f"Organization/{_id(values, 'organization')}"


def practitioner(values: Values) -> str:
    """`practitioner`: the id of a Practitioner, as a reference."""
    return f"Practitioner/{_id(values, 'practitioner')}"


def hours(values: Values) -> timedelta:
    """`hours`: a whole number, at least 1, at most a year."""
    found = values.get("hours")
    if isinstance(found, bool) or not isinstance(found, int) or not 1 <= found <= LONGEST / timedelta(hours=1):
        raise _wrong("hours")
    return timedelta(hours=found)


def day(name: str) -> Callable[[Values], str]:
    """Reads a date, or a time with its zone, as it is written."""

    def read(values: Values) -> str:
        found = values.get(name)
        try:
            timed = isinstance(found, str) and (len(found) == 10 or found[-1:] == "Z" or found[-6:-5] in ("+", "-"))
            if not isinstance(found, str) or not timed:
                raise _wrong(name)
            interval(found)
        except HubError:
            raise _wrong(name) from None
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
        raise _wrong("codes")
    return {"coding": [{key: one[key] for key in ("system", "code", "display") if isinstance(one.get(key), str)}]}


def _list(values: Values, name: str) -> list[Any]:
    found = values.get(name)
    if not isinstance(found, list) or not 1 <= len(found) <= MOST:
        raise _wrong(name, f"1 to {MOST} of: {_SHOULD[name]}")
    return found


def _id(values: Values, name: str) -> str:
    found = values.get(name)
    if not isinstance(found, str) or not _ID.fullmatch(found):
        raise _wrong(name)
    return found


def _wrong(name: str, should: str = "") -> HubError:
    return HubError(
        Category.INVALID,
        "is missing or not what it should be",
        where=name,
        todo=should or _SHOULD[name],
        code="template-value",
    )
