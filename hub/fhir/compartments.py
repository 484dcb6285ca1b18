"""The compartments of R4 (compartmentdefinition.html), and by that of Patient which patients a resource is about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final

from hub.fhir.references import parse_reference
from hub.fhir.search_parameters import parameters
from hub.fhir.table import read_table
from hub.kernel.types import Json

#: Within the compartment of a resource (`Patient/id`): no parameter of R4, but what a URL of a compartment stands for.
COMPARTMENT: Final = "$compartment"

_PATIENT: Final = "Patient"
_TO_PATIENT: Final = "Patient/"


def _by_compartment() -> Mapping[str, Mapping[str, Sequence[str]]]:
    found: dict[str, dict[str, Sequence[str]]] = {}
    for owner, rtype, codes in read_table("compartments"):
        found.setdefault(owner, {})[rtype] = codes
    return found


#: Type whose resources have a compartment -> type in it -> codes of the parameters that put it there.
_COMPARTMENTS: Final = _by_compartment()
_CODES: Final = _COMPARTMENTS[_PATIENT]

#: The types whose resources have a compartment, in the order of their names.
OWNERS: Final = tuple(sorted(_COMPARTMENTS))

#: Elements that name whom a resource is about, before all others that may name a patient.
_LEADING: Final = ("patient", "subject", "for", "beneficiary", "individual")

#: A Group may have thousands of members: its row is about none of them.
_NOBODY: Final = frozenset({"Group"})

#: May stand in a Patient compartment, and mostly are about nobody: a cohort, and the hours of a practitioner or a room.
_SELDOM: Final = frozenset({"Group", "Schedule"})


def stands_alone(rtype: str) -> bool:
    """Whether a resource of this type may be in nobody's record: R4 has the type in no Patient compartment, or it may
    as well be about no patient.
    """
    return rtype in _SELDOM or not is_about_patients(rtype)


def is_about_patients(rtype: str) -> bool:
    """Whether resources of a type belong into a Patient compartment at all."""
    return rtype == "Patient" or bool(_CODES.get(rtype))


@cache
def compartment_types(owner: str) -> tuple[str, ...]:
    """The types of which resources belong into a compartment of an owner's type, in the order of their names."""
    return tuple(rtype for rtype in sorted({owner, *_COMPARTMENTS[owner]}) if compartment_parameters(owner, rtype))


@cache
def compartment_parameters(owner: str, rtype: str) -> tuple[str, ...]:
    """The search parameters by which a type belongs into such a compartment; `_id` of the owner itself."""
    known = parameters(rtype)
    own = ("_id",) if rtype == owner else ()
    return (*own, *(code for code in _COMPARTMENTS[owner].get(rtype, ()) if code in known))


def patient_ids(resource: Json) -> tuple[str, ...]:
    """Ids of the patients whose compartment holds the resource, the one it is about first; a Patient's own first.

    Only local references (`Patient/x`) count, whatever version they name. Odd data yields nothing.
    """
    found: dict[str, None] = {}
    if resource.get("resourceType") == "Patient" and isinstance(resource.get("id"), str):
        found[resource["id"]] = None
    for path in _paths(str(resource.get("resourceType"))):
        for value in _texts(resource, path):
            target = parse_reference(value) if value.startswith(_TO_PATIENT) else None
            if target is not None:
                found[target.id] = None
    return tuple(found)


def source_patient(resource: Json) -> str | None:
    """Id of the one patient whose row leads, or None for a resource about no patient (or, a Group, about many)."""
    rtype = resource.get("resourceType")
    if rtype in _NOBODY:
        return None
    if rtype == _PATIENT and isinstance(resource.get("id"), str):
        return str(resource["id"])
    # On the path of every resource that is written, three times: most name their patient first of all.
    for path in _paths(str(rtype)):
        for value in _texts(resource, path):
            target = parse_reference(value) if value.startswith(_TO_PATIENT) else None
            if target is not None:
                return target.id
    return None


@cache
def _paths(rtype: str) -> tuple[tuple[str, ...], ...]:
    """JSON paths of the references that put a type into the compartment, leading ones first."""
    known = parameters(rtype)
    paths = dict.fromkeys(
        _path(alternative)
        for code in _CODES.get(rtype, ())
        if code in known
        for alternative in known[code].expression.split(" | ")
    )
    return tuple(sorted(paths, key=lambda path: path[0] not in _LEADING))


def _path(expression: str) -> tuple[str, ...]:
    """`(Task.for as Reference)` or `Basic.subject.where(resolve() is Patient)` as the path of its reference text."""
    plain = expression.strip("()").partition(" as ")[0].partition(".where(")[0]
    return (*plain.split(".")[1:], "reference")


def _texts(resource: Json, path: Sequence[str]) -> list[str]:
    """The texts at a path, lists walked through."""
    values: list[Any] = [resource]
    for name in path:
        found: list[Any] = []
        for owner in values:
            value = owner.get(name) if owner.__class__ is dict else None
            if value.__class__ is list:
                found += _flat(value)
            elif value is not None:
                found.append(value)
        values = found
    return [value for value in values if value.__class__ is str]


def _flat(items: list[Any]) -> Iterator[Any]:
    for item in items:
        if item.__class__ is list:
            yield from _flat(item)
        else:
            yield item
