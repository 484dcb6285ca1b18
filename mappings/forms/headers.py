"""Headers of columns: the name they are found by, the unit or legend in brackets, the number of a repeated one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Final, NamedTuple

from mappings.forms.formmap import Question, form_maps, written_units
from mappings.forms.text import narrow, squeezed

_BRACKETS: Final = re.compile(r"[(\[【{]([^)\]】}]*)[)\]】}]")
_PLACE: Final = re.compile(r"\[(\d{1,3})\]")
_NOISE: Final = re.compile(r"[*:#_.\-]")
_NUMBERED: Final = re.compile(r"\d{1,2}")
_LEGEND: Final = re.compile(r"(\d{1,2})\s*[.=、:：-]?\s*([^\d\s,;、/]+)")
#: What is measured now, beside what is aimed at.
_PRESENT: Final = frozenset({"目前", "现在", "本次", "当前", "实测", "测量值", "实测值"})
_PRESSURE: Final = "血压"
#: Longest name of a column that is looked at, in characters.
_LONGEST: Final = 1000
#: Known columns that make a line a header.
_ENOUGH: Final = 2


class Header(NamedTuple):
    """A column: its name without brackets, all of it, what its brackets hold, and its number (0: not numbered)."""

    name: str
    whole: str
    note: str
    place: int


def header(column: str) -> Header:
    """Take the name of a column apart; names are squeezed."""
    return _header(column[:_LONGEST])


@lru_cache(maxsize=4096)
def _header(column: str) -> Header:
    places = _PLACE.findall(column)
    plain = narrow(_PLACE.sub("", column))
    closed = max(map(plain.rfind, ")]】}")) + 1  # behind it no bracket is one: each would be looked for to the end
    notes = [note.strip() for note in _BRACKETS.findall(plain[:closed])]
    bare = _NOISE.sub("", squeezed(_BRACKETS.sub("", plain[:closed]) + plain[closed:]))
    whole = _NOISE.sub("", squeezed(re.sub(r"[()\[\]【】{}]", "", plain)))
    return Header(bare, whole, " ".join(filter(None, notes)), int(places[0]) if places else 0)


def legend(note: str) -> dict[str, str]:
    """The codes a header explains, `1门诊 2家庭`; empty if it explains none, or one only."""
    found = dict(_LEGEND.findall(narrow(note)))
    return found if len(found) > 1 else {}


class Columns:
    """Finds the question of a column."""

    def __init__(self, questions: Iterable[Question]) -> None:
        self._by_name: dict[str, Question] = {}
        self._repeated: dict[str, Question] = {}
        for question in questions:
            for column in (*question.columns, question.link):
                parts = header(column)
                for name in dict.fromkeys((parts.whole, parts.name if not parts.note else parts.whole)):
                    self._by_name.setdefault(name, question)
                    if question.repeats:
                        self._repeated.setdefault(name, question)

    def find(self, column: str) -> tuple[Question, int] | None:
        """The question, and its number for one that repeats (0: not numbered); None for a column of no question."""
        parts = header(column)
        last = squeezed(_PLACE.sub("", column)).rpartition(".")[2]
        for name in (parts.whole, parts.name, last):
            if name in self._by_name:
                return self._by_name[name], parts.place
        for name in (parts.whole, parts.name):
            match = _NUMBERED.search(name)
            if match is not None:
                question = self._repeated.get(name[: match.start()] + name[match.end() :])
                if question is not None:
                    return question, int(match.group())
        return None


@cache
def columns_of(form: str) -> Columns:
    """The columns of a form."""
    return Columns(form_maps()[form].questions.values())


def looks_like_header(texts: list[str]) -> bool:
    """Whether a line holds several columns of some form, all different: a row of data holds none."""
    known = [text for text in texts if text.strip() and _is_known(text)]
    return len(set(known)) >= _ENOUGH


def joined(above: list[str], below: list[str]) -> list[str] | None:
    """The columns of a header of two lines, groups above their parts (merged cells); None if `below` is a row of data.

    A part is found by its group and its own name (左侧 over 收缩压, 体重 over 目标), else by its own; the unit of a
    group is that of its parts. In a row of data something stands that is no column, and it says who somebody is: a
    line that leaves the columns of the person blank may hold parts nobody knows.
    """
    columns: list[str] = []
    group = ""
    is_blank = _leaves_person_blank(above, below)
    for place in range(max(len(above), len(below))):
        top, part = _cell(above, place), _cell(below, place)
        group = top or group
        name = _part(group, part) if part else top
        if name is None and not is_blank:
            return None
        columns.append(f"{group}{part}" if name is None else name)
    known = any(_part(_cell(above, place), part.strip()) for place, part in enumerate(below) if part.strip())
    return columns if known or (any(part.strip() for part in below) and not is_blank) else None


def grouped(groups: list[str], columns: list[str]) -> list[str]:
    """The columns under a line of groups: one is known by both (目标 over 体重, 随访 over 日期), else by itself."""
    found: list[str] = []
    group = ""
    for place, column in enumerate(columns):
        top = _cell(groups, place)
        group = top or group
        name = _both(group, column) if _is_known(column) else _part(group, column) if column else None
        found.append(name or column or ("" if ":" in narrow(top) else top))
    return found


def _cell(texts: list[str], place: int) -> str:
    return texts[place].strip() if place < len(texts) else ""


def _leaves_person_blank(above: list[str], below: list[str]) -> bool:
    """Whether `above` has columns that say who somebody is, and nothing stands under them."""
    person = [place for place, text in enumerate(above) if text.strip() and _is_of_person(text)]
    return bool(person) and not any(_cell(below, place) for place in person)


def _is_of_person(text: str) -> bool:
    asked = (found[0] for form in form_maps() if (found := columns_of(form).find(text)))
    return any(question.fills.startswith("person.") for question in asked)


def _part(group: str, part: str) -> str | None:
    """The column of a part of a group, which may be no more than its unit; None if there is none."""
    own, over = header(part), header(group)
    names = [own.name, *([over.name] if own.name in _PRESENT else [])]  # 体重 over 目前 is 体重
    alone = next((f"{name}{_note(group, part)}" for name in names if _is_known(name)), None)
    return _both(group, part) or alone or (f"{group}({part})" if _is_unit_of(part, group) else None)


def _both(group: str, part: str) -> str | None:
    """The column that group and part name together: 左侧血压 over 收缩压 is 左侧收缩压; None if there is none."""
    own, over = header(part), header(group)
    names = (f"{over.name.removesuffix(_PRESSURE)}{own.name}", f"{own.name}{over.name}") if over.name else ()
    return next((f"{name}{_note(group, part)}" for name in names if _is_known(name)), None)


def _note(group: str, part: str) -> str:
    found = header(part).note or header(group).note
    return f"({found})" if found else ""


def _is_unit_of(text: str, column: str) -> bool:
    asked = (found[0] for form in form_maps() if (found := columns_of(form).find(column)))
    return any(question.units and squeezed(text) in written_units(question.units) for question in asked)


def _is_known(text: str) -> bool:
    return any(columns_of(form).find(text) for form in form_maps())
