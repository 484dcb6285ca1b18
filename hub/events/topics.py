"""The catalogue of topics: what one can be told of. Data, in the terms of R5 SubscriptionTopic.

R4 has no such resource: topics are found by the canonical URLs in the CapabilityStatement (backport, conformance.html)
and, for people, by `GET /api/subscription-topics`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from hub.events.triggers import (
    Condition,
    always,
    changes,
    inpatient,
    is_available,
    is_replaced,
    moves,
    reaches,
    stands_anew,
)
from hub.fhir.search_parameters import parameters
from hub.fhir.structure import RESOURCE_TYPES
from hub.kernel.types import Json

#: Types that tell of the hub or of rights, not of care; nobody is told of them.
_UNTOLD: Final = frozenset({"AuditEvent", "Consent", "Provenance", "Subscription", "Parameters", "OperationOutcome"})
#: Statuses of a result or a report that others may rely on.
FINAL: Final = frozenset({"final", "amended", "corrected", "appended"})
#: Kinds of search parameters whose values can be compared with those of one resource at hand.
COMPARABLE: Final = frozenset({"token", "reference"})
_ID: Final = "_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One topic. `type` is that of its focus, "" for any; `filters` the search parameters that may narrow it, empty for
    every token and reference parameter of the type; `holds` says whether a change is an event of it.
    """

    name: str
    title: str
    type: str
    holds: Condition
    filters: tuple[str, ...] = ()

    @property
    def types(self) -> frozenset[str]:
        """Types of the resources it is about."""
        return frozenset({self.type}) if self.type else told_types()

    def can_filter_by(self, rtype: str) -> frozenset[str]:
        """Names of the search parameters by which events about a type may be narrowed."""
        known = frozenset({_ID, *(code for code, one in parameters(rtype).items() if one.type in COMPARABLE)})
        return known & frozenset({_ID, *self.filters}) if self.filters else known

    def canonical(self, base: str) -> str:
        """Its canonical URL under the hub's canonical base."""
        return f"{base}/SubscriptionTopic/{self.name}"

    def as_resource(self, base: str) -> Json:
        """As SubscriptionTopic, in the shape of R5."""
        told: Json = {
            "resourceType": "SubscriptionTopic",
            "id": self.name,
            "url": self.canonical(base),
            "title": self.title,
            "status": "active",
            "resourceTrigger": [{"description": self.title, "resource": self.type or "Resource"}],
        }
        if self.type:
            told["canFilterBy"] = [
                {"resource": self.type, "filterParameter": name} for name in sorted(self.can_filter_by(self.type))
            ]
        return told


_OF_ENCOUNTER: Final = ("patient", "subject", "status", "class", "type", "service-provider", "location", "participant")
_OF_RESULT: Final = ("patient", "subject", "code", "category", "status", "encounter", "performer", "based-on")

TOPICS: Final[Mapping[str, Topic]] = {
    topic.name: topic
    for topic in (
        Topic(
            name="encounter-started",
            title="An encounter begins (status in-progress)",
            type="Encounter",
            holds=reaches({"in-progress"}),
            filters=_OF_ENCOUNTER,
        ),
        Topic(
            name="encounter-finished",
            title="An encounter ends (status finished)",
            type="Encounter",
            holds=reaches({"finished"}),
            filters=_OF_ENCOUNTER,
        ),
        Topic(
            name="admission",
            title="A patient is admitted to hospital",
            type="Encounter",
            holds=inpatient(reaches({"in-progress"})),
            filters=_OF_ENCOUNTER,
        ),
        Topic(
            name="transfer",
            title="A patient in hospital goes to another place or into other hands",
            type="Encounter",
            holds=inpatient(moves),
            filters=_OF_ENCOUNTER,
        ),
        Topic(
            name="discharge",
            title="A patient leaves hospital",
            type="Encounter",
            holds=inpatient(reaches({"finished"})),
            filters=_OF_ENCOUNTER,
        ),
        Topic(
            name="observation-final",
            title="A result is final, or a final one is amended",
            type="Observation",
            holds=stands_anew(FINAL),
            filters=_OF_RESULT,
        ),
        Topic(
            name="report-final",
            title="A diagnostic report is final, or a final one is amended",
            type="DiagnosticReport",
            holds=stands_anew(FINAL),
            filters=_OF_RESULT,
        ),
        Topic(
            name="referral-changed",
            title="A referral is made, or its status, receiver or period changes",
            type="ServiceRequest",
            holds=changes("status", "performer", "occurrencePeriod", "occurrenceDateTime"),
            filters=("patient", "subject", "status", "performer", "requester", "category", "code", "intent"),
        ),
        Topic(
            name="patient-replaced",
            title="A facility says that another of its patient numbers stands in the place of this one",
            type="Patient",
            holds=is_replaced,
            filters=("identifier", "organization", "link"),
        ),
        Topic(
            name="document-available",
            title="A document can be read",
            type="DocumentReference",
            holds=is_available,
            filters=("patient", "subject", "type", "category", "custodian", "author", "encounter"),
        ),
        Topic(name="resource-changed", title="Something is made, changed or deleted", type="", holds=always),
    )
}


@cache
def told_types() -> frozenset[str]:
    """Every type that events are about."""
    return RESOURCE_TYPES - _UNTOLD


def topic_of(canonical: str, base: str) -> Topic | None:
    """The topic of a canonical URL; None for what is no topic of this hub."""
    return TOPICS.get(canonical.removeprefix(f"{base}/SubscriptionTopic/")) if canonical.startswith(base) else None
