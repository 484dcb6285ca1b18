"""What a community workstation writes: rows of `community.yaml` as FHIR R4 transaction Bundles. Pure.

Ids lie in the facility's own id space and follow from the row, so a row sent twice changes nothing. The workstation
keeps times without a zone; here is where the zone is added, because a FHIR dateTime with a time must have one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from hub.demo.calendar import ZONE, Calendar
from hub.demo.population import Person
from hub.demo.staff import Staff
from hub.demo.terms import (
    ATC,
    CITIZEN_ID,
    DIASTOLIC,
    GLUCOSE,
    HEALTH_CARD,
    HEALTH_RECORD,
    ICD10,
    PRESSURE,
    SYSTOLIC,
    concept,
    label,
    measured,
)
from hub.kernel.types import Json
from hub.records.relationships import CONTRACT, CONTRACT_SYSTEM

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Posting:
    """One transaction; `by` is the key of the member of staff who sends it from the facility."""

    facility: str
    by: str
    bundle: Json


def postings(
    rows: Sequence[Row], persons: Mapping[str, Person], staff: Mapping[str, Staff], calendar: Calendar
) -> Iterator[Posting]:
    """The rows as transactions, in their order."""
    seen: Counter[tuple[str, str]] = Counter()
    for row in rows:
        by = staff[row["by"]]
        seen[by.facility, row["person"]] += 1
        number = seen[by.facility, row["person"]]
        yield Posting(by.facility, row["by"], _Visit(row, persons[row["person"]], by, staff, calendar, number).bundle())


class _Visit:
    """The resources of one row."""

    def __init__(
        self, row: Row, person: Person, by: Staff, staff: Mapping[str, Staff], calendar: Calendar, number: int
    ) -> None:
        self._row: Final = row
        self._person: Final = person
        self._by: Final = by
        self._staff: Final = staff
        self._calendar: Final = calendar
        self._stem: Final = f"{by.facility}-{person.key}"
        self._number: Final = number
        self._time: Final = calendar.local(row["at"]).replace(tzinfo=ZONE).isoformat()
        labels = [label(name) for name in row.get("labels", ())]
        self._meta: Final[Json] = {"meta": {"security": labels}} if labels else {}
        self._subject: Final = {"reference": f"Patient/{self._stem}"}
        self._visit: Final = {"reference": f"Encounter/{self._stem}-{number}"}
        self._here: Final = {"reference": f"Organization/{by.facility}"}
        self._me: Final = {"reference": by.reference, "display": by.name}

    def bundle(self) -> Json:
        makers: dict[str, Callable[[Any], Json]] = {
            "contract": self._contract,
            "insurance": self._insurance,
            "condition": self._condition,
            "pressure": self._pressure,
            "glucose": self._glucose,
            "prescription": self._prescription,
            "referral": self._referral,
        }
        told = [make(self._row[name]) for name, make in makers.items() if name in self._row]
        resources = [practitioner(self._by), self._patient(), self._encounter(), *told]
        return {"resourceType": "Bundle", "type": "transaction", "entry": [_entry(one) for one in resources]}

    def _patient(self) -> Json:
        person = self._person
        return {
            "resourceType": "Patient",
            "id": self._stem,
            "identifier": self._numbers(),
            "active": True,
            "name": [{"text": person.name, "family": person.name[0], "given": [person.name[1:]]}],
            "telecom": [{"system": "phone", "value": person.phone}],
            "gender": "female" if person.sex == "2" else "male",
            "birthDate": f"{person.born[:4]}-{person.born[4:6]}-{person.born[6:]}",
            "managingOrganization": self._here,
        }

    def _numbers(self) -> list[Json]:
        known = {CITIZEN_ID: self._person.citizen, HEALTH_CARD: self._person.card, HEALTH_RECORD: self._person.record}
        if "citizen" in self._row.get("without", ()):
            known.pop(CITIZEN_ID)
        return [{"system": system, "value": value} for system, value in known.items() if value]

    def _encounter(self) -> Json:
        return {
            "resourceType": "Encounter",
            "id": f"{self._stem}-{self._number}",
            **self._meta,
            "status": "finished",
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
            "subject": self._subject,
            "participant": [{"individual": self._me}],
            "period": {"start": self._time, "end": self._time},
            "reasonCode": [{"text": self._row["visit"]}],
            "serviceProvider": self._here,
        }

    def _contract(self, contract: Row) -> Json:
        doctor = self._staff[contract["with"]]
        end = self._calendar.day(int(contract["until"]))
        return {
            **self._about("EpisodeOfCare", "contract"),
            "status": "active",
            "type": [concept(CONTRACT_SYSTEM, CONTRACT, "家庭医生签约服务")],
            "patient": self._subject,
            "managingOrganization": self._here,
            "period": {"start": self._time, "end": end.isoformat()},
            "careManager": {"reference": doctor.reference, "display": doctor.name},
        }

    def _insurance(self, told: str) -> Json:
        payor, kind = told.split("^")
        return {
            **self._about("Coverage", "insurance"),
            "status": "active",
            "type": {"text": kind},
            "subscriberId": self._person.card,
            "beneficiary": self._subject,
            "payor": [{"display": payor}],
        }

    def _condition(self, told: str) -> Json:
        code, text = told.split("^")
        return {
            **self._about("Condition", "condition"),
            "clinicalStatus": concept("http://terminology.hl7.org/CodeSystem/condition-clinical", "active"),
            "code": concept(ICD10, code, text),
            "subject": self._subject,
            "encounter": self._visit,
            "recordedDate": self._time,
            "recorder": self._me,
        }

    def _pressure(self, told: str) -> Json:
        systolic, diastolic = told.split("/")
        parts = ((SYSTOLIC, systolic), (DIASTOLIC, diastolic))
        return {
            **self._observation("pressure", "vital-signs", PRESSURE),
            "component": [{"code": code, "valueQuantity": measured(value, "mm[Hg]")} for code, value in parts],
        }

    def _glucose(self, told: str) -> Json:
        return {**self._observation("glucose", "laboratory", GLUCOSE), "valueQuantity": measured(told, "mmol/L")}

    def _observation(self, name: str, category: str, code: Json) -> Json:
        return {
            **self._about("Observation", name),
            "status": "final",
            "category": [concept("http://terminology.hl7.org/CodeSystem/observation-category", category)],
            "code": code,
            "subject": self._subject,
            "encounter": self._visit,
            "effectiveDateTime": self._time,
            "performer": [self._me, self._here],
        }

    def _prescription(self, told: str) -> Json:
        code, text, dosage = told.split("^")
        return {
            **self._about("MedicationRequest", "prescription"),
            "status": "active",
            "intent": "order",
            "medicationCodeableConcept": concept(ATC, code, text),
            "subject": self._subject,
            "encounter": self._visit,
            "authoredOn": self._time,
            "requester": self._me,
            "dosageInstruction": [{"text": dosage}],
        }

    def _referral(self, told: Row) -> Json:
        return {
            **self._about("ServiceRequest", "referral"),
            "status": "active",
            "intent": "order",
            "code": {"text": "转诊"},
            "subject": self._subject,
            "encounter": self._visit,
            "occurrencePeriod": {
                "start": self._time,
                "end": self._calendar.day(int(told["until"])).isoformat(),
            },
            "authoredOn": self._time,
            "requester": self._me,
            "performer": [{"reference": f"Organization/{told['to']}"}],
            "reasonCode": [{"text": told["reason"]}],
        }

    def _about(self, rtype: str, name: str) -> Json:
        return {"resourceType": rtype, "id": f"{self._stem}-{self._number}-{name}", **self._meta}


def practitioner(person: Staff) -> Json:
    """The Practitioner of a member of staff."""
    return {
        "resourceType": "Practitioner",
        "id": person.id,
        "active": True,
        "name": [{"text": person.name, "family": person.name[0], "given": [person.name[1:]]}],
        "qualification": [{"code": {"text": person.title}}],
    }


def _entry(resource: Json) -> Json:
    url = f"{resource['resourceType']}/{resource['id']}"
    return {"resource": resource, "request": {"method": "PUT", "url": url}}
