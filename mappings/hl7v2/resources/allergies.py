"""AL1 and IAM: the allergies of a patient."""

from __future__ import annotations

from typing import Final

from hub.kernel.types import Json
from mappings.hl7v2.absent import unknown
from mappings.hl7v2.building import Building
from mappings.hl7v2.codetables import table
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.coded import CONCEPT_PARTS, concept
from mappings.hl7v2.datatypes.names import one_name
from mappings.hl7v2.engine import Rules
from mappings.hl7v2.leaves import field, says_something
from mappings.hl7v2.parser import Segment
from mappings.hl7v2.resources.related import is_patient, person
from mappings.hl7v2.trace import mapped

_ALTERNATE: Final = "http://hl7.org/fhir/StructureDefinition/alternate-codes"
_CLINICAL: Final = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
_VERIFICATION: Final = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
_SENT: Final = {
    where: mapped(f"AllergyIntolerance.{where}.valueCodeableConcept", frozenset(CONCEPT_PARTS.items()))
    for where in ("category.extension[]", "criticality.extension[]", "extension[]")
}
#: Allergy clinical status (IAM-17, v2 table 0438) to the verification status; what is inactive (I) was confirmed.
_VERIFIED: Final = {"C": "confirmed", "I": "confirmed", "U": "unconfirmed", "P": "unconfirmed", "S": "unconfirmed"} | {
    "D": "unconfirmed",
    "E": "entered-in-error",
}


def allergy(segment: Segment, patient: Building, context: Context, rules: Rules) -> None:
    """One AL1 or IAM: known by its own identifier, else by its allergen, code or text."""
    if not says_something(segment):
        return
    known = field(segment, 7) if segment.name == "IAM" else ""
    key = known or field(segment, 3) or field(segment, 3, 2) or f"#{field(segment, 1) or segment.ordinal}"
    building = context.draft("AllergyIntolerance", patient.resource["id"], key, patient.patient)
    context.became[segment.position] = building
    resource = building.resource
    resource["patient"] = patient.reference
    rules.run(segment, building, context)
    context.segment = segment
    _beside(segment, 2, "category", "0127", resource, context)
    _beside(segment, 4, "criticality", "0128", resource, context)
    for reaction in resource.get("reaction", ()):
        reaction.setdefault("manifestation", [unknown()])
    _status(segment, resource, context)
    if segment.name == "IAM":
        _recorder(segment, building, patient, context, rules)


def _beside(segment: Segment, n: int, name: str, number: str, resource: Json, context: Context) -> None:
    """The code as it was sent, beside the element it became, which knows fewer."""
    repetitions = segment.repetitions(n)
    context.field, context.rep = n, 1
    sent = concept(repetitions[0], context) if repetitions else None
    if not sent:
        return
    for coding in sent.get("coding", ()):
        if "system" not in coding and table("allergen-type" if n == 2 else "allergy-severity").get(coding["code"]):
            coding["system"] = f"http://terminology.hl7.org/CodeSystem/v2-{number}"
    extension = {"extension": [{"url": _ALTERNATE, "valueCodeableConcept": sent}]}
    if name == "criticality":
        resource["_criticality"] = extension
    elif name in resource:
        resource["_category"] = [extension]
    else:
        kept = {"url": context.habits.extension("allergen-type"), "valueCodeableConcept": sent}
        resource.setdefault("extension", []).append(kept)
    where = f"{name}.extension[]" if name in resource or n == 4 else "extension[]"
    context.took(segment, n, _SENT[where], 1)


def _status(segment: Segment, resource: Json, context: Context) -> None:
    """Active unless IAM-17 says otherwise; what was stated in error (IAM-6 D) has no clinical status (ait-2)."""
    said = field(segment, 17) if segment.name == "IAM" else ""
    wrong = segment.name == "IAM" and field(segment, 6) == "D"
    verified = "entered-in-error" if wrong else _VERIFIED.get(said, "")
    if said in _VERIFIED:
        context.took(segment, 17, mapped("AllergyIntolerance.clinicalStatus"))
    if wrong:
        context.took(segment, 6, mapped("AllergyIntolerance.verificationStatus"))
    if verified:
        resource["verificationStatus"] = {"coding": [{"system": _VERIFICATION, "code": verified}]}
    if verified != "entered-in-error":
        code = "inactive" if said in {"I", "inactive"} else "active"
        resource["clinicalStatus"] = {"coding": [{"system": _CLINICAL, "code": code, "display": code.title()}]}


def _recorder(segment: Segment, building: Building, patient: Building, context: Context, rules: Rules) -> None:
    """IAM-14 and IAM-15: who reported it: the patient, somebody related to them, or (unsaid) a practitioner."""
    context.segment, context.field, context.rep = segment, 14, 1
    repetitions = segment.repetitions(14)
    name = one_name(repetitions[0], context) if repetitions else None
    if not name:
        return
    relationship = field(segment, 15)
    if is_patient(segment, 15):
        who = patient
    elif relationship:
        text = "".join(field(segment, 14, comp) for comp in (1, 2, 3))
        who = person(patient, f"{text}|{relationship}", context)
        rules.run(segment, who, context)
    else:
        # Known by this statement alone: a name is no identity.
        who = context.draft("Practitioner", building.resource["id"], name.get("text", ""), None)
        rules.run(segment, who, context)
    building.resource["recorder"] = who.reference | ({"display": name["text"]} if "text" in name else {})
    context.took(segment, 14, mapped("AllergyIntolerance.recorder"))
    if who is patient:
        context.took(segment, 15, mapped("AllergyIntolerance.recorder"))
