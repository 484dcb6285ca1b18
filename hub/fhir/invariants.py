"""Invariants of R4 that are cheap to hold and matter most, by their key in the specification.

They are held only for elements whose structure is right. Terminology and the invariants of conformance resources are
not among them.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from hub.fhir import invariant_rules as rule
from hub.fhir.invariant_rules import ALLERGY, CONDITION, Rule, any_of, implies, not_both
from hub.fhir.structure import is_a


class Invariant(NamedTuple):
    """An invariant of a type and its specialisations; `text` says what must hold."""

    type: str
    key: str
    text: str
    holds: Rule


INVARIANTS: Final = (
    Invariant("Extension", "ext-1", "must have either extensions or one value", rule.extension_value_or_parts),
    Invariant("Reference", "ref-1", "must refer to a contained resource that is there", rule.contained_is_there),
    Invariant("Period", "per-1", "must not end before it starts", rule.starts_before_end),
    Invariant("Quantity", "qty-3", "must have a system for its code", implies("code", "system")),
    Invariant("Age", "age-1", "must be a positive time in UCUM", rule.positive_time),
    Invariant("Duration", "drt-1", "must be a time in UCUM", rule.duration_in_ucum),
    Invariant("Range", "rng-2", "must not have a low above its high", rule.low_below_high),
    Invariant("Ratio", "rat-1", "must have numerator and denominator", rule.ratio_complete),
    Invariant("ContactPoint", "cpt-2", "must have a system for its value", implies("value", "system")),
    Invariant("Attachment", "att-1", "must have a content type for its data", implies("data", "contentType")),
    Invariant("Narrative", "txt-1", "must be plain formatting", rule.narrative_is_plain),
    Invariant("Narrative", "txt-2", "must have some content", rule.narrative_has_content),
    Invariant("Timing.repeat", "tim-1", "must have a unit for its duration", implies("duration", "durationUnit")),
    Invariant("Timing.repeat", "tim-2", "must have a unit for its period", implies("period", "periodUnit")),
    Invariant("Timing.repeat", "tim-4", "must not have a negative duration", rule.not_negative("duration")),
    Invariant("Timing.repeat", "tim-5", "must not have a negative period", rule.not_negative("period")),
    Invariant("Timing.repeat", "tim-6", "must have a period beside the longest one", implies("periodMax", "period")),
    Invariant("Timing.repeat", "tim-7", "must have a duration beside the longest", implies("durationMax", "duration")),
    Invariant("Timing.repeat", "tim-8", "must have a count beside the greatest one", implies("countMax", "count")),
    Invariant("Timing.repeat", "tim-10", "must not have both times of day and events", not_both("timeOfDay", "when")),
    Invariant("DomainResource", "dom-2", "must contain nothing when contained itself", rule.contained_is_bare),
    Invariant("DomainResource", "dom-3", "must refer to every contained resource", rule.contained_is_used),
    Invariant(
        "DomainResource", "dom-4", "must have no version when contained", rule.bare_meta("versionId", "lastUpdated")
    ),
    Invariant("DomainResource", "dom-5", "must have no security label when contained", rule.bare_meta("security")),
    Invariant("AllergyIntolerance", "ait-1", "must have a clinical status unless wrong", rule.allergy_has_status),
    Invariant(
        "AllergyIntolerance",
        "ait-2",
        "must have no clinical status if entered in error",
        rule.error_has_no_status(ALLERGY + "verification"),
    ),
    Invariant("Appointment", "app-2", "must have both start and end or neither", rule.both_or_neither("start", "end")),
    Invariant("Appointment.participant", "app-1", "must have a type or an actor", any_of("type", "actor")),
    Invariant("AuditEvent.entity", "sev-1", "must not have both a name and a query", not_both("name", "query")),
    Invariant("Bundle", "bdl-1", "must be a search set or history to have a total", rule.total_only_in_lists),
    Invariant("Bundle", "bdl-2", "must be a search set to say how entries were found", rule.search_only_in_searches),
    Invariant(
        "Bundle",
        "bdl-3",
        "must have a request in every entry of a batch, transaction or history only",
        rule.bundle_is("request", "batch", "transaction", "history"),
    ),
    Invariant(
        "Bundle",
        "bdl-4",
        "must have a response in every entry of an answer or history only",
        rule.bundle_is("response", "batch-response", "transaction-response", "history"),
    ),
    Invariant("Bundle", "bdl-7", "must not repeat a full URL", rule.full_urls_differ),
    Invariant("Bundle", "bdl-9", "must have an identifier as a document", rule.document_has_identifier),
    Invariant("Bundle", "bdl-10", "must have a time as a document", rule.document_has_time),
    Invariant("Bundle", "bdl-11", "must begin with a Composition", rule.begins("document", "Composition")),
    Invariant("Bundle", "bdl-12", "must begin with a MessageHeader", rule.begins("message", "MessageHeader")),
    Invariant(
        "Bundle.entry", "bdl-5", "must have a resource, request or response", any_of("resource", "request", "response")
    ),
    Invariant("Bundle.entry", "bdl-8", "must have a full URL without version", rule.full_url_has_no_version),
    Invariant(
        "CarePlan.activity", "cpl-3", "must not have both details and reference", not_both("detail", "reference")
    ),
    Invariant(
        "Composition.section", "cmp-1", "must have text, entries or sections", any_of("text", "entry", "section")
    ),
    Invariant("Composition.section", "cmp-2", "must have no entries if empty", not_both("emptyReason", "entry")),
    Invariant("Condition", "con-4", "must not be active once abated", rule.abated_is_inactive),
    Invariant(
        "Condition",
        "con-5",
        "must have no clinical status if entered in error",
        rule.error_has_no_status(CONDITION + "ver-status"),
    ),
    Invariant("Condition.evidence", "con-2", "must have a code or details", any_of("code", "detail")),
    Invariant("Condition.stage", "con-1", "must have a summary or an assessment", any_of("summary", "assessment")),
    Invariant("Consent", "ppc-1", "must have a policy or a policy rule", any_of("policy", "policyRule")),
    Invariant("FamilyMemberHistory", "fhs-1", "must not have both age and birth", not_both("age*", "born*")),
    Invariant("Group", "grp-1", "must be actual to have members", rule.members_are_actual),
    Invariant("Immunization.education", "imm-1", "must have a type or reference", any_of("documentType", "reference")),
    Invariant("List", "lst-1", "must have no entries if empty", not_both("emptyReason", "entry")),
    Invariant("MedicationAdministration.dosage", "mad-1", "must have a dose or a rate", any_of("dose", "rate*")),
    Invariant(
        "Observation", "obs-6", "must not have a value and why it is absent", not_both("dataAbsentReason", "value*")
    ),
    Invariant(
        "Observation",
        "obs-7",
        "must not have a value beside a component of the same code",
        rule.value_stands_in_component,
    ),
    Invariant("Observation.referenceRange", "obs-3", "must have low, high or text", any_of("low", "high", "text")),
    Invariant("Organization", "org-1", "must have an identifier or a name", any_of("identifier", "name")),
    Invariant("Organization", "org-2", "must not have a home address", rule.not_at_home("address")),
    Invariant("Organization", "org-3", "must not have a home telecom", rule.not_at_home("telecom")),
    Invariant(
        "Patient.contact",
        "pat-1",
        "must have a name, telecom, address or organization",
        any_of("name", "telecom", "address", "organization"),
    ),
    Invariant(
        "QuestionnaireResponse.item", "qrs-1", "must not have both answers and items", not_both("answer", "item")
    ),
    Invariant("ServiceRequest", "prr-1", "must have a code beside its details", implies("orderDetail", "code")),
)


def invariants_of(name: str) -> list[Invariant]:
    """The invariants of a type and of what it specialises."""
    return [row for row in INVARIANTS if is_a(name, row.type)]
