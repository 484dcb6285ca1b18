"""Coded answers, one or several: by the sender's own codes, by what the header explains, by the table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from mappings.forms.cells import ticked, truth
from mappings.forms.formmap import Code, CodeTable
from mappings.forms.text import narrow, squeezed

_NUMBERED: Final = re.compile(r"(\d{1,2})\s*[.,:=)-]?\s*(\D.*)", re.DOTALL)
#: An option and what explains it: `异常：ST段改变`.
_EXPLAINED: Final = re.compile(r"([^:(]+)[:(](.*)", re.DOTALL)
#: What explains nothing, but denies or doubts, or goes on with something else: `并发症：无`, `门诊:否 电话:是`.
_OTHERWISE: Final = re.compile(r"[无否未没不非除?×✗:;,/|+]")
_SEVERAL: Final = re.compile(r"[,;/|+\s]+")
_TRUE_AND_MORE: Final = re.compile(r"(有|是)\s*[:,(;]")
_CIRCLED: Final = {ord("①") + n: str(n + 1) for n in range(20)}


class Chosen(NamedTuple):
    """One option: a code of the table, or the words of the header or the cell where the table has none (code None).

    `is_known` is false for what nothing explains.
    """

    code: Code | None
    text: str
    is_known: bool = True


def chosen(text: str, table: CodeTable, legend: Mapping[str, str], own: Mapping[str, str]) -> Chosen:
    """The option a text names. `legend` are the codes the header explains, `own` those of the sender's profile."""
    plain = narrow(text).translate(_CIRCLED)
    key = squeezed(plain)
    by_code, by_word = table.by_code(), table.by_word()
    if key in own:
        return Chosen(by_code[own[key]], text)
    if key.isdigit() and legend:
        word = legend.get(key) or legend.get(key.lstrip("0"))
        return Chosen(by_word.get(squeezed(word)), word) if word else Chosen(None, text, False)
    if key in by_word:
        return Chosen(by_word[key], text)
    if key in by_code or key.lstrip("0") in by_code:
        return Chosen(by_code.get(key) or by_code[key.lstrip("0")], text)
    match = _NUMBERED.fullmatch(plain)
    word = squeezed(match[2] if match else plain)
    found = by_word.get(word) or _explained(word, by_word)
    return Chosen(found, text, found is not None)


def _explained(word: str, by_word: Mapping[str, Code]) -> Code | None:
    """The option that is only explained by what follows it; None where that denies it, or names another one."""
    match = _EXPLAINED.fullmatch(word)
    found = by_word.get(match[1]) if match else None
    if match is None or found is None or _OTHERWISE.search(match[2]):
        return None
    return None if any(code != found and other in match[2] for other, code in by_word.items()) else found


def several(text: str, table: CodeTable, legend: Mapping[str, str], own: Mapping[str, str]) -> list[Chosen]:
    """The options of a cell that may name more than one: `1,3`, `头痛、心悸`, `☑咳嗽 □气短`."""
    whole = chosen(text, table, legend, own)
    if whole.is_known:
        return [whole]
    boxes = ticked(text)
    parts = boxes if boxes is not None else [part for part in _SEVERAL.split(narrow(text)) if part]
    return [chosen(part, table, legend, own) for part in parts]


def one(text: str, table: CodeTable, legend: Mapping[str, str], own: Mapping[str, str]) -> Chosen:
    """The option of a cell that may name only one; several ticked boxes are none that is known."""
    boxes = ticked(text)
    if boxes is None:
        return chosen(text, table, legend, own)
    return chosen(boxes[0], table, legend, own) if len(boxes) == 1 else Chosen(None, text, False)


def flag(text: str, legend: Mapping[str, str]) -> bool | None:
    """Whether a cell says yes; None for what it does not tell. A bare digit tells nothing without a legend."""
    key = squeezed(text)
    if key.isdigit():
        return truth(legend.get(key, ""))
    found = truth(text)
    if found is not None:
        return found
    boxes = ticked(text)
    if boxes is not None and len(boxes) == 1:
        return flag(boxes[0], legend)
    match = _NUMBERED.fullmatch(narrow(text))
    if match is not None:
        return truth(match[2])
    return True if _TRUE_AND_MORE.match(narrow(text)) else None
