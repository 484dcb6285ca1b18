"""The operation of ConceptMap. https://hl7.org/fhir/R4/conceptmap-operation-translate.html"""

from __future__ import annotations

from typing import Final

from hub.api.fhir.exchange import Answer, Ask
from hub.api.fhir.terminology.answers import parameters, part, told
from hub.api.fhir.terminology.given import given
from hub.api.services import Services
from hub.kernel.types import Json
from terminology.translation import APART, Match, Question

TRANSLATE: Final = "http://hl7.org/fhir/OperationDefinition/ConceptMap-translate"

_TRANSLATE: Final = frozenset(
    {
        *("url", "conceptMapVersion", "code", "system", "coding", "codeableConcept"),
        *("source", "target", "targetsystem", "reverse"),
    }
)


async def translate(services: Services, ask: Ask) -> Answer:
    """What one map, or all maps in force, say of a code. Raises HubError NOT_FOUND (404) for a map it does not have."""
    asked = given(ask, _TRANSLATE)
    question = Question(
        codings=[coding for coding, _ in asked.codings()],
        url=asked.text("url"),
        version=asked.text("conceptMapVersion"),
        source=asked.text("source"),
        target=asked.text("target"),
        target_system=asked.text("targetsystem"),
        reverse=asked.flag("reverse"),
    )
    found = await services.terminology.translate(question)
    result = any(one.coding is not None and one.equivalence not in APART for one in found)
    message = [] if result else told("message", "String", "no map in force gives a target for it")
    return parameters([part("result", "Boolean", result), *message, *map(_match, found)])


def _match(match: Match) -> Json:
    parts = told("equivalence", "Code", match.equivalence)
    if match.coding is not None:
        display = {"display": match.display} if match.display else {}
        parts.append(part("concept", "Coding", {"system": match.coding.system, "code": match.coding.code, **display}))
    return {"name": "match", "part": [*parts, *told("source", "Uri", match.source)]}
