"""Release facts: what the gate must know of a resource, computed once when it is written.

The tables name elements by dotted path; lists on the way are walked through.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import IntFlag
from typing import Any, Final

from consent.tables import NON_PATIENT_TYPES
from hub.fhir.temporal import TICK, Interval, interval
from hub.kernel.errors import HubError
from hub.kernel.types import Json
from hub.store.values import Facts

#: Elements that name the organisation which answers for a resource, best first (R4 4.0.1 reference targets).
AUTHOR_ORGANIZATION: Final[Mapping[str, tuple[str, ...]]] = {
    "Account": ("owner",),
    "CarePlan": ("author", "contributor"),
    "CareTeam": ("managingOrganization",),
    "ChargeItem": ("performingOrganization", "requestingOrganization"),
    "Claim": ("provider",),
    "Communication": ("sender",),
    "CommunicationRequest": ("sender", "requester"),
    "Composition": ("custodian", "author"),
    "Consent": ("organization",),
    "Device": ("owner",),
    "DeviceRequest": ("requester",),
    "DiagnosticReport": ("performer", "resultsInterpreter"),
    "DocumentManifest": ("author",),
    "DocumentReference": ("custodian", "author"),
    "Encounter": ("serviceProvider",),
    "EpisodeOfCare": ("managingOrganization",),
    "Flag": ("author",),
    "Group": ("managingEntity",),
    "HealthcareService": ("providedBy",),
    "ImagingStudy": ("series.performer.actor",),
    "Immunization": ("performer.actor",),
    "Location": ("managingOrganization",),
    "MeasureReport": ("reporter",),
    "Media": ("operator",),
    "MedicationDispense": ("performer.actor",),
    "MedicationRequest": ("requester",),
    "MedicationStatement": ("informationSource",),
    "Observation": ("performer",),
    "Patient": ("managingOrganization",),
    "PractitionerRole": ("organization",),
    "Procedure": ("performer.onBehalfOf", "performer.actor"),
    "Provenance": ("agent.onBehalfOf", "agent.who"),
    "QuestionnaireResponse": ("author",),
    "ServiceRequest": ("requester",),
    "SupplyDelivery": ("supplier",),
    "Task": ("requester",),
}

#: Elements whose practitioners are the authors of a resource, in every type that has them.
AUTHORS: Final = ("performer", "author", "recorder", "requester", "participant")

#: Elements that say when it happened, best first; `a|b` is a pair of start and end.
CLINICAL_TIME: Final[Mapping[str, tuple[str, ...]]] = {
    "AllergyIntolerance": ("onsetDateTime", "onsetPeriod", "recordedDate"),
    "Appointment": ("start|end",),
    "AuditEvent": ("period", "recorded"),
    "CarePlan": ("period", "created"),
    "CareTeam": ("period",),
    "ChargeItem": ("occurrenceDateTime", "occurrencePeriod", "occurrenceTiming", "enteredDate"),
    "Claim": ("billablePeriod", "created"),
    "ClinicalImpression": ("effectiveDateTime", "effectivePeriod", "date"),
    "Communication": ("sent", "received"),
    "CommunicationRequest": ("occurrenceDateTime", "occurrencePeriod", "authoredOn"),
    "Composition": ("date",),
    "Condition": ("onsetDateTime", "onsetPeriod", "recordedDate"),
    "Consent": ("dateTime",),
    "DeviceRequest": ("occurrenceDateTime", "occurrencePeriod", "occurrenceTiming", "authoredOn"),
    "DeviceUseStatement": ("timingDateTime", "timingPeriod", "timingTiming", "recordedOn"),
    "DiagnosticReport": ("effectiveDateTime", "effectivePeriod", "issued"),
    "DocumentManifest": ("created",),
    "DocumentReference": ("context.period", "date"),
    "Encounter": ("period",),
    "EpisodeOfCare": ("period",),
    "FamilyMemberHistory": ("date",),
    "Flag": ("period",),
    "Goal": ("startDate",),
    "ImagingStudy": ("started",),
    "Immunization": ("occurrenceDateTime", "recorded"),
    "List": ("date",),
    "Media": ("createdDateTime", "createdPeriod", "issued"),
    "MedicationAdministration": ("effectiveDateTime", "effectivePeriod"),
    "MedicationDispense": ("whenHandedOver", "whenPrepared"),
    "MedicationRequest": ("authoredOn",),
    "MedicationStatement": ("effectiveDateTime", "effectivePeriod", "dateAsserted"),
    "NutritionOrder": ("dateTime",),
    "Observation": ("effectiveDateTime", "effectivePeriod", "effectiveInstant", "effectiveTiming", "issued"),
    "Procedure": ("performedDateTime", "performedPeriod"),
    "Provenance": ("occurredDateTime", "occurredPeriod", "recorded"),
    "QuestionnaireResponse": ("authored",),
    "RiskAssessment": ("occurrenceDateTime", "occurrencePeriod"),
    "ServiceRequest": ("occurrenceDateTime", "occurrencePeriod", "occurrenceTiming", "authoredOn"),
    "Specimen": ("collection.collectedDateTime", "collection.collectedPeriod", "receivedTime"),
    "SupplyDelivery": ("occurrenceDateTime", "occurrencePeriod", "occurrenceTiming"),
    "Task": ("executionPeriod", "authoredOn"),
}


class Flag(IntFlag):
    """Why a body may need to be parsed when it is released."""

    NARRATIVE = 1  #: has a text that may repeat restricted content
    DISPLAY = 2  #: says of something about a patient, to which it refers, more than where it is


def facts_of(resource: Json, writer_org: str, facilities: Collection[str] = ()) -> Facts:
    """The release facts of `resource`, written by the facility `writer_org` (its code).

    The author organisation is the first one named by the resource that is one of `facilities` (codes are the ids of
    their Organization resources); else the writer.
    """
    start, end = _clinical_time(resource)
    return Facts(
        author_org=author_organization(resource, facilities) or writer_org,
        authors=_authors(resource),
        labels=labels_in(resource),
        clinical_start=start,
        clinical_end=end,
        flags=_flags(resource),
    )


def labels_in(resource: Json) -> tuple[str, ...]:
    """`system|code` of its own security labels and of what it contains: a container is as secret as its content."""
    labels = list(_security(resource))
    for part in resource.get("contained", ()):
        labels += _security(part) if isinstance(part, dict) else ()
    return tuple(dict.fromkeys(f"{label.get('system', '')}|{label.get('code', '')}" for label in labels))


def _security(resource: Json) -> Sequence[Json]:
    labels: Sequence[Json] = resource.get("meta", {}).get("security", ())
    return labels


def author_organization(resource: Json, facilities: Collection[str]) -> str | None:
    """Code of the first of `facilities` that a resource names as who answers for it."""
    for path in AUTHOR_ORGANIZATION.get(resource["resourceType"], ()):
        for reference in _at(resource, path):
            kind, _, code = str(reference.get("reference", "")).rpartition("/")
            if kind == "Organization" and code in facilities:
                return code
    return None


def _authors(resource: Json) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for name in AUTHORS:
        if name in resource:
            found.update(dict.fromkeys(_practitioners(resource[name])))
    return tuple(found)


def _practitioners(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _practitioners(item)
    elif isinstance(value, dict):
        reference = value.get("reference")
        if isinstance(reference, str) and reference.startswith(("Practitioner/", "PractitionerRole/")):
            yield reference
        for item in value.values():
            if isinstance(item, (dict, list)):
                yield from _practitioners(item)


def _clinical_time(resource: Json) -> Interval:
    """When it happened. A time that cannot be read counts as none: the gate then fails closed."""
    for path in CLINICAL_TIME.get(resource["resourceType"], ()):
        for value in _at(resource, path):
            try:
                span = _span(value)
            except HubError:
                continue
            if span != (None, None):
                return span
    return None, None


def _span(value: Any) -> Interval:
    """Start and end (exclusive) of a dateTime, Period or Timing; nothing if it ends before it starts.

    Raises HubError INVALID.
    """
    if isinstance(value, str):
        return _moment(value)
    if value.get("event"):
        events = [_moment(event) for event in value["event"]]
        ends = [high for _, high in events]
        return min(low for low, _ in events), None if None in ends else max(filter(None, ends))
    span = value.get("repeat", {}).get("boundsPeriod", value)
    start = _moment(span["start"])[0] if span.get("start") else None
    end = _moment(span["end"])[1] if span.get("end") else None
    return (None, None) if start is not None and end is not None and start >= end else (start, end)


def _moment(text: str) -> tuple[datetime, datetime | None]:
    """A date is its whole day, month or year; a time is one moment, as in the consent rules (section 1), not a second.

    Raises HubError INVALID.
    """
    low, high = interval(text)
    return (low, low + TICK) if "T" in text and high is not None else (low, high)


def _at(resource: Json, path: str) -> Iterable[Any]:
    """What stands at a path of one of the tables; for a pair of start and end, a Period of them."""
    if path in resource:  # most name an element of the first level
        value = resource[path]
        return value if value.__class__ is list else (value,)
    if "|" in path:
        start, end = path.split("|")
        return ({"start": resource.get(start), "end": resource.get(end)},)
    return _values(resource, path) if "." in path else ()


def _values(value: Any, path: str) -> Iterator[Any]:
    """What stands at a dotted path, lists walked through."""
    if isinstance(value, list):
        for item in value:
            yield from _values(item, path)
    elif not path:
        yield value
    elif isinstance(value, dict):
        name, _, rest = path.partition(".")
        if name in value:
            yield from _values(value[name], rest)


def _flags(resource: Json) -> int:
    found = Flag.NARRATIVE.value if "text" in resource else 0
    return found | Flag.DISPLAY.value if _has_display(resource) else found


def _has_display(value: Json) -> bool:
    """On the path of every resource that is written."""
    reference = value.get("reference")
    if reference.__class__ is str and ("display" in value or "identifier" in value) and _about_a_patient(reference):
        return True
    for item in value.values():
        kind = item.__class__
        if kind is dict:
            if _has_display(item):
                return True
        elif kind is list:
            for part in item:
                if part.__class__ is dict and _has_display(part):
                    return True
    return False


def _about_a_patient(reference: str) -> bool:
    return reference.partition("/")[0] not in NON_PATIENT_TYPES
