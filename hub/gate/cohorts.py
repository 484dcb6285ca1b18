"""Whom a Group means, for an export: its members, or whoever a search finds when the Group is used.

A Group is in nobody's record, so only the legal entity that wrote it may use it, and read it (hub.gate.unplaced): to
all others there is no such Group. That it names a patient opens nothing: what
is exported is judged row by row.

A search stands in the modifier extension `member-filter` of the Bulk Data Access IG (3.0, profile Bulk Cohort Group):
several of them must all find something of a patient, and where there are members too, they are narrowed by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from hub.fhir.compartments import is_about_patients
from hub.fhir.json import loads
from hub.fhir.references import parse_reference
from hub.fhir.temporal import interval
from hub.gate.export_wish import read_filter
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.store.criteria import Query

MEMBER_FILTER: Final = "http://hl7.org/fhir/uv/bulkdata/StructureDefinition/member-filter"
_LANGUAGE: Final = "application/x-fhir-query"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """Ids of source patients or persons (None: anybody), of whom something fulfils each of the filters."""

    patients: tuple[str, ...] | None
    filters: tuple[Query, ...] = ()


def cohort_of(body: bytes, at: datetime, base_url: str) -> Cohort:
    """Whom a stored Group means at an instant.

    Raises HubError UNSUPPORTED or INVALID for a Group that means no patients, or that the hub cannot evaluate.
    """
    group: Json = loads(body)
    if group.get("type") != "person":
        raise _unfit("is not a group of persons", "Group.type")
    filters = tuple(_filter(extension, base_url) for extension in group.get("modifierExtension", ()))
    if filters and group.get("characteristic"):
        raise _unfit("has characteristics beside a member-filter", "Group.characteristic")
    members = group.get("member")
    if not members and not filters:
        raise _unfit("has no members, and no member-filter that finds them", "Group.member")
    patients = None if not members else tuple(_patients(members, at, base_url))
    return Cohort(patients=patients, filters=filters)


def _filter(extension: Json, base_url: str) -> Query:
    where = "Group.modifierExtension"
    expression = extension.get("valueExpression", {})
    if extension.get("url") != MEMBER_FILTER or expression.get("language") != _LANGUAGE:
        raise _unfit("has a modifier the hub does not know", where)
    found = read_filter(str(expression.get("expression", "")), where, base_url)
    if not is_about_patients(found.type or ""):
        raise _unfit("filters by a type that is about no patient", where)
    return found


def _patients(members: Sequence[Json], at: datetime, base_url: str) -> list[str]:
    found = []
    for member in members:
        target = parse_reference(str(member.get("entity", {}).get("reference", "")), base_url)
        if target is None or target.type != "Patient" or member.get("modifierExtension"):
            raise _unfit("has a member that is no Patient of this server, or with a modifier", "Group.member")
        if member.get("inactive") is not True and not _over(member.get("period"), at):
            found.append(target.id)
    return found


def _over(period: Any, at: datetime) -> bool:
    """Whether a membership is not in force at an instant."""
    if not isinstance(period, dict):
        return False
    begins, ends = period.get("start"), period.get("end")
    late = isinstance(begins, str) and interval(begins)[0] > at
    high = interval(ends)[1] if isinstance(ends, str) else None
    return late or (high is not None and high <= at)


def _unfit(what: str, where: str) -> HubError:
    return HubError(Category.UNSUPPORTED, what, where=where, todo="correct the Group", code="group")
