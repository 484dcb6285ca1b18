"""Value sets of required bindings as rows: the codes of each system, expanded once.

R4's required bindings name whole code systems or list their codes, so no terminology server is needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

VALUE_SET: Final = "http://hl7.org/fhir/ValueSet/"

#: Value sets the package lacks, as the specification lists them (https://hl7.org/fhir/R4/valueset-http-verb.html and
#: valueset-http-operations.html).
LACKING: Final[Mapping[str, Mapping[str, list[str]]]] = {
    "http-verb": {"http://hl7.org/fhir/http-verb": ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"]},
    "http-operations": {
        "http://hl7.org/fhir/http-operations": ["delete", "get", "options", "patch", "post", "put", "head"]
    },
}


def value_sets(
    structure: Mapping[str, Mapping[str, Any]],
    sets: Iterable[Mapping[str, Any]],
    systems: Iterable[Mapping[str, Any]],
) -> dict[str, dict[str, list[str] | None]]:
    """Value set -> system -> codes, for every required binding of `structure`; None: a system without a list."""
    by_url = {row["url"]: row for row in sets}
    codes = {row["url"]: _codes(row) for row in systems}
    found: dict[str, dict[str, list[str] | None]] = {}
    for name in sorted(_bound(structure)):
        definition = by_url.get(name if name.startswith("http") else VALUE_SET + name)
        if definition is not None:
            found[name] = _expanded(definition, codes)
        elif name in LACKING:
            found[name] = dict(LACKING[name])
    return found


def _bound(structure: Mapping[str, Mapping[str, Any]]) -> set[str]:
    cells = (cell for row in structure.values() for cell in row["elements"].values())
    return {part[1:] for cell in cells for part in cell.split(" ") if part.startswith("!")}


def _expanded(definition: Mapping[str, Any], codes: Mapping[str, list[str] | None]) -> dict[str, list[str] | None]:
    found: dict[str, list[str] | None] = {}
    for part in definition["compose"]["include"]:
        listed = [concept["code"] for concept in part["concept"]] if "concept" in part else codes.get(part["system"])
        known = found.get(part["system"], [])
        found[part["system"]] = None if listed is None or known is None else [*known, *listed]
    return found


def _codes(system: Mapping[str, Any]) -> list[str] | None:
    return list(_nested(system.get("concept", ()))) if system["content"] == "complete" else None


def _nested(concepts: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for concept in concepts:
        yield concept["code"]
        yield from _nested(concept.get("concept", ()))
