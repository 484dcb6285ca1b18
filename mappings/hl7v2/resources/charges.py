"""FT1: charges (DFT P03 and P11)."""

from __future__ import annotations

from typing import Final

from mappings.hl7v2.absent import unknown
from mappings.hl7v2.building import Building
from mappings.hl7v2.context import Context
from mappings.hl7v2.engine import Rules
from mappings.hl7v2.groups import Noted
from mappings.hl7v2.leaves import field
from mappings.hl7v2.parser import Segment
from mappings.hl7v2.resources.notes import add_notes
from mappings.hl7v2.trace import mapped

#: Kind of transaction (FT1-6, v2 table 0017) to the status of the charge; a payment or an adjustment is none.
_STATUS: Final = {"CG": "billable", "D": "billable", "CD": "aborted", "CR": "aborted", "CO": "billable"}
_NO_CHARGE: Final = frozenset({"PY", "AJ"})


def charge(
    noted: Noted, patient: Building, visit: Building | None, owner: Building | None, context: Context, rules: Rules
) -> None:
    """One FT1: known by its transaction number, else by the stay, its code and its time."""
    segment = noted.segment
    if field(segment, 6) in _NO_CHARGE:
        context.refuse(segment, "a payment or an adjustment, which is no charge")
        return
    about = visit.resource["id"] if visit else patient.resource["id"]
    said = "|".join((field(segment, 7), field(segment, 4), field(segment, 1) or str(segment.ordinal)))
    number = field(segment, 2)
    authority = f"transaction|{field(segment, 2, 4)}" if number else about
    building = context.draft("ChargeItem", authority, number or said, patient.patient)
    resource = building.resource
    resource["subject"] = patient.reference
    if visit is not None:
        resource["context"] = visit.reference
    if owner is not None:
        resource["account"] = [owner.reference]
    rules.run(segment, building, context)
    resource.setdefault("code", unknown())
    resource["status"] = _status(segment, context)
    add_notes(noted.notes, building, context)


def _status(segment: Segment, context: Context) -> str:
    kind = field(segment, 6)
    if kind in _STATUS:
        context.took(segment, 6, mapped("ChargeItem.status"))
    return _STATUS.get(kind, "unknown")
