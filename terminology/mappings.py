"""A ConceptMap as rows, and what is left of it without them (R4 conceptmap.html). Pure."""

from __future__ import annotations

from typing import NamedTuple

from hub.fhir.json import dumps
from hub.kernel.types import Json


class Row(NamedTuple):
    """What a map says of a code; `depends` and `product` are JSON: elements a target depends on, and those it gives."""

    source_system: str
    source_code: str
    target_system: str
    target_code: str
    target_display: str
    equivalence: str
    comment: str
    depends: bytes | None
    product: bytes | None


def rows_of_map(resource: Json) -> tuple[Json, list[Row]]:
    """The resource with its groups emptied, and a row for each target of each code; one without a code where the
    code is said to have none.
    """
    rows: list[Row] = []
    groups = []
    for group in resource.get("group", ()):
        for element in group.get("element", ()):
            targets = element.get("target") or [{"equivalence": "unmatched"}]
            rows += [_row(group, element, one) for one in targets]
        groups.append({name: value for name, value in group.items() if name != "element"})
    return resource | ({"group": groups} if groups else {}), rows


def _row(group: Json, element: Json, target: Json) -> Row:
    return Row(
        source_system=group.get("source", ""),
        source_code=element.get("code", ""),
        target_system=group.get("target", ""),
        target_code=target.get("code", ""),
        target_display=target.get("display", ""),
        equivalence=target.get("equivalence", ""),
        comment=target.get("comment", ""),
        depends=dumps(target["dependsOn"]) if target.get("dependsOn") else None,
        product=dumps(target["product"]) if target.get("product") else None,
    )
