"""Steps that change texts where they stand."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, Final

import re2

from mappings.hl7v2.edit import Editable
from mappings.hl7v2.names import split_name
from mappings.hl7v2.place import Place, place
from mappings.hl7v2.profile import Step
from mappings.hl7v2.steps.rows import repetitions_of, rows_of

_TIME_SIGNS: Final = re.compile(r"[-/.:年月日时分秒\sT]+")
_FULL_WIDTH: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
#: Longest text a pattern is tried on, in characters.
_LONGEST: Final = 10_000


def map_values(edited: Editable, step: Step) -> None:
    """Replace texts by the profile's table; others stay."""
    _change(edited, step, lambda text: step.values.get(text, text), _holds_any(step.values))


def remove_values(edited: Editable, step: Step) -> None:
    """Remove texts that mean nothing, such as 无 or 同上."""
    _change(edited, step, lambda text: "" if text in step.values else text, _holds_any(step.values))


def strip(edited: Editable, step: Step) -> None:
    """Take off white space around texts, ideographic spaces included."""
    _change(edited, step, str.strip)


def half_width(edited: Editable, step: Step) -> None:
    """Write full-width letters, digits and signs as ASCII: `１１０Ｘ` becomes `110X`; hanzi stay."""
    _change(edited, step, lambda text: text.translate(_FULL_WIDTH), lambda raw: not raw.isascii())


def plain_time(edited: Editable, step: Step) -> None:
    """Write a time as HL7 does: `1977-01-01 08:30` becomes `197701010830`; what is no time stays."""

    def plain(text: str) -> str:
        digits = _TIME_SIGNS.sub("", text)
        return digits if digits.isascii() and digits.isdigit() and len(digits) in {4, 6, 8, 10, 12, 14} else text

    _change(edited, step, plain)


def replace_text(edited: Editable, step: Step) -> None:
    """Replace what a pattern of RE2 (linear in time) finds; a text of more than 10,000 characters stays."""
    pattern = _pattern(step.pattern)

    def replaced(text: str) -> str:
        return str(pattern.sub(step.value, text)) if len(text) <= _LONGEST else text

    _change(edited, step, replaced)


def split_names(edited: Editable, step: Step) -> None:
    """Part a Chinese name that stands whole in component 1 into family (1) and given name (2)."""
    target = place(step.at)
    for row in rows_of(edited, step, target.segment):
        for each in repetitions_of(edited, row, target):
            first, second = _component(each, 1), _component(each, 2)
            family, given = split_name(edited.raw(row, first))
            if given and not edited.raw(row, second):
                edited.put(row, first, family)
                edited.put(row, second, given)


@lru_cache(maxsize=1024)
def _pattern(text: str) -> Any:
    return re2.compile(text)


def _holds_any(texts: Iterable[str]) -> Callable[[str], bool]:
    return lambda raw: any(text in raw for text in texts)


def _change(
    edited: Editable, step: Step, change: Callable[[str], str], may_change: Callable[[str], bool] = bool
) -> None:
    """Change the leaves at a place; `may_change` spares fields without escapes that hold nothing to change."""
    target = place(step.at)
    escape = edited.separators.escape
    for row in rows_of(edited, step, target.segment):
        raw = row[target.field] if target.field < len(row) else ""
        if raw and (may_change(raw) or (escape and escape in raw)):
            edited.change(row, target, change)


def _component(at: Place, comp: int) -> Place:
    return Place(at.segment, at.field, at.rep, comp)
