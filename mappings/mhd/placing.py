"""What each entry of a submission becomes: type, id, and what the id is made from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import NamedTuple

from hub.fhir.json import dumps
from hub.fhir.references import rewrite
from mappings.mhd.case import Case
from mappings.mhd.submission import Entry, unique_id


class Place(NamedTuple):
    """A resource of the hub; of a Binary, the attachment that holds its bytes."""

    type: str
    id: str
    authority: str
    key: str

    @property
    def reference(self) -> str:
        return f"{self.type}/{self.id}"


Places = Mapping[int, Place]


def places(case: Case) -> dict[int, Place]:
    """The places of all entries that create, by `id()` of the entry."""
    found = {id(entry): _place(entry, case) for entry in case.submission.entries if not entry.supersedes}
    for document in case.submission.of_type("DocumentReference"):
        binary = case.submission.named.get(document.resource["content"][0]["attachment"].get("url", ""))
        if binary is not None:
            found[id(binary)] = found[id(binary)]._replace(id=f"{found[id(document)].id}.1")
    return found


def references(case: Case) -> list[tuple[str, bool]]:
    """What each entry becomes, as `Type/id` in the order of the entries, and whether it creates it."""
    found = places(case)
    return [
        (entry.supersedes, False) if entry.supersedes else (found[id(entry)].reference, True)
        for entry in case.submission.entries
    ]


def refer(case: Case, found: Places) -> None:
    """References between entries become what their targets are in the hub."""

    def here(text: str) -> str | None:
        entry = case.submission.named.get(text)
        return None if entry is None else found[id(entry)].reference

    for entry in case.submission.entries:
        rewrite(entry.resource, here)


def _place(entry: Entry, case: Case) -> Place:
    authority, key = _identity(entry)
    rid = case.subject if entry.type == "Patient" else case.sender.id_of(entry.type, authority, key)
    return Place(entry.type, rid, authority, key)


def _identity(entry: Entry) -> tuple[str, str]:
    """The uniqueId of what has one, another's first number, else its content."""
    resource = entry.resource
    if entry.type == "DocumentReference":
        return unique_id([resource["masterIdentifier"]])
    system, value = ("", "") if entry.type == "Binary" else unique_id(resource.get("identifier", ()))
    return (system, value) if value else ("content", hashlib.sha256(dumps(resource)).hexdigest())
