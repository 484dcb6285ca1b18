"""Survivorship: which of the values that several source Patients state for one element outlive the others.

Every rule reads statements from the most trusted source to the least, of equal ones from the latest updated to the
earliest (the id settles ties), so the order in which sources come never matters. Nothing is made up: whatever survives
was stated by a source, and is named with it. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from hub.kernel.types import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePatient:
    """A source Patient: the resource as stored, code of the facility that keeps it, its version and time of update.

    `trust`: how far the facility is trusted, the higher the more (`consortium.yaml`).
    """

    resource: Json
    facility: str
    version: int
    updated: datetime
    trust: int = 0

    @property
    def id(self) -> str:
        """The id of the resource."""
        return str(self.resource["id"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One value of one element in one source. `extra` is what its `_element` sibling holds."""

    source: SourcePatient
    element: str
    value: Any
    extra: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Survivor:
    """A value that stands in the golden record, and the ids of all sources that state it."""

    statement: Statement
    sources: tuple[str, ...]


Statements = Sequence[Statement]
Rule = Callable[[Statements], list[Survivor]]
Key = Callable[[Statement], Hashable]
Rank = Callable[[Statement], tuple[int, ...]]

_CHOICE: Final = "[x]"


def latest_first(sources: Iterable[SourcePatient]) -> list[SourcePatient]:
    """Latest update first, then by id."""
    return sorted(sorted(sources, key=lambda source: source.id), key=lambda source: source.updated, reverse=True)


def trusted_first(sources: Iterable[SourcePatient]) -> list[SourcePatient]:
    """The order of the rules: most trusted first, of equal ones the latest."""
    return sorted(latest_first(sources), key=lambda source: source.trust, reverse=True)


def statements(sources: Iterable[SourcePatient], element: str) -> list[Statement]:
    """What the sources state for `element`, in their order; `deceased[x]` is stated under any of its types.

    What points to a resource contained in its source has no meaning outside it, and is left out.
    """
    return [
        Statement(source=source, element=name, value=item, extra=source.resource.get(f"_{name}", {}))
        for source in sources
        for name in _names(source.resource, element)
        for item in _items(source.resource[name])
        if not _points_inside(item)
    ]


def _names(resource: Json, element: str) -> list[str]:
    if not element.endswith(_CHOICE):
        return [element] if element in resource else []
    stem = element.removesuffix(_CHOICE)
    return sorted(name for name in resource if name.startswith(stem))


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _points_inside(value: Any) -> bool:
    if isinstance(value, dict):
        return str(value.get("reference", "")).startswith("#") or any(map(_points_inside, value.values()))
    return isinstance(value, list) and any(map(_points_inside, value))


def content(statement: Statement) -> Hashable:
    """The value itself, as a key; the `id` of an element is no part of what it says."""
    return statement.element, _frozen(statement.value)


def _frozen(value: Any) -> Hashable:
    if isinstance(value, dict):
        return frozenset((name, _frozen(part)) for name, part in value.items() if name != "id")
    return tuple(map(_frozen, value)) if isinstance(value, list) else (type(value), value)


def union(key: Key, rank: Rank = lambda _: ()) -> Rule:
    """All values, each once: best rank first, then the latest. Of those that share a `key` the best one stands."""

    def rule(stated: Statements) -> list[Survivor]:
        groups: dict[Hashable, list[Statement]] = {}
        for statement in stated:
            groups.setdefault(key(statement), []).append(statement)
        survivors = [Survivor(statement=max(group, key=rank), sources=_named(group)) for group in groups.values()]
        return sorted(survivors, key=lambda survivor: rank(survivor.statement), reverse=True)

    return rule


def latest(stated: Statements) -> list[Survivor]:
    """The value, or the whole list of values, of the latest source that states the element."""
    of = [statement for statement in stated if statement.source.id == stated[0].source.id]
    return [Survivor(statement=statement, sources=(statement.source.id,)) for statement in of]


def majority(stated: Statements) -> list[Survivor]:
    """The one value that most sources state; of equally frequent ones the latest."""
    counted = Counter(map(content, stated))
    chosen = max(stated, key=lambda statement: counted[content(statement)])
    return [Survivor(statement=chosen, sources=_named(s for s in stated if content(s) == content(chosen)))]


def unanimous(stated: Statements) -> list[Survivor]:
    """The value all sources agree on that state one; none when they differ."""
    return majority(stated) if len(set(map(content, stated))) == 1 else []


def first_of(*preferences: Callable[[Statement], bool]) -> Callable[[Statements], Statements]:
    """Those statements that meet the first preference any of them meets; all of them if none does."""

    def choose(stated: Statements) -> Statements:
        for preferred in preferences:
            kept = [statement for statement in stated if preferred(statement)]
            if kept:
                return kept
        return stated

    return choose


def _named(group: Iterable[Statement]) -> tuple[str, ...]:
    return tuple(sorted({statement.source.id for statement in group}))
