"""Whether a CDA document is about the patient it is submitted for: by number, else by name and birth date."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from hub.kernel.errors import HubError
from hub.kernel.types import Json
from mappings.cda.node import Node
from mappings.cda.patient import role_and_person
from mappings.mhd.words import OTHER_PATIENT, wrong

_DAY: Final = 8


def is_about(patient: Json, document: Node, where: str) -> bool:
    """Whether it is about `patient`: a number in common says so, else the same name and the same birth date.

    False where nothing tells. Raises HubError INVALID for a document about somebody else: with another number of the
    same kind, or without a number in common and with another name or birth date.
    """
    stated = {one.get("system", ""): str(one["value"]).upper() for one in _numbers(patient) if one.get("value")}
    common = [stated[system] == value for system, value in _in_document(document) if system in stated]
    if not all(common):
        raise _another("another number", where)
    if common:
        return True
    alike = (_names_alike(patient, document), _births_alike(patient, document))
    if False in alike:
        raise _another("no number in common and another name or birth date", where)
    return all(alike)


def _numbers(patient: Json) -> Iterable[Json]:
    found: list[Json] = patient.get("identifier", [])
    return found


def _in_document(document: Node) -> Iterator[tuple[str, str]]:
    for role, person in map(role_and_person, document.all("recordTarget")):
        for node in (*role.all("id"), *person.all("id")):
            if node.get("extension"):
                yield f"urn:oid:{node.get('root')}", node.get("extension").upper()


def _names_alike(patient: Json, document: Node) -> bool | None:
    """None where one states no name, or none in the same script: a transcription cannot be held against characters."""
    theirs = {spelt for name in patient.get("name", ()) for spelt in _spelt_name(name)}
    ours = {
        spelt
        for _, person in map(role_and_person, document.all("recordTarget"))
        for node in person.all("name")
        for spelt in _spelt_node(node)
    }
    if theirs & ours:
        return True
    return False if {one.isascii() for one in theirs} & {one.isascii() for one in ours} else None


def _spelt_name(name: Json) -> Iterator[str]:
    return _spellings(name.get("text", ""), name.get("family", ""), "".join(name.get("given", ())))


def _spelt_node(node: Node) -> Iterator[str]:
    family, given = ("".join(part.words() for part in node.all(name)) for name in ("family", "given"))
    return _spellings(node.words() or node.get("value"), family, given)


def _spellings(text: str, family: str, given: str) -> Iterator[str]:
    """A name without blanks, its parts in either order."""
    for one in (text, family + given, given + family):
        if spelt := "".join(one.split()).casefold():
            yield spelt


def _births_alike(patient: Json, document: Node) -> bool | None:
    """None where one states no whole day."""
    ours = {
        node.get("value")[:_DAY]
        for _, person in map(role_and_person, document.all("recordTarget"))
        for node in person.all("birthTime")
        if len(node.get("value")) >= _DAY
    }
    theirs = str(patient.get("birthDate", "")).replace("-", "")
    return theirs in ours if ours and len(theirs) == _DAY else None


def _another(by: str, where: str) -> HubError:
    what = f"the document is about somebody else than the submission: it has {by}"
    return wrong(what, where, code=OTHER_PATIENT, todo="send it for the patient it is about")
