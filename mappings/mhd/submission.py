"""A Provide Document Bundle, read and judged by the rules of MHD: what it holds, and what refers to what.

https://profiles.ihe.net/ITI/MHD/ITI-65.html (4.2). Whoever sends one is told the first rule it breaks, with the entry.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from hub.fhir.references import parse_reference
from hub.fhir.validate import validate
from hub.kernel.types import Json
from mappings.mhd.words import (
    FHIR_DOCUMENT,
    FOLDER,
    MISSING_METADATA,
    OTHER_PATIENT,
    SOURCE_ID,
    SUBMISSION_SET,
    TWICE,
    UNKNOWN_PATIENT,
    is_comprehensive,
    is_submission,
    wrong,
)

#: Types an entry may create: whom a document names stands beside it (option UnContained References).
_CREATED: Final = frozenset(
    {"List", "DocumentReference", "Binary", "Patient", "Practitioner", "PractitionerRole", "Organization", "Device"}
)
#: What the comprehensive profile asks of a DocumentReference beyond the minimal one.
_COMPREHENSIVE: Final = (
    *("type", "category", "subject", "securityLabel", "content.attachment.language", "content.attachment.creation"),
    *("content.format", "context.facilityType", "context.practiceSetting", "context.sourcePatientInfo"),
)
_MOST_ENTRIES: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry: where it stands in the Bundle, its fullUrl ("" for none), its resource.

    `supersedes` is the DocumentReference (`DocumentReference/id`) an entry says is superseded, "" for one that creates.
    """

    where: str
    full_url: str
    resource: Json
    supersedes: str = ""

    @property
    def type(self) -> str:
        return str(self.resource["resourceType"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What a Bundle submits. `subject` is the one Reference to a Patient that all of it is about.

    `named` has the entries by the texts that may refer to them (R4 bundle.html#references).
    """

    entries: tuple[Entry, ...]
    head: Entry
    subject: Json
    named: Mapping[str, Entry]

    def of_type(self, rtype: str) -> Iterator[Entry]:
        """The entries that create resources of a type."""
        return (entry for entry in self.entries if entry.type == rtype and not entry.supersedes)

    def replaced(self) -> Iterator[tuple[Entry, Json]]:
        """The documents that are replaced: who replaces one, and the Reference to it."""
        for document in self.of_type("DocumentReference"):
            for relation in document.resource.get("relatesTo", ()):
                if relation["code"] == "replaces":
                    yield document, relation["target"]

    @property
    def unique(self) -> tuple[str, str]:
        """System and value of the submission's uniqueId."""
        return unique_id(self.head.resource["identifier"])


def read(bundle: Any) -> Submission:
    """Read a Provide Document Bundle. Raises HubError INVALID naming the entry and the rule it breaks."""
    if not is_submission(bundle) or bundle.get("type") != "transaction":
        raise wrong("is no transaction that claims a profile of ITI-65", "Bundle.meta.profile")
    _refuse_fhir_documents(bundle.get("entry"))
    for issue in validate(bundle):
        if issue.severity in {"fatal", "error"}:
            raise wrong(f"does not conform to FHIR R4: {issue.text}", issue.where)
    raw = bundle.get("entry", ())
    if not 0 < len(raw) <= _MOST_ENTRIES:
        raise wrong(f"has no entries, or more than {_MOST_ENTRIES}", "Bundle.entry")
    entries = tuple(_entry(index, one) for index, one in enumerate(raw))
    heads = [entry for entry in entries if entry.type == "List" and list_code(entry.resource) == SUBMISSION_SET]
    if len(heads) != 1:
        raise wrong("does not hold one SubmissionSet", "Bundle.entry")
    named = {name: entry for entry in entries for name in _names(entry)}
    submission = Submission(entries=entries, head=heads[0], subject=_subject(entries), named=named)
    _judge_head(submission)
    for folder in submission.of_type("List"):
        _judge_list(folder)
    for document in submission.of_type("DocumentReference"):
        _judge_document(document, comprehensive=is_comprehensive(bundle))
    _refuse_twice(submission)
    _refuse_strays(submission)
    _judge_updates(submission)
    return submission


def _refuse_fhir_documents(entries: Any) -> None:
    """Whoever sends one is told that this option is not had, whatever else is wrong with it (2:3.65.4.1.3)."""
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict) and resource.get("resourceType") == "Bundle":
            what = "a FHIR document is not taken in a submission"
            raise wrong(what, f"Bundle.entry[{index}]", code=FHIR_DOCUMENT, todo="send it as Binary")


def list_code(resource: Json) -> str:
    """`submissionset` or `folder`, "" for another list."""
    codings = resource.get("code", {}).get("coding", [])
    return next((one["code"] for one in codings if one.get("code") in {SUBMISSION_SET, FOLDER}), "")


def unique_id(identifiers: Sequence[Json]) -> tuple[str, str]:
    """The uniqueId among identifiers: the one of use `usual`, else the first with a value."""
    valued = [one for one in identifiers if one.get("value")]
    found = next((one for one in valued if one.get("use") == "usual"), valued[0] if valued else {})
    return found.get("system", ""), found.get("value", "")


def _entry(index: int, raw: Json) -> Entry:
    where = f"Bundle.entry[{index}]"
    if "request" not in raw or "resource" not in raw:
        raise wrong("has no resource or no request", where)
    request, resource = raw["request"], raw["resource"]
    method, url, rtype = request["method"], request["url"], resource["resourceType"]
    target = parse_reference(url)
    if method in {"PUT", "PATCH"} and target is not None and target.type == "DocumentReference":
        return _superseding(where, resource, f"{target.type}/{target.id}")
    if method != "POST" or url != rtype or rtype not in _CREATED:
        todo = f"POST {', '.join(sorted(_CREATED))}; of a DocumentReference that is replaced update the status"
        raise wrong("is nothing a submission may ask for", f"{where}.request", todo=todo)
    return Entry(where=where, full_url=raw.get("fullUrl", ""), resource=resource)


def _superseding(where: str, resource: Json, document: str) -> Entry:
    """An update of a document that is replaced: it says that it is superseded (2:3.65.4.1.2.3), and nothing else."""
    said = resource.get("status")
    for parameter in resource.get("parameter", ()):
        parts = {part.get("name"): part for part in parameter.get("part", ())}
        if parts.get("path", {}).get("valueString") == "DocumentReference.status":
            said = parts.get("value", {}).get("valueCode")
    if said != "superseded":
        raise wrong("updates a document otherwise than to superseded", where)
    return Entry(where=where, full_url="", resource={"resourceType": "DocumentReference"}, supersedes=document)


def _subject(entries: Sequence[Entry]) -> Json:
    """Whom all of it is about. Raises HubError INVALID for nobody, or for several."""
    stated = [
        (entry, entry.resource["subject"])
        for entry in entries
        if entry.type in {"List", "DocumentReference"} and isinstance(entry.resource.get("subject"), dict)
    ]
    if not stated:
        raise wrong("names no patient", "Bundle.entry", code=UNKNOWN_PATIENT)
    first = _who(stated[0][1])
    for entry, subject in stated:
        if not any(first):
            raise wrong("names no patient", f"{entry.where}.resource.subject", code=UNKNOWN_PATIENT)
        if _who(subject) != first:
            what = "is about another patient than the rest of the submission"
            raise wrong(what, f"{entry.where}.resource.subject", code=OTHER_PATIENT)
    return dict(stated[0][1])


def _who(subject: Json) -> tuple[str, str, str]:
    number = subject.get("identifier", {})
    return subject.get("reference", ""), number.get("system", ""), number.get("value", "")


def _judge_head(submission: Submission) -> None:
    head = submission.head
    at = f"{head.where}.resource"
    sources = [one for one in head.resource.get("extension", ()) if one.get("url") == SOURCE_ID]
    if len(sources) != 1 or not sources[0].get("valueIdentifier", {}).get("value"):
        raise wrong("has no sourceId", f"{at}.extension")
    if not head.resource.get("date"):
        raise wrong("has no date", f"{at}.date")
    for number, item in enumerate(head.resource.get("entry", ())):
        text = item.get("item", {}).get("reference", "")
        if submission.named.get(text) is None and parse_reference(text) is None:
            raise wrong("refers to nothing in the submission", f"{at}.entry[{number}].item")


def _judge_list(entry: Entry) -> None:
    at = f"{entry.where}.resource"
    if not list_code(entry.resource):
        raise wrong("is neither submissionset nor folder", f"{at}.code")
    if not unique_id(entry.resource.get("identifier", ()))[1]:
        raise wrong("has no uniqueId", f"{at}.identifier")
    if entry.resource.get("mode") != "working":
        raise wrong("is not working", f"{at}.mode")


def _judge_document(entry: Entry, *, comprehensive: bool) -> None:
    at, resource = f"{entry.where}.resource", entry.resource
    if not resource.get("masterIdentifier", {}).get("value"):
        raise wrong("has no uniqueId", f"{at}.masterIdentifier")
    if resource.get("status") not in {"current", "superseded"}:
        raise wrong("is neither current nor superseded", f"{at}.status")
    content = resource.get("content", ())
    if len(content) != 1:
        raise wrong("does not have one content", f"{at}.content")
    attachment = content[0].get("attachment", {})
    if not attachment.get("contentType"):
        raise wrong("has no contentType", f"{at}.content.attachment")
    if not attachment.get("url") and not attachment.get("data"):
        raise wrong("has no url", f"{at}.content.attachment")
    for path in _COMPREHENSIVE if comprehensive else ():
        if not _has(resource, path.split(".")):
            raise wrong("lacks an element of the comprehensive metadata", f"{at}.{path}")


def _has(value: Any, path: Sequence[str]) -> bool:
    if isinstance(value, list):
        return any(_has(one, path) for one in value)
    if not path:
        return bool(value)
    return isinstance(value, Mapping) and _has(value.get(path[0]), path[1:])


def _refuse_twice(submission: Submission) -> None:
    """Of two documents with one uniqueId only one would be kept."""
    seen: set[tuple[str, str]] = set()
    for document in submission.of_type("DocumentReference"):
        number = unique_id([document.resource["masterIdentifier"]])
        if number in seen:
            at = f"{document.where}.resource.masterIdentifier"
            raise wrong("is the uniqueId of another document of the submission", at, code=TWICE)
        seen.add(number)


def _refuse_strays(submission: Submission) -> None:
    """A document without metadata would be lost: nobody could find it."""
    attachments = [entry.resource["content"][0]["attachment"] for entry in submission.of_type("DocumentReference")]
    held = {id(submission.named.get(attachment.get("url", ""))) for attachment in attachments}
    for binary in submission.of_type("Binary"):
        if id(binary) not in held:
            raise wrong("no DocumentReference tells of this document", binary.where, code=MISSING_METADATA)


def _judge_updates(submission: Submission) -> None:
    """An update of a document that nothing here replaces would be no part of a submission."""
    replaced = {target.get("reference", "") for _, target in submission.replaced()}
    for entry in submission.entries:
        if entry.supersedes and entry.supersedes not in replaced:
            raise wrong("updates a document that nothing in the submission replaces", entry.where)


def _names(entry: Entry) -> set[str]:
    """The texts an entry may be referred to by: its fullUrl, and `Type/id` where that ends so."""
    names = {entry.full_url} if entry.full_url else set()
    tail = "/".join(entry.full_url.rsplit("/", 2)[-2:])
    return names | ({tail} if tail.startswith(f"{entry.type}/") and parse_reference(tail) else set())
