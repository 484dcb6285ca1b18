"""What became of the fields of one message, for the report: the ways they went, and what was noted of them."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from msgspec import Struct, field

from mappings.hl7v2.repeated import Outcome

#: Components and subcomponents of which a way remembers what they become.
_MOST_PARTS: Final = 512


class Mapped:
    """A way a field goes: to the element `target`, each component to what `parts` names (see `Datatype.parts`)."""

    __slots__ = ("_known", "parts", "target")

    def __init__(self, target: str, parts: Mapping[str, str]) -> None:
        self.target = target
        self.parts = parts
        self._known: dict[tuple[int, int], str | None] = {}

    def element(self, comp: int, sub: int) -> str | None:
        """The element a component or subcomponent becomes; None if the map does not read it."""
        if (comp, sub) not in self._known:
            if len(self._known) >= _MOST_PARTS:  # no field of the standard has as many; a broken one may
                return self._element(comp, sub)
            self._known[comp, sub] = self._element(comp, sub)
        return self._known[comp, sub]

    def _element(self, comp: int, sub: int) -> str | None:
        keys = [f"{comp}.{sub}", f"{comp}.*", "*"] + ([str(comp)] if sub == 1 else [])
        part = next((self.parts[key] for key in keys if key in self.parts), None)
        return f"{self.target}.{part}" if part else None if part is None else self.target


@cache
def mapped(target: str, parts: frozenset[tuple[str, str]] = frozenset({("*", "")})) -> Mapped:
    """One `Mapped` for all fields that go the same way."""
    return Mapped(target, dict(parts))


#: The ways of one segment as they were recorded: field, repetition (0: all of them), way.
Way = tuple[int, int, Mapped]


#: What was noted of one segment: field, repetition, and by component what became of it.
SettledNotes = tuple[tuple[int, int, tuple[tuple[int, tuple[Outcome, str]], ...]], ...]


class Trace(Struct):
    """What became of fields, for the report: `mapped` are the ways by segment position, in a tuple where several
    segments share them.

    `notes` are by (position, field, repetition) and by component too, where 0 means all of it; `settled` are those of
    whole segments by position, in a tuple too; `refused` are whole segments by position, with why.
    """

    mapped: dict[int, list[Way] | tuple[Way, ...]] = field(default_factory=dict)
    notes: dict[tuple[int, int, int], dict[int, tuple[Outcome, str]]] = field(default_factory=dict)
    settled: dict[int, SettledNotes] = field(default_factory=dict)
    refused: dict[int, str] = field(default_factory=dict)
    _alike: dict[Any, Any] = field(default_factory=dict)

    def add(self, at: int, n: int, rep: int, way: Mapped) -> None:
        """Note one more way of a field and repetition of the segment at position `at`."""
        ways = self.mapped.get(at)
        if ways.__class__ is list:
            ways.append((n, rep, way))
        else:
            self.mapped[at] = [*(ways or ()), (n, rep, way)]

    def add_all(self, at: int, ways: tuple[Way, ...]) -> None:
        """Note the ways of several fields of the segment at position `at`."""
        self.mapped[at] = [*self.mapped.get(at, ()), *ways]

    def settle(self, at: int) -> None:
        """Keep ways and notes of a segment once with all that went alike: a long message has thousands."""
        ways = tuple(self.mapped.get(at, ()))
        if ways:
            self.mapped[at] = self._alike.setdefault(ways, ways)
        noted: SettledNotes = ()
        while self.notes and next(reversed(self.notes))[0] == at:
            (_, n, rep), notes = self.notes.popitem()
            noted = ((n, rep, tuple(notes.items())), *noted)
        if noted:
            self.settled[at] = self._alike.setdefault(noted, noted)

    def noted(self, at: int) -> Mapping[tuple[int, int, int], Mapping[int, tuple[Outcome, str]]]:
        """What was noted of the segment at position `at`, among more."""
        settled = self.settled.get(at)
        if settled is None:
            return self.notes
        return ChainMap({(at, n, rep): dict(notes) for n, rep, notes in settled}, self.notes)

    def went(self, at: int, n: int, rep: int) -> bool:
        """Whether a repetition of a field went somewhere."""
        return any(way[:2] == (n, rep) for way in self.mapped.get(at, ()))
