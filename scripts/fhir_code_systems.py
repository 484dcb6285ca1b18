"""Code systems of R4's definitions as rows: the tables of HL7 v2, those of v3, and R4's own that HL7 v2 maps lead to.

A concept is a row: its code, its name, those right above it, and what is said of its use (`_ABSTRACT`, `_INACTIVE`).
Definitions are left out: they are long, and the standard is at hand.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

_ABSTRACT: Final = "abstract"
_INACTIVE: Final = "inactive"
_GONE: Final = frozenset({"retired", "deprecated", "inactive"})
_HEAD: Final = ("version", "title", "content", "caseSensitive", "hierarchyMeaning")

_MESSAGES: Final = tuple(f"http://terminology.hl7.org/CodeSystem/{version}-" for version in ("v2", "v3"))

Resource = Mapping[str, Any]
Rows = dict[str, dict[str, Any]]


def of_messages(systems: Iterable[Resource]) -> set[str]:
    """The urls of the tables of HL7 v2 and v3."""
    return {one["url"] for one in systems if one.get("url", "").startswith(_MESSAGES)}


def code_system_rows(systems: Iterable[Resource], sets: Collection[Resource], wanted: Collection[str]) -> Rows:
    """Url -> its elements, the value set of all its codes, and its concepts, of each wanted system that is at hand."""
    whole = {system: one["url"] for one in sets if (system := _all_of(one))}
    return {one["url"]: _row(one, whole) for one in systems if one.get("url") in wanted}


def _row(system: Resource, whole: Mapping[str, str]) -> dict[str, Any]:
    value_set = system.get("valueSet", "") or whole.get(system["url"], "")
    concepts = list(_nested(system.get("concept", ())))
    above: dict[str, list[str]] = {}
    for concept, outer in concepts:
        above.setdefault(concept["code"], []).extend([outer] if outer else [])
    for concept, _ in concepts:
        for child in (one["valueCode"] for one in concept.get("property", ()) if one["code"] == "child"):
            above[child].append(concept["code"])
    head = {name: system[name] for name in _HEAD if name in system}
    return {**head, "valueSet": value_set, "concepts": [_cells(one, above[one["code"]]) for one, _ in concepts]}


def _cells(concept: Resource, above: list[str]) -> list[Any]:
    stated = {
        one["code"]: next((one[name] for name in one if name != "code"), "") for one in concept.get("property", ())
    }
    told = [_ABSTRACT] if stated.get("notSelectable") is True else []
    told += [_INACTIVE] if stated.get("status") in _GONE else []
    cells = [concept["code"], concept.get("display", ""), list(dict.fromkeys(above)), " ".join(told)]
    while not cells[-1]:
        cells.pop()
    return cells


def _nested(concepts: Iterable[Resource], outer: str = "") -> Iterator[tuple[Resource, str]]:
    for concept in concepts:
        yield concept, outer
        yield from _nested(concept.get("concept", ()), concept["code"])


def _all_of(value_set: Resource) -> str:
    """The code system a value set has all codes of, and no others."""
    compose = value_set.get("compose", {})
    parts = compose.get("include", ())
    alone = len(parts) == 1 and parts[0].keys() <= {"system", "version"} and "exclude" not in compose
    return str(parts[0]["system"]) if alone and "system" in parts[0] else ""
