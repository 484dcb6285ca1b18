"""What a datatype map is."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

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

    `repeated`: senders say the same again and again (codes, and who and where the patient is; not times and numbers of
    orders), and what they mean depends on the text, the row and the sender alone, as long as `Context.said` stands.
    `numbers`: it comes again with one patient or visit alone, and is not remembered together with what stands beside.

    Keys: `4` the first leaf of a component, `4.2` a later one, `4.*` all of them, `*` the whole repetition.
    Values: the element below the row's target, "" for the target itself.
    """

    make: Callable[[Options], Converter]
    parts: Mapping[str, str]
    repeated: bool = False
    numbers: bool = False


def plain(convert: Converter, parts: Mapping[str, str], *, repeated: bool = False, numbers: bool = False) -> Datatype:
    """A map that needs nothing from its row."""
    return Datatype(lambda _: convert, parts, repeated, numbers)


#: Longest repetition whose value is remembered, in characters: codes and names, not texts.
SHORT: Final = 160
#: What FHIR takes for a code: no space at its ends, none beside another.
CODE: Final = re.compile(r"\S+( \S+)*\Z")


def fresh(value: Any) -> Any:
    """A copy of a remembered value, which the resource it goes into may change."""
    if isinstance(value, dict):
        return {name: each if type(each) is str else fresh(each) for name, each in value.items()}
    return [each if type(each) is str else fresh(each) for each in value] if isinstance(value, list) else value
