"""The operations of ConceptMap.

https://hl7.org/fhir/R4/conceptmap-operation-translate.html: the map is named by `url`, brought as `conceptMap`, a
resource named by its id, or all in force are asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from hub.api.fhir.exchange import Answer, Ask
from hub.api.fhir.terminology.answers import parameters, part, told
from hub.api.fhir.terminology.given import Given, few, given, unreadable
from hub.api.fhir.terminology.stored import stored
from hub.api.services import Services
from hub.kernel.types import Json
from terminology.model import CONCEPT_MAP
from terminology.translation import APART, Dependency, Match, Question

TRANSLATE: Final = "http://hl7.org/fhir/OperationDefinition/ConceptMap-translate"

_TRANSLATE: Final = frozenset(
    {
        *("url", "conceptMap", "conceptMapVersion", "code", "system", "version", "coding", "codeableConcept"),
        *("source", "target", "targetsystem", "dependency", "reverse"),
    }
)


async def translate(services: Services, ask: Ask) -> Answer:
    """What one map, or all maps in force, say of a code. Raises HubError NOT_FOUND (404) for a map it does not have."""
    asked = given(ask, _TRANSLATE)
    question = Question(
        codings=[coding for coding, _ in asked.codings()],
        inline=await _map(services, ask, asked),
        url=asked.text("url"),
        version=asked.text("conceptMapVersion"),
        source=asked.text("source"),
        target=asked.text("target"),
        target_system=asked.text("targetsystem"),
        reverse=asked.flag("reverse"),
        dependencies=few([one for told in asked.structures("dependency") for one in _dependencies(told)], "dependency"),
    )
    found = await services.terminology.translate(question)
    result = any(one.coding is not None and one.equivalence not in APART for one in found)
    message = [] if result else told("message", "String", "no map in force gives a target for it")
    return parameters([part("result", "Boolean", result), *message, *map(_match, found)])


async def _map(services: Services, ask: Ask, asked: Given) -> Json | None:
    """The map itself, where it is not named by its url."""
    brought = await stored(services, ask, CONCEPT_MAP) if ask.id else asked.structure("conceptMap")
    if brought is None:
        return None
    if asked.text("url") or brought.get("resourceType") != CONCEPT_MAP:
        raise unreadable("conceptMap", "is no ConceptMap, or one of two that are named")
    if any(issue.severity in ("fatal", "error") for issue in services.examine(brought, ())):
        raise unreadable("conceptMap", "is not a valid ConceptMap")
    return brought


def _dependencies(told: Json) -> Iterator[Dependency]:
    """The values of one element: its codes, or its text."""
    element, concept = told.get("element"), told.get("concept")
    if not isinstance(element, str) or not isinstance(concept, dict):
        raise unreadable("dependency", "is not an element with a concept")
    for one in few(concept.get("coding", []), "dependency"):
        yield Dependency(element, _text(one, "system"), _text(one, "code"))
    if isinstance(concept.get("text"), str):
        yield Dependency(element, "", concept["text"])


def _text(coding: Any, name: str) -> str:
    value = coding.get(name, "") if isinstance(coding, dict) else None
    if not isinstance(value, str):
        raise unreadable("dependency", "has a coding that is none")
    return value


def _match(match: Match) -> Json:
    parts = told("equivalence", "Code", match.equivalence)
    if match.coding is not None:
        display = {"display": match.display} if match.display else {}
        parts.append(part("concept", "Coding", {"system": match.coding.system, "code": match.coding.code, **display}))
    parts += [_product(one) for one in match.product]
    return {"name": "match", "part": [*parts, *told("source", "Uri", match.source)]}


def _product(product: Json) -> Json:
    coding = {"code": product.get("value"), "system": product.get("system"), "display": product.get("display")}
    concept = {name: value for name, value in coding.items() if value is not None}
    return {
        "name": "product",
        "part": [part("element", "Uri", product.get("property")), part("concept", "Coding", concept)],
    }
