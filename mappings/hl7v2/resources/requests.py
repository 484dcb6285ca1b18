"""ORC and OBR as the ServiceRequest, which the order, its changes and its results share."""

from __future__ import annotations

from typing import Final

from hub.kernel.types import Json
from mappings.hl7v2.absent import unknown
from mappings.hl7v2.building import Building
from mappings.hl7v2.codetables import table
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.times import Moment, moment
from mappings.hl7v2.datatypes.timing import mend_timing
from mappings.hl7v2.engine import Rules
from mappings.hl7v2.leaves import field
from mappings.hl7v2.parser import Segment
from mappings.hl7v2.resources.case import Case, placed
from mappings.hl7v2.resources.notes import add_notes
from mappings.hl7v2.resources.periods import mend_period
from mappings.hl7v2.trace import mapped

#: Statuses of a report (R4 diagnostic-report-status) that end its order.
_FINAL: Final = frozenset({"final", "corrected"})
#: Statuses a result does not end.
_STANDING: Final = frozenset({"revoked", "entered-in-error"})
#: What tells when a service is wanted.
_TIMES: Final = frozenset({"occurrenceDateTime", "_occurrenceDateTime", "occurrenceTiming"})
#: Control codes behind which ORC-9 may be when the order was made, if nobody said when it was (see `authored`).
_HEARD_OF: Final = frozenset({"", "RE", "NA", "OK", "PA", "CH", "PR"})


def service_request(
    case: Case, specimens: list[Building], context: Context, rules: Rules, *, ordering: bool
) -> Building | None:
    """The ServiceRequest of an order; results without ORC and OBR were asked for by nothing that is told."""
    if case.obr is None and case.orc is None:
        return None
    authority, number = placed(case)
    building = context.draft("ServiceRequest", authority, f"{number}|{case.service}", case.owner)
    resource = building.resource
    case.refer(resource)
    resource.setdefault("subject", unknown())
    for noted in (case.order.orc, *case.order.all("TQ1"), case.order.obr):
        if noted is not None:
            rules.run(noted.segment, building, context)
            add_notes(noted.notes, building, context)
    for noted in case.order.others:
        if noted.segment.name != "TQ1":
            rules.run(noted.segment, building, context)
            add_notes(noted.notes, building, context)
    _occurrence(resource, case, context)
    if ordering and case.obr is not None and not specimens and _TIMES.isdisjoint(resource):
        _wanted(case.obr, resource, context)
    _because(case, resource, context)
    authored(case.orc, building, context)
    resource.setdefault("intent", "order")
    if "orderDetail" in resource:  # R4 ServiceRequest, prr-1
        resource.setdefault("code", unknown())
    if specimens:
        resource["specimen"] = [specimen.reference for specimen in specimens]
    _status(case, building, ordering=ordering)
    return building


def _status(case: Case, building: Building, *, ordering: bool) -> None:
    """The order's own status stands; a final result completes what nobody cancelled."""
    report = None if ordering else table("report-status").get(field(case.obr, 25))
    done = report is not None and report.code in _FINAL
    stated = building.resource.get("status")
    if done and table("order-status").get(field(case.orc, 5)) is None and stated not in _STANDING:
        building.resource["status"] = "completed"
    elif stated is None:
        building.defaults["status"] = "active"


def authored(orc: Segment | None, building: Building, context: Context) -> None:
    """Where the first that is heard of an order is not its placing, ORC-9 is the best there is."""
    said = moment(field(orc, 9)) if field(orc, 1) in _HEARD_OF else None
    if isinstance(said, Moment) and "authoredOn" not in building.resource:
        building.defaults["authoredOn"] = said.date_time(context.zone)


def _occurrence(resource: Json, case: Case, context: Context) -> None:
    """One element says when: a requested time (OBR-6) beside a pattern is the start of it."""
    timing = resource.get("occurrenceTiming")
    if timing is None:
        return
    for name, start in (("occurrenceDateTime", "start"), ("_occurrenceDateTime", "_start")):
        asked = resource.pop(name, None)
        if asked is not None:
            timing.setdefault("repeat", {}).setdefault("boundsPeriod", {}).setdefault(start, asked)
    mend_timing(timing, context)
    source = next(case.order.segments(), None)
    if source is not None:
        mend_period(timing.get("repeat", {}), "boundsPeriod", source, context)


def _wanted(obr: Segment, resource: Json, context: Context) -> None:
    """When a service without a specimen is wanted, where OBR-7 and OBR-8 alone say so: nothing was observed yet."""
    start, end = (moment(field(obr, n)) for n in (7, 8))
    if start is None:
        return
    began = start.date_time(context.zone)
    context.took(obr, 7, mapped("ServiceRequest.occurrence[x]"))
    if end is None:
        resource["occurrenceDateTime"] = began
        return
    context.took(obr, 8, mapped("ServiceRequest.occurrencePeriod.end"))
    resource["occurrencePeriod"] = {"start": began, "end": end.date_time(context.zone)}
    mend_period(resource, "occurrencePeriod", obr, context)


def _because(case: Case, resource: Json, context: Context) -> None:
    """DG1 of an order say why it was placed."""
    found = [context.became[each.position] for each in case.order.diagnoses if each.position in context.became]
    reasons = [building.reference for building in found]
    if reasons:
        resource["reasonReference"] = list({each["reference"]: each for each in reasons}.values())
