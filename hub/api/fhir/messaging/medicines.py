"""National drug codes beside those of a hospital, by the concept maps in force (院内码 → 国家医保药品代码)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from hub.api.services import Services
from hub.kernel.types import Issue, Json
from terminology.held import SAFE
from terminology.model import Coding
from terminology.translation import Question

#: Path of the code system of national drug codes, below the canonical base: no public name of it is known.
NATIONAL: Final = "CodeSystem/nhsa-drug"


async def with_national_codes(services: Services, resource: Json, where: str) -> tuple[Json, list[Issue]]:
    """A MedicationRequest or MedicationDispense with the national code of its medicine, if maps give exactly one.

    A code that is stated is never replaced. Where none is known, a warning says so.
    """
    system = f"{services.canonical_base}/{NATIONAL}"
    concept = resource.get("medicationCodeableConcept")
    codings = concept.get("coding", []) if isinstance(concept, dict) else None
    if not isinstance(concept, dict) or not isinstance(codings, list) or _has(codings, system):
        return resource, []
    found = await _national(services, codings, system)
    if len(found) != 1:
        text = f"has {'several national drug codes' if found else 'no national drug code'} by the maps in force"
        place = f"{where}.medicationCodeableConcept"
        return resource, [Issue(severity="warning", where=place, code="no-national-code", text=text)]
    return {**resource, "medicationCodeableConcept": {**concept, "coding": [*codings, *found.values()]}}, []


async def _national(services: Services, codings: Sequence[Any], system: str) -> dict[str, Json]:
    """The national codings of what has a code, by code."""
    pairs = [(each.get("system"), each.get("code")) for each in codings if isinstance(each, dict)]
    asked = [Coding(system, code) for system, code in pairs if isinstance(system, str) and isinstance(code, str)]
    if not asked:
        return {}
    matches = await services.terminology.translate(Question(codings=asked, target_system=system))
    sound = [match for match in matches if match.coding is not None and match.equivalence in SAFE]
    return {
        match.coding.code: {"system": system, "code": match.coding.code, **_display(match.display)}
        for match in sound
        if match.coding is not None
    }


def _display(text: str) -> Json:
    return {"display": text} if text else {}


def _has(codings: Sequence[Any], system: str) -> bool:
    return any(isinstance(each, dict) and each.get("system") == system for each in codings)
