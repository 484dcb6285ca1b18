"""The structure of FHIR R4 as rows: one text cell an element, such as `1..1 code !observation-status`.

A cell is: cardinality, then the types with their reference targets in brackets, then `!` and the value set of a
required binding. A backbone element is a type of its own, named by its path (`Observation.component`).

The structure definitions of the package carry elements its maker added (`Meta.accounts`) or took from a later release
(`ResearchStudy.label`). The data elements beside them do not, but lack backbone elements: so the definitions give the
types and the backbone, the data elements every other element. The order of the elements is that of the specification.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

BASE: Final = "http://hl7.org/fhir/StructureDefinition/"
FHIR_TYPE: Final = BASE + "structuredefinition-fhir-type"
REGEX: Final = BASE + "regex"
BACKBONE: Final = frozenset({"BackboneElement", "Element"})
VALUE_SET: Final = "http://hl7.org/fhir/ValueSet/"

#: Ids of data elements are this and the path; those that would be longer than an id may be are not in the package.
DATA_ELEMENT: Final = "de-"
LONGEST_ID: Final = 64

#: Backbone elements of R5 whose elements have such long paths, or only refer to others.
FOREIGN: Final = ("EvidenceVariable.characteristic.",)

Element = Mapping[str, Any]
Rows = dict[str, dict[str, Any]]


def structure_rows(definitions: Iterable[Mapping[str, Any]], data_elements: Iterable[Mapping[str, Any]]) -> Rows:
    """Type name -> {kind, base, regex?, elements: {name: cell}}; inherited elements stand at the base only."""
    leaves = _by_path(data_elements)
    rows: Rows = {}
    for definition in definitions:
        if definition.get("derivation") != "constraint":
            rows.update(_rows_of(definition, leaves))
    for owner in {path.rpartition(".")[0]: None for path in leaves}:
        if owner in rows and rows[owner]["kind"] != "primitive":
            _complete(rows, owner, leaves)
    _prune(rows)
    return rows


def summary_rows(
    structure: Rows, definitions: Iterable[Mapping[str, Any]], data_elements: Iterable[Mapping[str, Any]]
) -> dict[str, list[str]]:
    """Type name -> its own elements that are part of a summary (ElementDefinition.isSummary); none: no row.

    Where a data element and a definition differ, the data element is R4's.
    """
    told = {row["path"]: row for definition in definitions for row in definition["snapshot"]["element"]}
    told |= _by_path(data_elements)
    rows = {
        name: [leaf for leaf in row["elements"] if told[f"{name}.{leaf}"].get("isSummary")]
        for name, row in structure.items()
    }
    return {name: leaves for name, leaves in rows.items() if leaves}


def _complete(rows: Rows, owner: str, leaves: Mapping[str, Element]) -> None:
    """Add the elements the definition of `owner` lacks, in the order of the data elements; what is none goes last."""
    own = [path.rpartition(".")[2] for path in leaves if path.rpartition(".")[0] == owner]
    known = rows[owner]["elements"]
    listed = {leaf: _cell(leaves[f"{owner}.{leaf}"]) for leaf in own if not _inherits(rows, owner, leaf)}
    if not listed.keys() <= known.keys():
        rows[owner]["elements"] = {**listed, **known}


def _inherits(rows: Rows, owner: str, leaf: str) -> bool:
    base = rows[owner]["base"]
    return bool(base) and (leaf in rows[base]["elements"] or _inherits(rows, base, leaf))


def _by_path(data_elements: Iterable[Mapping[str, Any]]) -> dict[str, Element]:
    """Elements that are not inherited; a profile's ban of one (`0..0`) is left aside."""
    elements = (row["snapshot"]["element"][0] for row in data_elements)
    return {row["path"]: row for row in elements if row["base"]["path"] == row["path"] and row["max"] != "0"}


def _prune(rows: Rows) -> None:
    """Drop backbone elements none of whose elements are R4's, and what refers to them."""
    foreign = {
        name
        for name, row in rows.items()
        if row["kind"] == "backbone" and (not row["elements"] or name.startswith(FOREIGN))
    }
    for name in foreign:
        del rows[name]
    for row in rows.values():
        row["elements"] = {key: cell for key, cell in row["elements"].items() if cell.split(" ")[1] not in foreign}


def _rows_of(definition: Mapping[str, Any], leaves: Mapping[str, Element]) -> Rows:
    name = definition["name"]
    kind = definition["kind"].removesuffix("-type")
    head: dict[str, Any] = {"kind": kind, "base": definition.get("baseDefinition", "").removeprefix(BASE)}
    if definition["abstract"]:
        head["abstract"] = True
    rows: Rows = {name: {**head, "elements": {}}}
    for element in definition["snapshot"]["element"][1:]:
        path = element["path"]
        owner, _, leaf = path.rpartition(".")
        if kind == "primitive":
            rows[name].update(_pattern(element) if leaf == "value" else {})
        elif element["base"]["path"] == path:
            if owner not in rows:
                rows[owner] = _backbone(definition, owner)
            if _is_backbone(element) or path in leaves or len(DATA_ELEMENT + path) > LONGEST_ID:
                rows[owner]["elements"][leaf] = _cell(leaves.get(path, element))
    return rows


def _backbone(definition: Mapping[str, Any], path: str) -> dict[str, Any]:
    types = next(row["type"] for row in definition["snapshot"]["element"] if row["path"] == path)
    return {"kind": "backbone", "base": types[0]["code"], "elements": {}}


def _is_backbone(element: Element) -> bool:
    return "contentReference" in element or element["type"][0]["code"] in BACKBONE


def _pattern(element: Element) -> dict[str, str]:
    found = [row["valueString"] for row in element["type"][0].get("extension", []) if row["url"] == REGEX]
    return {"regex": found[0]} if found else {}


def _cell(element: Element) -> str:
    parts = [f"{element['min']}..{element['max']}", *_types(element)]
    binding = element.get("binding", {})
    if binding.get("strength") == "required":
        parts.append("!" + binding["valueSet"].partition("|")[0].removeprefix(VALUE_SET))
    return " ".join(parts)


def _types(element: Element) -> list[str]:
    if "contentReference" in element:
        return [element["contentReference"].removeprefix("#")]
    return [_type(row, element["path"]) for row in element["type"]]


def _type(row: Mapping[str, Any], path: str) -> str:
    name: str = row["code"]
    if name in BACKBONE and "." in path:
        return path
    if path == "Resource.id":
        return "id"  # the definition says string, the datatypes page and its pattern say id
    if name.startswith("http://hl7.org/fhirpath/"):
        return next((str(part["valueUrl"]) for part in row.get("extension", []) if part["url"] == FHIR_TYPE), "string")
    targets = [target.removeprefix(BASE) for target in row.get("targetProfile", [])]
    return f"{name}({','.join(targets)})" if targets and "Resource" not in targets else name
