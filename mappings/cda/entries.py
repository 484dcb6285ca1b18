"""The entries of a section, however deep they are nested, to resources that say how they belong together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from hub.kernel.types import Json
from mappings.cda.acts import encounter, procedure, supply
from mappings.cda.codes import concept
from mappings.cda.conditions import allergy, condition
from mappings.cda.context import reference
from mappings.cda.medications import administration
from mappings.cda.node import Node
from mappings.cda.observations import observation
from mappings.cda.setting import Setting, begin, is_negated, performers, status, template_kind

#: What an entry can be, and what holds further entries.
_STATEMENTS: Final = (
    "observation", "organizer", "act", "procedure", "substanceAdministration", "encounter", "supply",
    "observationMedia", "regionOfInterest",
)  # fmt: skip
_HOLDERS: Final = ("entryRelationship", "component", "entry", "precondition", "reference")
#: Resources an Observation can be a part of, and those it can be based on (R4).
_PART_OF: Final = frozenset(
    {"MedicationAdministration", "MedicationDispense", "MedicationStatement", "Procedure", "Immunization"}
)
_BASED_ON: Final = frozenset({"MedicationRequest", "ServiceRequest"})
#: What a statement around it may have told as a part of its own: the reaction of an allergy, and how bad it is.
_PARTS: Final = frozenset({"reaction", "severity", "criticality"})
_PANEL: Final = {"completed": "final", "active": "preliminary", "aborted": "cancelled", "cancelled": "cancelled"}


def entries(section: Node, setting: Setting) -> list[Json]:
    """References to what stands in the entries of a section, in their order."""
    found = [made for holder in section.all("entry") for made in _statements(holder, setting)]
    for node in _astray(section):
        found += _statement(node, setting)
    return [reference(made) for made in _once(found)]


def _once(found: list[Json]) -> list[Json]:
    """Each resource once, as it was made first."""
    by_reference: dict[str, Json] = {}
    for made in found:
        by_reference.setdefault(reference(made)["reference"], made)
    return list(by_reference.values())


def _astray(section: Node) -> Iterator[Node]:
    """Statements that stand where the standard has none, outermost first; those of inner sections are theirs."""
    for child in section.children:
        if child.name in _STATEMENTS:
            if not child.visited:
                yield child
            yield from _astray(child)
        elif child.name != "section":
            yield from _astray(child)


def _statements(holder: Node, setting: Setting) -> Iterator[Json]:
    if holder.get("negationInd").casefold() == "true":
        holder.take("status or negation", "negationInd")
        setting = replace(setting, negated=True)
    for node in holder.children:
        if node.name in _STATEMENTS:
            yield from _statement(node, setting)


def _statement(node: Node, setting: Setting) -> Iterator[Json]:
    """The resources of a statement that are not linked from another one of them, so that the section names them."""
    if node.visited and template_kind(node) in _PARTS:
        return
    node.visited = True
    made = _own(node, setting)
    inside = setting.inside(node)
    inner = [each for name in _HOLDERS for holder in node.all(name) for each in _statements(holder, inside)]
    inner += [each for child in node.children if child.name in _STATEMENTS for each in _statement(child, inside)]
    yield from made
    if not made:
        yield from inner
        return
    for child in _once(inner):
        if not _linked(made[0], child):
            yield child


def _own(node: Node, setting: Setting) -> list[Json]:
    kind = template_kind(node)
    if node.name == "observation":
        if kind == "Condition":
            return [condition(node, setting)]
        if kind == "AllergyIntolerance":
            return [allergy(node, setting)]
        return observation(node, setting)
    if node.name == "substanceAdministration":
        return administration(node, kind, setting)
    if node.name == "act" and node.first("value"):  # what states a value observes, whatever it is called
        return observation(node, setting)
    if node.name in {"procedure", "act"}:
        return [] if kind == "concern" else procedure(node, setting)
    if node.name == "encounter":
        return encounter(node, setting)
    if node.name == "supply":
        return supply(node, setting)
    return _panel(node, setting) if node.name == "organizer" else []


def _panel(node: Node, setting: Setting) -> list[Json]:
    """An organizer that is coded is an Observation that has its components as members; else it only groups them."""
    code = concept(node.first("code"), setting.context, "Observation.code")
    if not code or is_negated(node, setting):
        return []
    made = begin("Observation", node, setting)
    made |= {"status": status(node, _PANEL, "final"), "code": code}
    made |= {f"effective{name}": time for name, time in (setting.time(node) or {}).items()}
    if setting.context.encounter:
        made["encounter"] = setting.context.encounter
    if actors := performers(node, setting):
        made["performer"] = actors
    return [made]


def _linked(parent: Json, child: Json) -> bool:
    """Say in one of two resources that the inner one belongs to the outer; False if R4 has no element for it."""
    outer, inner = parent["resourceType"], child["resourceType"]
    if inner == "Observation" and outer == "Observation":
        holder, name, target = parent, "hasMember", child
    elif inner == "Observation" and outer in _PART_OF:
        holder, name, target = child, "partOf", parent
    elif inner == "Observation" and outer in _BASED_ON:
        holder, name, target = child, "basedOn", parent
    elif inner == "Observation" and outer == "Condition":
        parent.setdefault("evidence", []).append({"detail": [reference(child)]})
        return True
    else:
        return False
    holder.setdefault(name, []).append(reference(target))
    return holder is parent
