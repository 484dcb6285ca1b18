"""When a message comes again: taking back what it alone contributed, before its new statement is merged. Pure.

A mended mapping may no longer state an element the old one stated wrongly. What the message once contributed, and
what nobody has changed since, goes back to what stood before; what newer messages have set stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hub.kernel.types import Json
from hub.records.choices import elements
from hub.records.provenance import message_source

#: An element as its JSON keys and values; empty where it is absent.
Value = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Contribution:
    """What a message made of one element: what stood `before` it first spoke, and what it `stated` last."""

    before: Value
    stated: Value


def contributions(message: int, versions: Iterable[Json | None]) -> dict[str, Contribution]:
    """What `message` contributed, by element. `versions` are all of a resource, oldest first, None for deletions."""
    found: dict[str, Contribution] = {}
    before: dict[str, dict[str, Any]] = {}
    for version in versions:
        now = _by_element(version)
        if version is not None and version.get("meta", {}).get("source") == message_source(message):
            for element in before.keys() | now.keys():
                was, stated = before.get(element, {}), now.get(element, {})
                if was != stated:
                    first = found[element].before if element in found else was
                    found[element] = Contribution(first, stated)
        before = now
    return found


def withdraw(resource: Json, own: Mapping[str, Contribution]) -> tuple[Json, frozenset[str]]:
    """`resource` without the contributions `own` that still stand in it, and the elements these are."""
    now = _by_element(resource)
    standing = frozenset(element for element, mine in own.items() if now.get(element, {}) == mine.stated)
    if not standing:
        return resource, standing
    rest: Json = {key: resource[key] for key in ("resourceType", "id", "meta") if key in resource}
    for element in now.keys() | standing:
        rest.update(own[element].before if element in standing else now[element])
    return rest, standing


def _by_element(resource: Json | None) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    if resource is not None:
        for element, key in elements(resource):
            found.setdefault(element, {})[key] = resource[key]
    return found
