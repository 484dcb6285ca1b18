"""A ConceptMap as rows, and what is left of it without them (R4 conceptmap.html). Pure."""

from __future__ import annotations

from hub.kernel.types import Json

#: Source system and code, target system, code and display, equivalence, comment.
Row = tuple[str, str, str, str, str, str, str]


def rows_of_map(resource: Json) -> tuple[Json, list[Row]]:
    """The resource with its groups emptied, and a row for each target of each code; one without a code where the
    code is said to have none.
    """
    rows: list[Row] = []
    groups = []
    for group in resource.get("group", ()):
        source, target = group.get("source", ""), group.get("target", "")
        for element in group.get("element", ()):
            for one in element.get("target") or [{"equivalence": "unmatched"}]:
                told = [one.get(name, "") for name in ("code", "display", "equivalence", "comment")]
                rows.append((source, element.get("code", ""), target, *told))
        groups.append({name: value for name, value in group.items() if name != "element"})
    return resource | ({"group": groups} if groups else {}), rows
