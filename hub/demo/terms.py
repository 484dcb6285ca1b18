"""The codes the demo writes and asks for, each with its system.

LOINC 85354-9, 8480-6, 8462-4: FHIR R4 vital signs profile `bp`. LOINC 14743-9: glucose by glucometer, substance
concentration. Systems of identifiers: OIDs of WS/T 482 (2.16.156.10011.1).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from hub.kernel.types import Json

LOINC: Final = "http://loinc.org"
ICD10: Final = "http://hl7.org/fhir/sid/icd-10"
ATC: Final = "http://www.whocc.no/atc"
UCUM: Final = "http://unitsofmeasure.org"
SENSITIVITY: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"

CITIZEN_ID: Final = "urn:oid:2.16.156.10011.1.3"
HEALTH_CARD: Final = "urn:oid:2.16.156.10011.1.19"
HEALTH_RECORD: Final = "urn:oid:2.16.156.10011.1.2"


def concept(system: str, code: str, text: str = "") -> Json:
    """A CodeableConcept of one coding; `text` is its display too."""
    coding = {"system": system, "code": code, **({"display": text} if text else {})}
    return {"coding": [coding], **({"text": text} if text else {})}


def measured(value: str, unit: str) -> Json:
    """A Quantity with the digits of `value`; `unit` by UCUM."""
    return {"value": Decimal(value), "unit": unit, "system": UCUM, "code": unit}


def label(code: str) -> Json:
    """A security label by sensitivity."""
    return {"system": SENSITIVITY, "code": code}


PRESSURE: Final = concept(LOINC, "85354-9", "血压")
SYSTOLIC: Final = concept(LOINC, "8480-6", "收缩压")
DIASTOLIC: Final = concept(LOINC, "8462-4", "舒张压")
GLUCOSE: Final = concept(LOINC, "14743-9", "血糖（血糖仪）")
