"""StructureDefinitions of FHIR R4 as rows: one text cell an element, such as `1..1 code !observation-status`.

A cell is: cardinality, then the types with their reference targets in brackets, then `!` and the value set of a
required binding. A backbone element is a type of its own, named by its path (`Observation.component`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

BASE: Final = "http://hl7.org/fhir/StructureDefinition/"
FHIR_TYPE: Final = BASE + "structuredefinition-fhir-type"
REGEX: Final = BASE + "regex"
BACKBONE: Final = frozenset({"BackboneElement", "Element"})
VALUE_SET: Final = "http://hl7.org/fhir/ValueSet/"


def structure_rows(definitions: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Type name -> {kind, base, regex?, elements: {name: cell}}; inherited elements stand at the base only."""
    rows: dict[str, dict[str, Any]] = {}
    for definition in definitions:
        if definition.get("derivation") != "constraint":
            rows.update(_rows_of(definition))
    return rows


def _rows_of(definition: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    name = definition["name"]
    kind = definition["kind"].removesuffix("-type")
    head: dict[str, Any] = {"kind": kind, "base": definition.get("baseDefinition", "").removeprefix(BASE)}
    if definition["abstract"]:
        head["abstract"] = True
    rows: dict[str, dict[str, Any]] = {name: {**head, "elements": {}}}
    for element in definition["snapshot"]["element"][1:]:
        path = element["path"]
        owner, _, leaf = path.rpartition(".")
        if kind == "primitive" and leaf == "value":
            rows[name].update(_primitive(element))
        elif element["base"]["path"] == path:
            if owner not in rows:
                rows[owner] = _backbone(definition, owner)
            rows[owner]["elements"][leaf] = _cell(element)
    return rows


def _backbone(definition: Mapping[str, Any], path: str) -> dict[str, Any]:
    types = next(row["type"] for row in definition["snapshot"]["element"] if row["path"] == path)
    return {"kind": "backbone", "base": types[0]["code"], "elements": {}}


def _primitive(element: Mapping[str, Any]) -> dict[str, str]:
    found = [row["valueString"] for row in element["type"][0].get("extension", []) if row["url"] == REGEX]
    return {"regex": found[0]} if found else {}


def _cell(element: Mapping[str, Any]) -> str:
    parts = [f"{element['min']}..{element['max']}", *_types(element)]
    binding = element.get("binding", {})
    if binding.get("strength") == "required":
        parts.append("!" + binding["valueSet"].partition("|")[0].removeprefix(VALUE_SET))
    return " ".join(parts)


def _types(element: Mapping[str, Any]) -> list[str]:
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
