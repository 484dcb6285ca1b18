"""What a registration says of somebody's past (WS/T 483.1), and that somebody died (483.11, 500.50).

The observations stay as they were sent; an illness, an allergy or a family's disease that is affirmed stands beside its
observation as what it is, so that whoever looks for allergies finds it. What is denied makes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from hub.kernel.types import Json
from mappings.cda.codes import absent
from mappings.cda.context import Context, reference
from mappings.cda.stated import is_of, stated

_ILLNESSES: Final = ("DE02.10.021.00", "DE02.10.095.50")
_ALLERGIES: Final = ("DE02.10.022.00", "DE02.01.022.00", "DE05.01.022.00")
_FAMILY: Final = ("DE02.10.103.00",)
#: Sections by LOINC code, and the data elements in them that are such a history.
_SECTIONS: Final = {"11348-0": _ILLNESSES, "48765-2": _ALLERGIES, "10157-6": _FAMILY}
_DIED: Final = "DE02.01.036.00"
_NOTHING: Final = re.compile(r"\s*(?:无|否认|没有|未见|未发现|不详|未知|暂无|[-/—\\]*\s*\Z)")
_HL7: Final = "http://terminology.hl7.org/CodeSystem"


def histories(composition: Json, context: Context) -> None:
    """Conditions, allergies and family histories of what the sections on the past affirm."""
    for code, names in _sections(composition.get("section", ())):
        for name in names:
            if not name.startswith("Observation/") or name not in context.drafts:
                continue
            observed = context.drafts[name].resource
            said = _affirmed(observed) if any(is_of(observed, each) for each in _SECTIONS[code]) else None
            if said is not None:
                _MAKERS[code](said, observed, context)


def death(context: Context) -> None:
    """When the patient died, as the certificate says."""
    died = stated(_DIED, context)
    if died is None or context.patient is None or "valueDateTime" not in died:
        return
    context.drafts[context.patient["reference"]].resource["deceasedDateTime"] = died["valueDateTime"]


def _sections(sections: Sequence[Json]) -> Iterator[tuple[str, list[str]]]:
    """The sections on the past, with what stands in them."""
    for section in sections:
        code = next((each["code"] for each in section.get("code", {}).get("coding", ())), "")
        if code in _SECTIONS:
            yield code, [entry["reference"] for entry in section.get("entry", ())]
        yield from _sections(section.get("section", ()))


def _affirmed(observed: Json) -> Json | None:
    """What an observation says there is, as a concept; None where it says that there is nothing, or nobody knows."""
    if "modifierExtension" in observed:
        return None
    said: Json = observed.get("valueCodeableConcept") or {"text": observed.get("valueString", "")}
    shown = said.get("text") or next((each["display"] for each in said.get("coding", ()) if each.get("display")), "")
    return None if _NOTHING.match(shown) else said


def _condition(said: Json, observed: Json, context: Context) -> None:
    made = context.resource("Condition", "history", observed["id"])
    category = {"system": f"{_HL7}/condition-category", "code": "problem-list-item"}
    made |= {"code": said, "category": [{"coding": [category]}], "evidence": [{"detail": [reference(observed)]}]}
    made |= {"subject": context.patient} if context.patient else {}
    if "effectiveDateTime" in observed:
        made["onsetDateTime"] = observed["effectiveDateTime"]


def _allergy(said: Json, observed: Json, context: Context) -> None:
    made = context.resource("AllergyIntolerance", "history", observed["id"])
    for name, system, code in (("clinical", "clinical", "active"), ("verification", "verification", "unconfirmed")):
        made[f"{name}Status"] = {"coding": [{"system": f"{_HL7}/allergyintolerance-{system}", "code": code}]}
    made |= {"code": said, "patient": context.patient or {"extension": absent()}}


def _family(said: Json, observed: Json, context: Context) -> None:
    made = context.resource("FamilyMemberHistory", "history", observed["id"])
    relative = {"system": f"{_HL7}/v3-RoleCode", "code": "FAMMEMB", "display": "family member"}
    made |= {"status": "partial", "relationship": {"coding": [relative]}, "condition": [{"code": said}]}
    made["patient"] = context.patient or {"extension": absent()}


_MAKERS: Final = {"11348-0": _condition, "48765-2": _allergy, "10157-6": _family}
