"""Which subscriptions an event is for: all of them compiled into one index, so that a change costs what it meets. Pure.

A subscription with a filter stands under one value of its first condition; without one it stands under its topic. A
change looks up its own values, and nobody else's filters are looked at.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from hub.events.filters import Condition, Filters, Values, values_of
from hub.events.topics import Topic
from hub.fhir.json import loads
from hub.gate.changes import Changed
from hub.kernel.types import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """One subscription as it is matched: changes of transactions before `since` are none of its events."""

    id: str
    topic: Topic
    filters: Filters
    since: int


@dataclass(slots=True)
class _Shelf:
    """The subscriptions of one topic to one type: those without conditions, and others by (parameter, value)."""

    open: list[Compiled] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    keyed: defaultdict[tuple[str, str], list[tuple[Compiled, tuple[Condition, ...]]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def put(self, one: Compiled, conditions: tuple[Condition, ...]) -> None:
        if not conditions:
            self.open.append(one)
            return
        # The fewest alternatives first: most often the one that tells most.
        first, *rest = sorted(conditions, key=lambda condition: len(condition[1]))
        self.names.add(first[0])
        for text in first[1]:
            self.keyed[first[0], text].append((one, tuple(rest)))

    def met(self, values: Values) -> Iterator[Compiled]:
        for name in self.names:
            for text in values.by_name.get(name, ()):
                for one, rest in self.keyed.get((name, text), ()):
                    if values.meet(rest):
                        yield one


class Matcher:
    """All subscriptions that are told of events, compiled."""

    def __init__(self, subscriptions: Iterable[Compiled]) -> None:
        self._topics: Final[dict[str, list[Topic]]] = {}
        self._shelves: Final[defaultdict[tuple[str, str], _Shelf]] = defaultdict(_Shelf)
        for one in subscriptions:
            self._put(one)

    @property
    def types(self) -> frozenset[str]:
        """The resource types whose changes may be events for somebody."""
        return frozenset(self._topics)

    def match(self, change: Changed) -> list[str]:
        """The ids of the subscriptions that a change is an event for, each once."""
        topics = self._topics.get(change.type, ())
        if not topics:
            return []
        before, after = _parsed(change.before), _parsed(change.after)
        found: dict[str, None] = {}
        values: Values | None = None
        for topic in topics:
            if not topic.holds(before, after):
                continue
            shelf = self._shelves[topic.name, change.type]
            met: Sequence[Compiled] = shelf.open
            if shelf.keyed:
                values = values or _values(change, after or before)
                met = [*met, *shelf.met(values)]
            found.update((one.id, None) for one in met if change.position[0] >= one.since)
        return list(found)

    def _put(self, one: Compiled) -> None:
        for rtype in one.filters or one.topic.types:
            self._shelves[one.topic.name, rtype].put(one, one.filters.get(rtype, ()))
            topics = self._topics.setdefault(rtype, [])
            if one.topic not in topics:
                topics.append(one.topic)


def _parsed(body: bytes) -> Json | None:
    resource: Json | None = loads(body) if body else None
    return resource


def _values(change: Changed, resource: Json | None) -> Values:
    return Values({}) if resource is None else values_of(resource, patient=change.patient, person=change.person)
