"""FHIR operation Patient/$match. https://hl7.org/fhir/R4/patient-operation-match.html

The candidates are persons: each is a golden Patient made of the sources the requester may see, with how sure the index
is (`search.score` 0 to 1, and the extension match-grade). Whom the requester may not see is no candidate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from hub.api.fhir.bundle import bundle, entry
from hub.api.fhir.exchange import Answer, Ask
from hub.api.fhir.parameters import refuse_parameters
from hub.api.services import Services
from hub.gate.match import Candidate
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

MATCH: Final = "http://hl7.org/fhir/OperationDefinition/Patient-match"
_GRADE: Final = "http://hl7.org/fhir/StructureDefinition/match-grade"
#: Most candidates one answer may hold; also how many it holds when nobody says.
_MOST: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """The parameters of the operation: the Patient to find, how many candidates at most, only a certain one."""

    patient: Json
    count: int = _MOST
    certain: bool = False


async def match(services: Services, ask: Ask) -> Answer:
    """Candidates, best first, as a searchset.

    Raises HubError UNREADABLE (400) for a body that is no Parameters with one Patient, FORBIDDEN for a role that looks
    for nobody.
    """
    refuse_parameters(ask, shaped=False)
    wish = read_wish(ask.resource)
    found = await services.gate.match(
        ask.actor, wish.patient, count=wish.count, certain=wish.certain, origin=ask.origin
    )
    entries = [_entry(services.base_url, candidate) for candidate in found]
    return Answer(status=200, body=bundle("searchset", entries, total=len(entries), updated=services.clock()))


def read_wish(resource: Any) -> Wish:
    """Read Parameters (R4 parameters.html) with `resource`, `count` and `onlyCertainMatches`; `count` is cut to 20.

    A Patient by itself is the `resource` (IHE PDQm 2:3.119.4.1.2). Raises HubError UNREADABLE naming what cannot be
    read.
    """
    if isinstance(resource, dict) and resource.get("resourceType") == "Patient":
        return Wish(patient=resource)
    if not isinstance(resource, dict) or resource.get("resourceType") != "Parameters":
        raise _unreadable("body", "is not a Parameters resource")
    given = resource.get("parameter")
    told: dict[str, Any] = {}
    for index, parameter in enumerate(given if isinstance(given, list) else ()):
        where = f"Parameters.parameter[{index}]"
        name = parameter.get("name") if isinstance(parameter, dict) else None
        if not isinstance(name, str) or name not in _READ or name in told:
            raise _unreadable(where, "is no parameter of this operation, or stands twice")
        told[name] = _value(name, parameter, where)
    if "resource" not in told:
        raise _unreadable("Parameters.parameter", "has no Patient in a parameter named resource")
    return Wish(
        patient=told["resource"],
        count=min(told.get("count", _MOST), _MOST),
        certain=told.get("onlyCertainMatches", False),
    )


#: Parameter, and the element that holds its value.
_READ: Final = {"resource": "resource", "count": "valueInteger", "onlyCertainMatches": "valueBoolean"}


def _value(name: str, parameter: Json, where: str) -> Any:
    value = parameter.get(_READ[name])
    sound = {
        "resource": isinstance(value, dict) and value.get("resourceType") == "Patient",
        "count": isinstance(value, int) and not isinstance(value, bool) and value > 0,
        "onlyCertainMatches": isinstance(value, bool),
    }
    if not sound[name]:
        raise _unreadable(where, f"has no {_READ[name]} this operation can use")
    return value


def _entry(base_url: str, candidate: Candidate) -> bytes:
    grade = {"url": _GRADE, "valueCode": candidate.grade}
    search = {"extension": [grade], "mode": "match", "score": candidate.score}
    released = candidate.patient
    return entry(full_url=f"{base_url}/{released.type}/{released.id}", resource=released.body, search=search)


def _unreadable(where: str, what: str) -> HubError:
    return HubError(Category.UNREADABLE, what, where=where, todo="send Parameters as R4 Patient/$match says")
