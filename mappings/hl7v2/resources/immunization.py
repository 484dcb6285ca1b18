"""RXA and RXR of vaccinations (VXU): Immunizations, told as they stand.

Known by the number of the order (the registry's own where the filler gives one) and the vaccine, else by patient,
vaccine and day. Some senders write 9999 where a dose has no order.
"""

from __future__ import annotations

from typing import Final

from mappings.hl7v2.absent import unknown
from mappings.hl7v2.building import Building
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.base import Options
from mappings.hl7v2.datatypes.coded import CONCEPT_PARTS, DATATYPES
from mappings.hl7v2.engine import Rules
from mappings.hl7v2.groups import Noted, Order
from mappings.hl7v2.leaves import field
from mappings.hl7v2.resources.case import Case, coded
from mappings.hl7v2.resources.notes import add_notes
from mappings.hl7v2.resources.order_team import vaccinators
from mappings.hl7v2.trace import mapped

#: What stands for no number in ORC-2 and ORC-3 (CDC implementation guide for immunization messaging 1.5).
_NO_ORDER: Final = frozenset({"9999", "0", ""})
#: Of NIP001: who reported a dose that they did not give.
_OF_OTHERS: Final = frozenset({f"0{n}" for n in range(1, 9)})
_CONCEPT: Final = frozenset(CONCEPT_PARTS.items())
_ORIGIN: Final = DATATYPES["CodeableConcept"].make(Options())


#: Messages about vaccinations given.
_VACCINATIONS: Final = frozenset({"VXU", "VXR", "VXX"})
#: RXA-5.3 and RXA-5.6 where the code is one of vaccines.
_VACCINE_CODES: Final = frozenset({"CVX", "http://hl7.org/fhir/sid/cvx", "2.16.840.1.113883.12.292"})


def is_vaccination(order: Order, context: Context) -> bool:
    """Whether what the order gave is vaccines: by the message, else by the codes (an answer to a query, RSP)."""
    given = [noted.segment for noted in order.all("RXA")]
    coded_as = ({field(segment, 5, 3), field(segment, 5, 6)} for segment in given)
    return context.kind in _VACCINATIONS or (bool(given) and all(each & _VACCINE_CODES for each in coded_as))


def immunizations(case: Case, context: Context, rules: Rules) -> list[Building]:
    """The Immunization of each RXA of the order."""
    return [_immunization(noted, case, context, rules) for noted in case.order.all("RXA")]


def _immunization(noted: Noted, case: Case, context: Context, rules: Rules) -> Building:
    segment = noted.segment
    building = context.draft("Immunization", *_identity(noted, case), case.owner, merge="replace")
    resource = building.resource
    case.refer(resource, patient="patient")
    resource.setdefault("patient", unknown())
    rules.run(segment, building, context)
    if case.orc is not None:
        rules.run(case.orc, building, context)
    for route in case.order.all("RXR")[:1]:
        rules.run(route.segment, building, context)
    vaccinators(case.order, building, context, rules)
    add_notes(noted.notes, building, context)
    resource.setdefault("status", "completed")
    resource.setdefault("vaccineCode", unknown())
    if "occurrenceDateTime" not in resource and "_occurrenceDateTime" not in resource:
        resource["_occurrenceDateTime"] = unknown()
    _source(noted, building, context)
    return building


def _identity(noted: Noted, case: Case) -> tuple[str, str]:
    vaccine = coded(noted.segment, 5)
    for n, role in ((3, "filler"), (2, "placer")):
        value = field(case.orc, n)
        if value not in _NO_ORDER:
            return f"{role}|{field(case.orc, n, 3) or field(case.orc, n, 2)}", f"{value}|{vaccine}"
    owner = case.owner or case.key
    return f"Patient/{owner}", f"{vaccine}|{field(noted.segment, 3)[:8]}|{field(noted.segment, 2)}"


def _source(noted: Noted, building: Building, context: Context) -> None:
    """RXA-9: 00 is a new record; 01 to 08 say that somebody else reported the dose, and who (NIP001)."""
    segment = noted.segment
    repetitions = segment.repetitions(9)
    codes = [rep.get(1) for rep in repetitions]
    if "00" in codes:
        building.resource["primarySource"] = True
        return
    nth = next((n for n, code in enumerate(codes, 1) if code in _OF_OTHERS), 0)
    if nth:
        context.segment, context.field, context.rep = segment, 9, nth
        building.resource |= {"primarySource": False, "reportOrigin": _ORIGIN(repetitions[nth - 1], context)}
        context.took(segment, 9, mapped("Immunization.reportOrigin", _CONCEPT), nth)
