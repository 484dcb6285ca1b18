"""The gate's predicate, and who is one person, evaluated naively on one row after another. Nothing here is SQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from hub.fhir.compartments import source_patient
from hub.fhir.references import parse_reference, references
from hub.kernel.ids import reference_key
from hub.kernel.types import Json
from hub.store import conditions as c
from hub.store.values import Facts, Panel, Relation, Visible

_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class World:
    """Who is one person (patient id -> person id), and who is tied to whom."""

    persons: Mapping[str, str] = field(default_factory=dict)
    relations: Sequence[Relation] = ()

    def same_person(self, patient: str) -> set[str]:
        person = self.persons.get(patient)
        return {patient} | {one for one, other in self.persons.items() if person is not None and other == person}

    def sources(self, rid: str, *, expand: bool) -> set[str]:
        """The source patients an id means."""
        named = {rid} | {patient for patient, person in self.persons.items() if person == rid}
        return {one for patient in named for one in self.same_person(patient)} if expand else named

    def sees(self, visible: Visible, resource: Json, facts: Facts) -> bool:
        """Whether a resource may be seen."""
        rtype, patient = resource["resourceType"], source_patient(resource)
        if visible.everything:
            return True
        if patient is None:
            own = rtype in visible.authored and facts.author_org in visible.organizations
            return own or rtype in visible.types
        pkey = reference_key("Patient", patient)
        if rtype in visible.withheld or (visible.confined is not None and pkey not in visible.confined):
            return False
        if facts.author_org in visible.organizations:
            return True
        for group in visible.groups:
            if pkey in group.pkeys:
                return fits(group.condition, resource, facts)
        panel = visible.panel
        return panel is not None and self._is_on(panel, patient) and fits(panel.condition, resource, facts)

    def _is_on(self, panel: Panel, patient: str) -> bool:
        pkeys = {reference_key("Patient", one) for one in self.same_person(patient)}
        return any(
            row.pkey in pkeys
            and row.kind == panel.kind
            and row.party in panel.parties
            and (row.low is None or row.low <= panel.at)
            and (row.high is None or panel.at <= row.high)
            for row in self.relations
        )


def fits(condition: c.Condition, resource: Json, facts: Facts) -> bool:
    """Whether a condition holds of a resource."""
    match condition:
        case c.Always():
            return True
        case c.Never():
            return False
        case c.All(parts):
            return all(fits(part, resource, facts) for part in parts)
        case c.AnyOf(parts):
            return any(fits(part, resource, facts) for part in parts)
        case c.Not(part):
            return not fits(part, resource, facts)
        case c.TypeIn(types):
            return resource["resourceType"] in types
        case c.HasProfile(profiles):
            return _meet(profiles, resource.get("meta", {}).get("profile", ()))
        case c.HasCode(codes):
            return _meet(codes, _codes(resource))
        case c.Labelled(labels):
            return _meet(labels, facts.labels)
        case c.ForeignLabel(systems, labels):
            return any(label.split("|")[0] not in systems for label in facts.labels if label not in labels)
        case c.AuthorOrg(orgs):
            return facts.author_org in orgs
        case c.Author(authors):
            return _meet(authors, facts.authors)
        case c.Is(keys):
            return reference_key(resource["resourceType"], resource["id"]) in keys
        case c.RefersTo(keys):
            return _meet(keys, _pointed(resource))
    return _time_fits(condition, facts.clinical_start, facts.clinical_end)


def _time_fits(condition: c.Condition, start: datetime | None, end: datetime | None) -> bool:
    """Of the time [start, end), None where open."""
    if start is None and end is None:
        return False
    match condition:
        case c.Timed():
            return True
        case c.Within(low, high):
            return (low is None or (start is not None and low <= start)) and (
                high is None or (end is not None and end - _TICK <= high)
            )
        case c.Overlaps(low, high):
            return (low is None or end is None or low <= end - _TICK) and (
                high is None or start is None or start <= high
            )
    raise AssertionError(condition)


def _meet(wanted: Iterable[object], there: Iterable[object]) -> bool:
    return not set(wanted).isdisjoint(there)


def _codes(resource: Json) -> set[tuple[str, str]]:
    if resource["resourceType"] != "Observation":
        return set()
    concepts = [resource.get("code", {}), *(part.get("code", {}) for part in resource.get("component", ()))]
    codings = [coding for concept in concepts for coding in concept.get("coding", ())]
    return {(coding["system"], coding["code"]) for coding in codings if "system" in coding}


def _pointed(resource: Json) -> set[UUID]:
    targets = [parse_reference(text) for text in references(resource)]
    return {reference_key(target.type, target.id) for target in targets if target is not None}
