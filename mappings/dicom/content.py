"""The content tree of a structured report (SR, PS3.3 C.17.3): its items, and the tree as plain text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from hub.kernel.types import Json
from mappings.dicom.case import Case
from mappings.dicom.coded import coding, concept, unit
from mappings.dicom.item import Item
from mappings.dicom.person import display
from mappings.dicom.times import date_time, day, instant

#: No tree is followed deeper.
DEEPEST = 64


@dataclass(slots=True)
class Node:
    """A content item: its kind (`ValueType`), how it belongs to its parent, its concept, its place (`1.2.1`)."""

    kind: str
    relation: str
    concept: Json
    item: Item
    place: str
    children: list[Node] = field(default_factory=list)

    def code(self) -> str:
        """The code of the concept."""
        return next((str(each["code"]) for each in self.concept.get("coding", ())), "")

    def label(self) -> str:
        return str(self.concept.get("text") or self.code())


def tree(item: Item, case: Case, place: str = "") -> list[Node]:
    """The content items below an item; those a reference points to stand where they are defined."""
    if item.depth > DEEPEST:
        case.issue("nested-too-deeply", "content below this depth is not read", "(0040,A730) ContentSequence", "error")
        return []
    found = []
    for number, each in enumerate(item.items("ContentSequence"), 1):
        at = f"{place}.{number}" if place else str(number)
        named = concept(each.first("ConceptNameCodeSequence"), case)
        node = Node(each.text("ValueType"), each.text("RelationshipType"), named, each, at)
        node.children = tree(each, case, at)
        found.append(node)
    return found


def value_text(node: Node, case: Case) -> str:
    """The value of a content item as people read it; "" where it has none."""
    item = node.item
    match node.kind:
        case "TEXT":
            return item.text("TextValue")
        case "CODE":
            return str(concept(item.first("ConceptCodeSequence"), case).get("text", ""))
        case "NUM":
            return _measured(item)
        case "PNAME":
            return display(item.text("PersonName"))
        case "DATE":
            return day(item.text("Date"))
        case "TIME":
            return item.text("Time")
        case "DATETIME":
            return instant(item.text("DateTime"), case.zone)
        case "UIDREF":
            return item.uid("UID")
        case _:
            return ""


def quantity(item: Item) -> Json:
    """The Quantity of a NUM item; {} if nothing was measured."""
    measured = item.first("MeasuredValueSequence")
    value = measured.number("NumericValue") if measured is not None else None
    if measured is None or value is None:
        return {}
    return {"value": value} | unit(measured.first("MeasurementUnitsCodeSequence"))


def qualifier(item: Item, case: Case) -> Json:
    """Why there is no value (NumericValueQualifierCodeSequence); {} if it does not say."""
    stated = item.first("NumericValueQualifierCodeSequence")
    return coding(stated, case) if stated is not None else {}


def _measured(item: Item) -> str:
    found = quantity(item)
    return f"{found['value']} {found.get('unit', '')}".strip() if found else ""


def written(nodes: list[Node], case: Case, indent: int = 0) -> Iterator[str]:
    """The whole tree as lines of text, so that nothing of a report is lost to a reader."""
    for node in nodes:
        said = ": ".join(part for part in (node.label(), value_text(node, case)) if part)
        yield "  " * indent + (said or node.kind or "-")
        yield from written(node.children, case, indent + 1)


def moment(item: Item, zone: str) -> str:
    """When the content was written."""
    return date_time(item.text("ContentDate"), item.text("ContentTime"), zone)
