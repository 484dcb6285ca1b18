"""The invariants of FHIR R4 as rows: path -> [key, severity, human text, FHIRPath expression].

An inherited invariant stands at the type that states it alone, and one of a data type at that type, not at each element
that has it. The path is that of an element (`Organization.address`) where the specification puts it on one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Row = list[str]
Structure = Mapping[str, Mapping[str, Any]]


def invariant_rows(definitions: Iterable[Mapping[str, Any]], structure: Structure) -> dict[str, list[Row]]:
    """Path -> its invariants in the order of the specification; of types and elements that `structure` has."""
    stated: dict[str, list[Row]] = {}
    for definition in definitions:
        if definition.get("derivation") != "constraint":
            for path, row in _stated(definition):
                stated.setdefault(path, []).append(row)
    own = {path: [row for row in rows if not _inherited(path, row, stated, structure)] for path, rows in stated.items()}
    return {path: rows for path, rows in own.items() if rows and _types(path, structure)}


def _stated(definition: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    for element in definition["snapshot"]["element"]:
        path = element["path"]
        if "." not in path or element["base"]["path"] == path:
            for row in element.get("constraint", ()):
                yield path, [row["key"], row["severity"], row["human"], row.get("expression", "")]


def _types(path: str, structure: Structure) -> list[str]:
    """The type a path names, or those of the element it names; none for what R4 has not."""
    if path in structure:
        return [path]
    owner, _, leaf = path.rpartition(".")
    cell = structure.get(owner, {"elements": {}})["elements"].get(leaf, "")
    return [part.partition("(")[0] for part in cell.split(" ")[1:] if not part.startswith("!")]


def _inherited(path: str, row: Row, stated: Mapping[str, list[Row]], structure: Structure) -> bool:
    for name in _types(path, structure):
        at = name if name != path else structure[path]["base"]
        while at:
            if row in stated.get(at, ()):
                return True
            at = structure[at]["base"]
    return False
