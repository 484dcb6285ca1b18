"""The conversion report: what became of every leaf of a document, each exactly once, in its order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from hub.kernel.types import ReportRow
from mappings.cda.node import TEXT, Node

NO_MAPPING: Final = "no mapping; it stands in the original document only"
STRUCTURE: Final = "structure of the standard: says nothing of its own"
#: Attributes that only say which class of the model an element is, or what its value is made of.
_STRUCTURE: Final = frozenset(
    {
        "classCode",
        "contextConductionInd",
        "contextControlCode",
        "determinerCode",
        "inversionInd",
        "moodCode",
        "schemaLocation",
        "typeCode",
        "xsi:type",
    }
)


def report(document: Node) -> tuple[ReportRow, ...]:
    """One row for each attribute and text that holds something."""
    return tuple(_rows(document, ""))


def _rows(node: Node, path: str) -> Iterator[ReportRow]:
    for name, value in node.attributes.items():
        if value.strip():
            yield _row(node, name, f"{path}@{name}")
    if node.text.strip():
        yield _row(node, TEXT, path or "text()")
    seen: dict[str, int] = {}
    counts: dict[str, int] = {}
    for child in node.children:
        counts[child.name] = counts.get(child.name, 0) + 1
    for child in node.children:
        seen[child.name] = seen.get(child.name, 0) + 1
        number = f"[{seen[child.name]}]" if counts[child.name] > 1 else ""
        yield from _rows(child, f"{path}/{child.name}{number}" if path else child.name + number)
        if child.tail.strip() and TEXT not in child.became:
            yield ReportRow(source=f"{path}/text()", outcome="refused", reason="text between elements of the model")


def _row(node: Node, leaf: str, source: str) -> ReportRow:
    if leaf in node.became:
        return ReportRow(source=source, outcome="mapped", targets=tuple(dict.fromkeys(node.became[leaf])))
    reason = node.refused.get(leaf) or (STRUCTURE if leaf in _STRUCTURE else NO_MAPPING)
    return ReportRow(source=source, outcome="refused", reason=reason)
