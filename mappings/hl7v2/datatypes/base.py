"""What a datatype map is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mappings.hl7v2.codetables import Table
from mappings.hl7v2.context import Context
from mappings.hl7v2.parser import Repetition

#: One repetition to a JSON value, a Primitive, a list of values, or None.
Converter = Callable[[Repetition, Context], Any]


@dataclass(frozen=True, slots=True)
class Options:
    """What a row tells its datatype map: the code table, and a word the map knows (`home`, `ATND`)."""

    table: Table | None = None
    word: str = ""


@dataclass(frozen=True, slots=True)
class Datatype:
    """A datatype map. `parts` names the element each component becomes.

    Keys: `4` the first leaf of a component, `4.2` a later one, `4.*` all of them, `*` the whole repetition.
    Values: the element below the row's target, "" for the target itself.
    """

    make: Callable[[Options], Converter]
    parts: Mapping[str, str]


def plain(convert: Converter, parts: Mapping[str, str]) -> Datatype:
    """A map that needs nothing from its row."""
    return Datatype(lambda _: convert, parts)
