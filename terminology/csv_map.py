"""A concept map from a CSV file with a header: a row for each code and what it is in another code system.

Parts: `source` and `target` (codes), `display` (of the target), `equivalence` (R4 concept-map-equivalence;
`equivalent` where nothing is said), `comment`. A row without a target says that the code has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from hub.fhir.value_sets import codes
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from terminology.csv_rows import read_rows, refuse_unfit, refused
from terminology.model import CONCEPT_MAP

_PARTS: Final = frozenset({"source", "target", "display", "equivalence", "comment"})
_EQUIVALENCES: Final = codes("concept-map-equivalence") or frozenset()


def map_of_csv(
    path: Path, head: Json, columns: Mapping[str, str], systems: tuple[str, str], *, encoding: str = "utf-8-sig"
) -> Json:
    """The ConceptMap in a file, from one code system to another; `head` has its other elements.

    Raises HubError INVALID for a part that is none, a column the file does not have, or an equivalence that is none;
    NOT_FOUND, UNREADABLE.
    """
    for part in columns:
        if part not in _PARTS:
            raise refused(f"column map: {part}", "is no part of a map", f"use {', '.join(sorted(_PARTS))}")
    for part in ("source", "target"):
        if part not in columns:
            raise refused("column map", f"names no column for the {part}", f"add {part}=COLUMN")
    refuse_unfit(path, columns, encoding)
    elements: dict[str, list[Json]] = {}
    for line, row in read_rows(path, columns, encoding):
        if row["source"]:
            elements.setdefault(row["source"], []).append(_target(row, f"{path}: line {line}"))
    group = {"source": systems[0], "target": systems[1], "element": [_element(*each) for each in elements.items()]}
    return {**head, "resourceType": CONCEPT_MAP, "group": [group]}


def _element(code: str, targets: list[Json]) -> Json:
    return {"code": code, "target": targets}


def _target(row: Mapping[str, str], where: str) -> Json:
    equivalence = row.get("equivalence") or ("equivalent" if row["target"] else "unmatched")
    if equivalence not in _EQUIVALENCES:
        todo = "use one of R4 concept-map-equivalence"
        raise HubError(Category.INVALID, "is no equivalence", where=where, todo=todo, code="concept-map")
    display = row.get("display", "") if row["target"] else ""
    told = {"code": row["target"], "display": display, "comment": row.get("comment", "")}
    return {**{name: value for name, value in told.items() if value}, "equivalence": equivalence}
