"""Facts that stand only in the text of a section: named like a data element, in a table, a list or `name: value`.

Only a section without any entry is read so, and none that tells of plans: a narrative repeats what is coded, and a
target in a table cannot be told from a measurement. What it gives says that it comes from the narrative.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from hub.kernel.types import Json
from mappings.cda.codes import ELEMENTS
from mappings.cda.node import Node
from mappings.cda.observations import with_loinc
from mappings.cda.setting import Setting
from mappings.cda.tables import Row, element_named, table
from mappings.cda.values import is_same_unit, number_in, unit

#: `name: value` in one line, with either colon.
_PAIR: Final = re.compile(r"\s*([^:：，。；;\n]{1,30})[:：]\s*([^，。；;\n]{1,200})")
_BLOCKS: Final = frozenset({"text", "paragraph", "item", "list", "p", "li", "div"})
_UNITS: Final = frozenset({"单位", "计量单位", "结果单位"})
#: Columns and lines of a table that do not tell what was measured now.
_NOT_NOW: Final = re.compile("目标|建议|参考|正常|范围|单位|上次")
_PRESSURE: Final = re.compile(r"(\d{2,3})\s*/\s*(\d{2,3})\s*(.*)", re.ASCII)
_PRESSURES: Final = ("DE04.10.174.00", "DE04.10.176.00")
_UNIT: Final = re.compile(r"[(（]([^()（）]+)[)）]\s*\Z")


def told(section: Node, setting: Setting) -> list[Json]:
    """The Observations of a section that has a text and no entries."""
    if setting.planned or section.all("entry") or section.all("component"):
        return []
    found = [fact for text in section.all("text") for pair in _pairs(text) for fact in _facts(*pair)]
    made = [_observation(section, i, *fact, setting) for i, fact in enumerate(found)]
    if made:
        setting.context.issue(
            "from-narrative", "facts that stand in the text only were read from it", section, "information"
        )
    return made


def _pairs(text: Node) -> Iterator[tuple[str, str]]:
    """Name and value of the cells beside or below each other, and of lines that say `name: value`."""
    for node in text.walk():
        if node.name == "table":
            yield from _cells([[cell.words() for cell in row.children] for row in node.walk() if row.name == "tr"])
        elif node.name in _BLOCKS and not _in_table(node):
            for line in "".join(_running(node)).splitlines():
                # Of runs of blanks one is left: a pattern that begins with blanks tries each of a run.
                yield from ((match[1].strip(), match[2].strip()) for match in _PAIR.finditer(" ".join(line.split())))


def _running(node: Node) -> Iterator[str]:
    """The text of a block, its emphasis and other inline elements run together, other blocks as ends of lines."""
    yield node.text
    for child in node.children:
        yield from "\n" if child.name in {*_BLOCKS, "br", "table"} else _running(child)
        yield child.tail


def _in_table(node: Node) -> bool:
    return node.parent is not None and (node.parent.name in {"td", "th"} or _in_table(node.parent))


def _cells(lines: list[list[str]]) -> Iterator[tuple[str, str]]:
    """Name and value of a table: names above their columns, else before their values; a column may be of units."""
    head, *others = lines or [[]]
    if others and sum(map(_is_name, head)) > 1 and not any(map(_is_name, others[0])):
        yield from _below(head, [line for line in others if len(line) == len(head) and any(line)])
        return
    units = next((i for i, name in enumerate(head) if name in _UNITS), None)
    heading = [] if any(map(_is_name, head)) else head
    for line in lines:
        printed = line[units] if units is not None and units < len(line) else ""
        yield from ((_with_unit(name, value, printed), value) for name, value in _beside(heading, line))


def _below(head: list[str], lines: list[list[str]]) -> Iterator[tuple[str, str]]:
    """Values below their names. None where other columns tell lines apart: by side, day, or what is aimed at."""
    if lines and _is_of_units(head, lines[0]):
        head = [_with_unit(name, "", printed) for name, printed in zip(head, lines[0], strict=True)]
        lines = lines[1:]
    apart = [text for line in lines for name, text in zip(head, line, strict=True) if text and not _is_name(name)]
    if not apart or (len(lines) == 1 and not any(map(_NOT_NOW.search, apart))):
        yield from (pair for line in lines for pair in zip(head, line, strict=True))


def _is_of_units(head: list[str], line: list[str]) -> bool:
    below = [text for name, text in zip(head, line, strict=True) if text and _is_name(name)]
    return len(below) > 1 and not any(map(number_in, below)) and all("code" in unit(text) for text in below)


def _beside(heading: list[str], line: list[str]) -> Iterator[tuple[str, str]]:
    """Names and what stands behind them, in the first column that tells of a measurement."""
    passed = [at for at, text in enumerate(heading) if _NOT_NOW.search(text)]
    for place, name in enumerate(line):
        value = next((text for at, text in enumerate(line[place + 1 :], place + 1) if at not in passed), "")
        if _is_name(name) and not _is_name(value):
            yield name, value


def _with_unit(name: str, value: str, printed: str) -> str:
    """The name with the unit of its line in brackets, unless it or the value says one."""
    return f"{name}({printed})" if printed and printed != value and not _UNIT.search(name) else name


def _is_name(text: str) -> bool:
    return text == "血压" or bool(element_named(text))


def _facts(name: str, value: str) -> Iterator[tuple[Row, str, Json]]:
    """Data element, name and `value[x]` of a pair; none where the name stands for no element."""
    pressure = _PRESSURE.fullmatch(value) if name.startswith("血压") else None
    if pressure is not None:
        for element, number in zip(_PRESSURES, pressure.groups(), strict=False):
            yield table("data-elements")[element], name, _amount(number, pressure[3] or _printed(name))
        return
    row = table("data-elements").get(element_named(name))
    if row is not None and value.strip("/-—\\ "):
        yield row, name, _amount(value, _printed(name)) or {"valueString": value}


def _printed(name: str) -> str:
    """The unit that stands in brackets behind a name."""
    match = _UNIT.search(name)
    return match[1] if match else ""


def _amount(text: str, printed: str) -> Json:
    found = number_in(text)
    if found is None:
        return {}
    comparator, number, behind = found
    if behind and printed and not is_same_unit(behind, printed):
        return {}
    said = {"comparator": comparator} if comparator else {}
    return {"valueQuantity": {"value": number, **said, **unit(behind or printed)}}


def _observation(section: Node, number: int, row: Row, name: str, said: Json, setting: Setting) -> Json:
    context = setting.context
    key = f"{context.document[1]}|{section.path}|{number}"
    made = context.resource("Observation", f"narrative|{context.document[0]}", key)
    code = {"coding": [{"system": ELEMENTS, "code": row["code"]}], "text": name}
    made |= {"status": "final", "code": code, **said}
    made["extension"] = [{"url": context.extension("cda-from-narrative"), "valueBoolean": True}]
    if context.patient:
        made["subject"] = context.patient
    if context.encounter:
        made["encounter"] = context.encounter
    with_loinc(made, row)
    return made
