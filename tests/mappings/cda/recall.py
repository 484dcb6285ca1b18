"""Counts the facts of a document that its bundle tells, and what the bundle tells that is no fact of the document.

A fact is looked for in the form of facts.json of the shared samples: a code, a value, its unit and code system.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from hub.kernel.types import Json

DE_SYSTEM = "urn:oid:2.16.156.10011.2.2.1"
GENDERS = {"1": "male", "2": "female", "0": "unknown", "9": "unknown"}


def resources(bundle: Json, *types: str) -> list[Json]:
    """The resources of a bundle, of some types only if any are named."""
    found = [entry["resource"] for entry in bundle["entry"]]
    return [each for each in found if not types or each["resourceType"] in types]


def missing(facts: Json, bundle: Json) -> list[str]:
    """The facts that the bundle does not tell; an empty list is a recall of 1."""
    return [told for told, holds in _facts(facts, bundle) if not holds]


def count(facts: Json) -> int:
    """How many facts `missing` looks for."""
    return sum(1 for _ in _facts(facts, {"entry": []}))


def _facts(facts: Json, bundle: Json) -> Iterator[tuple[str, bool]]:
    found = resources(bundle)
    patients = [each for each in found if each["resourceType"] == "Patient"]
    compositions = [each for each in found if each["resourceType"] == "Composition"]
    texts = {leaf for each in found for leaf in _leaves(each)}
    for template in facts["templateId"]:
        yield f"template {template}", f"urn:oid:{template}" in texts
    yield f"type {facts['docCode']}", any(facts["docCode"] in _codes(each.get("type", {})) for each in compositions)
    yield f"title {facts['title']}", any(each.get("title") == facts["title"] for each in compositions)
    numbers = {(each.get("system"), each.get("value")) for each in _identifiers(found)}
    for root, extension in facts["ids"]:
        if extension:
            yield f"id {root}", (f"urn:oid:{root}", extension) in numbers
    yield "name", any(name.get("text") == facts["name"] for each in patients for name in each.get("name", []))
    yield "sex", any(each.get("gender") == GENDERS[facts["administrativeGenderCode"]] for each in patients)
    if born := facts.get("birthTime"):
        day = f"{born[:4]}-{born[4:6]}-{born[6:8]}"
        yield "birth", any(each.get("birthDate") == day for each in patients)
    if status := facts.get("maritalStatusCode"):
        yield "marital", any(status in _codes(each.get("maritalStatus", {})) for each in patients)
    if group := facts.get("ethnicGroupCode"):
        yield "ethnic group", any(group in set(_leaves(each.get("extension", []))) for each in patients)
    sections = list(_sections(compositions))
    for code, display, title in facts["sections"]:
        yield f"section {code} {title or display}", any(_is_section(each, code, display, title) for each in sections)
    left = statements(bundle)
    for fact in facts["observations"]:
        match = next((each for each in left if tells(each, fact)), None)
        if match:
            left.remove(match)
        yield f"{fact['code']} {fact['name']} {fact['type']} {fact['value']}", match is not None
    drugs = {each["medicationCodeableConcept"].get("text") for each in found if "medicationCodeableConcept" in each}
    for drug in facts["drugs"]:
        yield f"drug {drug}", drug in drugs


def invented(facts: Json, bundle: Json, document: str) -> list[str]:
    """Values of the bundle's observations and goals that neither a fact nor the text of the document accounts for."""
    left = list(facts["observations"])
    extra = []
    for each in statements(bundle):
        match = next((fact for fact in left if tells(each, fact)), None)
        if match is not None:
            left.remove(match)
        elif not all(_spoken(value) in document for value in each[1].values()):
            extra.append(f"{sorted(each[0])}: {each[1]}")
    return extra


def _spoken(value: Any) -> str:
    """What a value says that must stand in its document."""
    if isinstance(value, dict):
        codes = [each["code"] for each in value.get("coding", [])]
        return str(value.get("value") or value.get("text") or (codes or [""])[0])
    return str(value)


def statements(bundle: Json) -> list[tuple[set[str], Json]]:
    """Codes and value (`value[x]` or a target's detail, by the name of its type) of what was observed or aimed at."""
    found = []
    for each in resources(bundle, "Observation", "Goal"):
        holder = each if each["resourceType"] == "Observation" else each.get("target", [{}])[0]
        code = holder.get("code") or holder.get("measure") or {}
        said = {
            n.removeprefix("value").removeprefix("detail"): v
            for n, v in holder.items()
            if n.startswith(("value", "detail"))
        }
        found.append((_codes(code), said))
    return found


def tells(statement: tuple[set[str], Json], fact: Json) -> bool:
    """Whether codes and a value are those of a fact."""
    codes, said = statement
    if fact["code"] is not None and fact["code"] not in codes:
        return False
    return any(_same(name, value, fact) for name, value in said.items())


def _same(name: str, value: Any, fact: Json) -> bool:
    wanted = str(fact["value"])
    if name == "CodeableConcept":
        system = f"urn:oid:{fact['system']}"
        return any(each["code"] == wanted and each.get("system") == system for each in value.get("coding", []))
    if name == "Quantity":
        unit = (fact["unit"] or "").strip()
        return _number(value["value"]) == _number(wanted) and (not unit or value.get("unit") == unit)
    if name == "DateTime":
        return "".join(sign for sign in value[:19] if sign.isdigit()).startswith(wanted[:8])
    if name == "Boolean":
        return wanted == ("true" if value else "false")
    return str(value) == wanted


def _number(text: object) -> Decimal | None:
    try:
        return Decimal(str(text))
    except InvalidOperation:
        return None


def _codes(concept: Json) -> set[str]:
    return {each["code"] for each in concept.get("coding", [])}


def _identifiers(value: Any) -> Iterator[Json]:
    if isinstance(value, list):
        for each in value:
            yield from _identifiers(each)
    elif isinstance(value, dict):
        for name, each in value.items():
            if "dentifier" in name:
                yield from each if isinstance(each, list) else [each]
            yield from _identifiers(each)


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for each in value.values():
            yield from _leaves(each)
    elif isinstance(value, list):
        for each in value:
            yield from _leaves(each)
    else:
        yield str(value)


def _sections(holders: list[Json]) -> Iterator[Json]:
    for holder in holders:
        for section in holder.get("section", []):
            yield section
            yield from _sections([section])


def _is_section(section: Json, code: str | None, display: str | None, title: str | None) -> bool:
    coded = section.get("code", {})
    names = {section.get("title"), coded.get("text"), *(each.get("display") for each in coded.get("coding", []))}
    return (not code or code in _codes(coded)) and (not title or title in names) and (not display or display in names)
