"""Which codes mean the same because somebody stated them together (R4 observation-operation-lastn.html). Pure.

The codings of one concept are translations of each other, and so are, in turn, those of any other concept that has one
of them. A concept without a code is told by its text, letter by letter.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

#: (system, code), or ("", text) with a mark that no system has.
Name = tuple[str, str, bool]


#: Characters of a group's name that are kept beside its hash: enough for an order people understand.
_TOLD: Final = 64


def grouped(concepts: Mapping[str, Any]) -> dict[str, str]:
    """The name of its group for each of some CodeableConcepts, by the same keys; the same whenever it is made."""
    parents: dict[Name, Name] = {}
    first: dict[str, Name] = {}
    for key, concept in concepts.items():
        names = _names(key, concept)
        first[key] = names[0]
        for name in names:
            parents.setdefault(name, name)
            _join(parents, names[0], name)
    return {key: _title(_head(parents, name)) for key, name in first.items()}


def _title(head: Name) -> str:
    told = f"{head[0]}|{head[1]}"
    return f"{told[:_TOLD]}#{sha256(repr(head).encode()).hexdigest()[:16]}"


def _names(key: str, concept: Any) -> list[Name]:
    codings = concept.get("coding", ()) if isinstance(concept, dict) else ()
    coded = [(one.get("system", ""), one["code"], True) for one in codings if one.get("code")]
    if coded:
        return coded
    text = concept.get("text") if isinstance(concept, dict) else None
    # A concept that says nothing is like no other.
    return [("", text, False)] if text else [("", key, False)]


def _head(parents: dict[Name, Name], name: Name) -> Name:
    while parents[name] != name:
        parents[name] = parents[parents[name]]
        name = parents[name]
    return name


def _join(parents: dict[Name, Name], one: Name, other: Name) -> None:
    """The smaller name heads both, whatever the order they came in."""
    low, high = sorted((_head(parents, one), _head(parents, other)))
    parents[high] = low
