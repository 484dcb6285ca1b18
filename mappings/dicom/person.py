"""Names of people (PN, PS3.5 6.2): up to three groups, alphabetic, ideographic and phonetic, each a HumanName."""

from __future__ import annotations

import re
from typing import Final

from hub.kernel.types import Json
from mappings.dicom.item import Item
from mappings.hl7v2.datatypes.names import is_chinese, name_of

_REPRESENTATION: Final = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"
#: Codes of the groups, and the order in which a reader wants them: the name in its own script first.
_GROUPS: Final = ("ABC", "IDE", "SYL")
_ORDER: Final = (1, 0, 2)
#: Kana and hangul.
_SYLLABLES: Final = re.compile(r"[\u3040-\u30ff\uff66-\uff9f\uac00-\ud7a3]+")


def names(text: str, use: str = "") -> list[Json]:
    """The HumanNames of a PN; the name in its own script comes first. [] if it states nothing."""
    groups = text.split("=")[:3]
    found = []
    for at in _ORDER:
        name = _name(groups[at]) if at < len(groups) else {}
        if name:
            if len([group for group in groups if group.strip("^ ")]) > 1:
                name = {"extension": [{"url": _REPRESENTATION, "valueCode": _GROUPS[at]}]} | name
            found.append(({"use": use} if use else {}) | name)
    return found


def _joint(family: str, given: str) -> str | None:
    """What stands between the parts of a name that begins with the family; None where it ends with it."""
    if _SYLLABLES.fullmatch(family + given):
        return "" if "\uac00" <= family[:1] <= "\ud7a3" else " "
    return "" if is_chinese(family) and is_chinese(given) else None


def _name(group: str) -> Json:
    """HumanName of family^given^middle^prefix^suffix."""
    family, given, middle, prefix, suffix = ([part.strip() for part in group.split("^")] + [""] * 5)[:5]
    parts = [part for part in (given, middle) if part]
    joint = _joint(family, "".join(parts)) if family and parts else None
    if joint is not None:
        return {"text": joint.join([family, *parts]), "family": family, "given": parts}
    return name_of(family, parts, [prefix] if prefix else [], [suffix] if suffix else [])


def named(item: Item, keyword: str) -> list[Json]:
    """The HumanNames of all values of a PN element."""
    return [name for value in item.texts(keyword) for name in names(value)]


def display(text: str) -> str:
    """A name as one text, in its own script where that is given."""
    found = names(text)
    return str(found[0].get("text", "")) if found else ""


def displays(item: Item, keyword: str) -> list[str]:
    """The names of an element as texts, without those that say nothing."""
    return [name for value in item.texts(keyword) if (name := display(value))]
