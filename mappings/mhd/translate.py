"""A submission to drafts: its lists, its documents with their bytes, and what the CDA documents among them tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from msgspec.structs import replace

from hub.fhir.references import parse_reference
from hub.fhir.temporal import interval
from hub.kernel.types import Draft, Issue, Json, ReportRow, Translation
from mappings.mhd.about import earlier_ids, enclosed
from mappings.mhd.case import Case
from mappings.mhd.content import content, stated
from mappings.mhd.converted import Told, converted
from mappings.mhd.placing import Place, Places, places, refer
from mappings.mhd.submission import Entry, unique_id

#: What stands in a document that was replaced where nobody told of it before.
_UNKNOWN: Final[Json] = {"contentType": "application/octet-stream"}
#: What a submitted Patient does not say: which facility answers for it, whom it is one with, whether it counts.
_NOT_SAID: Final = frozenset({"link", "managingOrganization", "active"})


@dataclass(slots=True)
class _Made:
    """What a submission comes to so far."""

    case: Case
    places: Places
    drafts: dict[str, Draft] = field(default_factory=dict)
    report: list[ReportRow] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)

    def lay(self, draft: Draft) -> None:
        """Add a draft; what several parts of a submission say of the patient is laid together."""
        name = f"{draft.resource['resourceType']}/{draft.resource['id']}"
        standing = self.drafts.get(name)
        if standing is not None and draft.resource["resourceType"] == "Patient":
            numbers = {
                (one.get("system"), one.get("value")): one
                for each in (draft, standing)
                for one in each.resource.get("identifier", ())
            }
            together = {**standing.resource, **draft.resource, "identifier": list(numbers.values())}
            earlier = dict.fromkeys((*draft.formerly, *standing.formerly))
            draft = replace(draft, resource=together, merge="overlay", formerly=tuple(earlier))
        self.drafts[name] = draft

    def state(
        self,
        resource: Json,
        place: Place,
        *,
        merge: Literal["overlay", "replace"] = "replace",
        about: bool = True,
        defaults: Mapping[str, Any] | None = None,
        unique: bool = False,
    ) -> None:
        """A resource at its place; `about` the patient, or about nobody."""
        self.lay(
            Draft(
                resource={**resource, "id": place.id},
                authority=place.authority,
                key=place.key,
                patient=self.case.subject if about else None,
                merge=merge,
                defaults=defaults or {},
                unique=unique,
                formerly=earlier_ids(self.case.submission, self.case.sender.id_of) if place.type == "Patient" else (),
            )
        )


def translate(case: Case) -> Translation:
    """All that a submission says. Raises HubError INVALID for what contradicts itself."""
    submission = case.submission
    made = _Made(case, places(case))
    contents = {id(each): content(each, submission) for each in submission.of_type("DocumentReference")}
    refer(case, made.places)
    for entry in submission.entries:
        if entry.type == "DocumentReference" and not entry.supersedes:
            _document(entry, contents[id(entry)], made)
        elif entry.type not in {"Binary", "DocumentReference"}:
            _beside(entry, made)
        made.report.append(ReportRow(source=f"{entry.where}.resource", outcome="mapped", targets=(entry.type,)))
    if case.numbers and enclosed(submission) is None:
        person = {"resourceType": "Patient", "identifier": list(case.numbers)}
        made.state(person, Place("Patient", case.subject, "", ""), merge="overlay")
    sent = submission.head.resource["date"]
    return Translation(
        drafts=tuple(made.drafts.values()),
        report=tuple(made.report),
        issues=tuple(made.issues),
        event_time=interval(sent)[0] if "T" in sent else None,
    )


def _beside(entry: Entry, made: _Made) -> None:
    """A list, the patient, or who is named in a document."""
    place = made.places[id(entry)]
    if entry.type == "List":
        made.state({**entry.resource, "subject": made.case.whom}, place)
    elif entry.type == "Patient":
        _patient(entry, place, made)
    else:
        made.state(entry.resource, place, merge="overlay", about=False)


def _patient(entry: Entry, place: Place, made: _Made) -> None:
    """What a sender knows of the person: whose the Patient is, and who is one person, it does not say by this way."""
    for name in sorted(_NOT_SAID & entry.resource.keys()):
        text = "is not taken from a submission"
        at = f"{entry.where}.resource.{name}"
        made.issues.append(Issue(severity="warning", where=at, code="not-taken", text=text))
    person = {name: value for name, value in entry.resource.items() if name not in _NOT_SAID}
    made.state(person, place, merge="overlay")


def _document(entry: Entry, data: bytes | None, made: _Made) -> None:
    """The DocumentReference with its bytes, what it replaces, and what it tells if it is CDA."""
    place, told = made.places[id(entry)], Told()
    resource = {**entry.resource, "subject": made.case.whom}
    attachment = resource["content"][0]["attachment"]
    if data is not None:
        resource["content"] = [{**resource["content"][0], "attachment": stated(attachment, data)}]
        told = converted(entry.where, attachment["contentType"], data, place.id, made.case)
    made.report += told.report
    made.issues += told.issues
    for draft in told.drafts:
        made.lay(draft)
    _join(resource, told)
    made.state(resource, place, unique=True)
    for rid in _replaced(resource, made.case):
        old = {"resourceType": "DocumentReference", "status": "superseded", "subject": made.case.whom}
        unknown = {"content": [{"attachment": dict(_UNKNOWN)}]}
        made.state(old, Place("DocumentReference", rid, "", rid), merge="overlay", defaults=unknown)


def _join(resource: Json, told: Told) -> None:
    """The Composition beside the document that holds it, and the labels of what it tells."""
    context = resource.get("context", {})
    related = [*context.get("related", ())]
    related += [one for one in told.related if one not in related]
    if related:
        resource["context"] = {**context, "related": related}
    security = [*resource.get("meta", {}).get("security", ())]
    own = [coding for label in resource.get("securityLabel", ()) for coding in label.get("coding", ())]
    security += [label for label in (*own, *told.labels) if label not in security]
    if security:
        resource["meta"] = {**resource.get("meta", {}), "security": security}


def _replaced(resource: Json, case: Case) -> Iterable[str]:
    """Ids of the documents this one replaces: by reference, or by the uniqueId they were submitted with."""
    for relation in resource.get("relatesTo", ()):
        target = parse_reference(relation["target"].get("reference", ""))
        authority, key = unique_id([relation["target"].get("identifier", {})])
        if relation["code"] != "replaces":
            continue
        if target is not None and target.type == "DocumentReference":
            yield target.id
        elif key:
            yield case.sender.id_of("DocumentReference", authority, key)
