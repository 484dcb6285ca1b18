"""A bundle as facts: where in a resource (`Patient.name.family`) stands which value.

Set aside: ids, versions, narratives, Provenance, and extensions of one project's own. Times that know an hour are
compared as instants. People, organisations, places and devices are told where they are referred to
(`Observation.performer>Organization.name`), whichever way a project cuts them into resources; other references are
links between two resources of the bundle.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

from hub.kernel.types import Json

#: What a project says of its own run.
_BOOKKEEPING: Final = frozenset({"Provenance"})
#: Resources that are told in place of the references to them.
TOLD: Final = frozenset({"Practitioner", "PractitionerRole", "Organization", "Location", "Device"})
_ASIDE: Final = frozenset({"id", "meta", "resourceType", "implicitRules"})
#: Length of `2026-01-05T08:30Z`, the shortest time with an offset.
_SHORTEST: Final = 17
#: Longest way of references that is followed: role, organisation, its address.
_DEPTH: Final = 3


class Fact(NamedTuple):
    """A value and where it stands: type and element names, without places in lists."""

    path: str
    value: str


class Link(NamedTuple):
    """A reference to another resource of the bundle, by its place in the list of them."""

    path: str
    target: int


@dataclass(slots=True)
class Told:
    """One resource as facts."""

    type: str
    facts: Counter[Fact] = field(default_factory=Counter)
    links: set[Link] = field(default_factory=set)


def told(bundle: Json, own_base: str) -> list[Told]:
    """The resources of a bundle but those told elsewhere; extensions below `own_base` are set aside."""
    everything = {name: entry["resource"] for entry in bundle.get("entry", ()) for name in _names(entry)}
    resources = [
        each["resource"]
        for each in bundle.get("entry", ())
        if each["resource"]["resourceType"] not in TOLD | _BOOKKEEPING
    ]
    places = {f"{each['resourceType']}/{each.get('id')}": place for place, each in enumerate(resources)}
    teller = _Teller(everything, places, own_base)
    return [teller.resource(each) for each in resources]


def _names(entry: Json) -> Iterator[str]:
    resource = entry["resource"]
    yield f"{resource['resourceType']}/{resource.get('id')}"
    if "fullUrl" in entry:
        yield entry["fullUrl"]


@dataclass(frozen=True, slots=True)
class _Teller:
    everything: Mapping[str, Json]
    places: Mapping[str, int]
    own_base: str

    def resource(self, resource: Json) -> Told:
        result = Told(resource["resourceType"])
        self._object(result, resource["resourceType"], resource, 0)
        return result

    def _object(self, result: Told, path: str, node: Json, depth: int) -> None:
        top = "." not in path.rpartition(">")[2]
        for name, child in node.items():
            if (name in _ASIDE and (top or name == "id")) or (top and name == "text"):
                continue
            for each in child if isinstance(child, list) else [child]:
                self._child(result, path, name, each, depth)

    def _child(self, result: Told, path: str, name: str, node: Any, depth: int) -> None:
        if name in {"extension", "modifierExtension"}:
            self._extension(result, path, node, depth)
        elif isinstance(node, dict):
            self._object(result, f"{path}.{name.removeprefix('_')}", node, depth)
        elif name == "reference" and isinstance(node, str):
            self._reference(result, path, node, depth)
        elif node is not None:
            result.facts[Fact(f"{path}.{name}", plain(node))] += 1

    def _extension(self, result: Told, path: str, node: Json, depth: int) -> None:
        url = node.get("url", "")
        if not url.startswith(self.own_base):
            rest = {name: child for name, child in node.items() if name != "url"}
            self._object(result, f"{path}.extension({url.rpartition('/')[2]})", rest, depth)

    def _reference(self, result: Told, path: str, text: str, depth: int) -> None:
        if text in self.places:
            result.links.add(Link(path, self.places[text]))
        elif text in self.everything and depth < _DEPTH:
            target = self.everything[text]
            self._object(result, f"{path}>{target['resourceType']}", target, depth + 1)


def plain(value: Any) -> str:
    """A primitive as text: truth in words, numbers without superfluous zeros, a time that knows an hour in UTC."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float, Decimal)):
        return f"{Decimal(str(value)).normalize():f}"
    text = str(value).strip()
    return _instant(text) or text


def _instant(text: str) -> str:
    if len(text) < _SHORTEST or text[10] != "T" or not text[:4].isdigit():
        return ""
    try:
        return datetime.fromisoformat(text).astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        return ""
