"""A long prescription: one MedicationRequest for each medicine, for 84 days at most, to be dispensed where it says."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from hub.fhir.long_prescriptions import refuse_longer
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Draft, Json
from mappings.family.records import Author, day, doctor
from mappings.forms.building import stated

_UCUM: Final = "http://unitsofmeasure.org"
_COURSE: Final = "http://terminology.hl7.org/CodeSystem/medicationrequest-course-of-therapy"


def prescription(record: Json, who: str, author: Author) -> list[Draft]:
    """The drafts of a long prescription. Raises HubError INVALID for one that is longer than the rule allows."""
    written, days = day(record, "writtenOn"), int(record["days"])
    refuse_longer(days, "days")
    if written is None:
        raise HubError(Category.INVALID, "has no day", where="writtenOn", code="date")
    span = {"start": written.isoformat(), "end": (written + timedelta(days=days - 1)).isoformat()}
    return [
        author.draft(
            "MedicationRequest",
            "long-prescription",
            f"{record['key']}|{n}",
            _request(item, n, record, who, span, author),
            who,
        )
        for n, item in enumerate(record["items"])
    ]


def _request(item: Json, n: int, record: Json, who: str, span: Json, author: Author) -> Json:
    system = f"{author.canonical_base}/sid/{author.facility}/prescription"
    return stated(
        {
            "identifier": [{"system": system, "value": f"{record['key']}-{n + 1}"}],
            "status": "active",
            "intent": "order",
            "medicationCodeableConcept": _medicine(item, author),
            "subject": {"reference": f"Patient/{who}"},
            "authoredOn": record["writtenOn"],
            "requester": doctor(record["doctor"]),
            "groupIdentifier": {"system": system, "value": record["key"]},
            "courseOfTherapyType": {"coding": [{"system": _COURSE, "code": "continuous"}], "text": "长处方"},
            "dosageInstruction": _dosage(item),
            "dispenseRequest": _dispense(item, record, span),
        }
    )


def medicines_map(canonical_base: str, facility: str) -> str:
    """The URL of the concept map from a facility's drug codes to the national ones (国家医保药品代码)."""
    return f"{canonical_base}/ConceptMap/{facility}-medicine"


def _medicine(item: Json, author: Author) -> Json:
    concept: Json = {"text": item["name"]}
    if "code" in item:
        system = f"{author.canonical_base}/CodeSystem/{author.facility}/medicine"
        url = medicines_map(author.canonical_base, author.facility)
        national = [
            stated({"system": each.system, "code": each.code, "display": each.display})
            for each in author.maps.targets(url, item["code"], system)
        ]
        concept["coding"] = [{"system": system, "code": item["code"], "display": item["name"]}, *national]
    return concept


def _dosage(item: Json) -> list[Json]:
    times = item.get("timesPerDay")
    dose = stated({"value": item.get("dose"), "unit": item.get("doseUnit")})
    made = stated(
        {
            "text": item.get("use"),
            "timing": {"repeat": {"frequency": times, "period": 1, "periodUnit": "d"}} if times else {},
            "doseAndRate": [{"doseQuantity": dose}] if "value" in dose else [],
        }
    )
    return [made] if made else []


def _dispense(item: Json, record: Json, span: Json) -> Json:
    pharmacy = record.get("pharmacy")
    quantity = stated({"value": item.get("quantity"), "unit": item.get("quantityUnit")})
    return stated(
        {
            "validityPeriod": span,
            "quantity": quantity if "value" in quantity else {},
            "expectedSupplyDuration": {"value": record["days"], "unit": "d", "system": _UCUM, "code": "d"},
            "performer": {"reference": f"Organization/{pharmacy}"} if pharmacy else {},
        }
    )
