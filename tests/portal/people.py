"""Fictional records for the pages: resources of several facilities about the persons of the demo."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from hub.kernel.types import Json

UCUM: Final = "http://unitsofmeasure.org"
LOINC: Final = "http://loinc.org"
CITIZEN_ID: Final = "urn:oid:2.16.156.10011.1.3"
HEALTH_CARD: Final = "urn:oid:2.16.156.10011.1.19"

#: Who answers for a resource, and the resource.
Told = tuple[str, Json]


def patient(rid: str, name: str, born: str, citizen: str = "", **elements: Any) -> Json:
    """A registration of a facility."""
    numbers = [{"system": CITIZEN_ID, "value": citizen}] if citizen else []
    return {
        "resourceType": "Patient",
        "id": rid,
        "identifier": [*numbers, *elements.pop("identifier", [])],
        "name": [{"text": name, "family": name[:1], "given": [name[1:]]}],
        "birthDate": born,
        **elements,
    }


def number(system: str, value: str, code: str) -> Json:
    """A local number of a facility, by HL7 v2 table 0203."""
    coding = {"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": code}
    return {"system": system, "value": value, "type": {"coding": [coding]}}


def of_message(resource: Json, message: int) -> Json:
    """A resource that came by a message."""
    return {**resource, "meta": {**resource.get("meta", {}), "source": f"urn:yilian:message:{message}"}}


def observation(rid: str, about: str, at: str, code: str, name: str, value: str = "", **elements: Any) -> Json:
    """An Observation; `value` is a number with its unit."""
    stated, _, unit = value.partition(" ")
    quantity = (
        {"valueQuantity": {"value": Decimal(stated), "unit": unit, "system": UCUM, "code": unit}} if value else {}
    )
    return {
        "resourceType": "Observation",
        "id": rid,
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": code}], "text": name},
        "subject": {"reference": f"Patient/{about}"},
        "effectiveDateTime": at,
        **quantity,
        **elements,
    }


def pressure(rid: str, about: str, at: str, systolic: int, diastolic: int, **elements: Any) -> Json:
    """A blood pressure as one panel."""
    parts = (("8480-6", "收缩压", systolic), ("8462-4", "舒张压", diastolic))
    return observation(
        rid, about, at, "85354-9", "血压",
        category=category("vital-signs"),
        component=[
            {
                "code": {"coding": [{"system": LOINC, "code": code}], "text": name},
                "valueQuantity": {"value": value, "unit": "mmHg", "system": UCUM, "code": "mm[Hg]"},
            }
            for code, name, value in parts
        ],
        **elements,
    )  # fmt: skip


def status(table: str) -> Json:
    """That a condition or an allergy is active."""
    return {"coding": [{"system": f"http://terminology.hl7.org/CodeSystem/{table}", "code": "active"}]}


def category(code: str) -> list[Json]:
    """The category of an Observation."""
    return [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": code}]}]


def laboratory(
    rid: str, about: str, at: str, code: str, name: str, value: str, low: str, high: str, judged: str
) -> Json:
    """A laboratory value with its range and how it was judged."""
    unit = value.partition(" ")[2]
    system = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
    flag = {"interpretation": [{"coding": [{"system": system, "code": judged}]}]} if judged else {}
    edges = {"low": {"value": Decimal(low), "unit": unit}, "high": {"value": Decimal(high), "unit": unit}}
    return observation(
        rid, about, at, code, name, value, category=category("laboratory"), referenceRange=[edges], **flag
    )


def encounter(rid: str, about: str, start: str, end: str, kind: str, reason: str, **elements: Any) -> Json:
    """A visit; `kind` is AMB, IMP or EMER."""
    return {
        "resourceType": "Encounter",
        "id": rid,
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": kind},
        "subject": {"reference": f"Patient/{about}"},
        "period": {"start": start, **({"end": end} if end else {})},
        "reasonCode": [{"text": reason}],
        **elements,
    }


def condition(rid: str, about: str, at: str, code: str, name: str) -> Json:
    """A diagnosis by ICD-10."""
    return {
        "resourceType": "Condition",
        "id": rid,
        "clinicalStatus": status("condition-clinical"),
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": code}], "text": name},
        "subject": {"reference": f"Patient/{about}"},
        "recordedDate": at,
    }


def prescription(rid: str, about: str, at: str, name: str, dose: str, status: str = "active") -> Json:
    """A prescribed medicine."""
    return {
        "resourceType": "MedicationRequest",
        "id": rid,
        "status": status,
        "intent": "order",
        "medicationCodeableConcept": {"text": name},
        "subject": {"reference": f"Patient/{about}"},
        "authoredOn": at,
        "dosageInstruction": [{"text": dose}],
    }


def shen(hospital: str = "p1-f01", laboratory_id: str = "p1-f03", clinic: str = "p1-f05") -> Iterator[Told]:
    """P1 of the demo, 沈桂兰: hospital, laboratory and community clinic, each with a registration of its own."""
    born, citizen = "1958-04-12", "990122195804120960"
    mr = number("urn:oid:2.999.1.1", "M100001", "MR")
    stay = number("urn:oid:2.999.1.2", "Z200001", "PI")
    phone = [{"system": "phone", "value": "0990-5550191"}]
    yield "F01", of_message(
        patient(hospital, "沈桂兰", born, citizen, identifier=[mr, stay], gender="female", telecom=phone,
                address=[{"line": ["示例省云泽市云泽县柳溪镇河东村"]}]), 3
    )  # fmt: skip
    yield "F03", of_message(patient(laboratory_id, "沈桂兰", born, citizen, gender="female"), 33)
    card = {"system": HEALTH_CARD, "value": "9901000018648024"}
    yield "F05", patient(clinic, "沈桂兰", born, citizen, identifier=[card], gender="female", telecom=phone)

    yield "F01", of_message(condition("c1", hospital, "2026-03-03", "I10.x05", "高血压病 3 级（极高危）"), 3)
    yield "F05", condition("c2", clinic, "2025-06-10", "E11.900", "2 型糖尿病")
    yield "F01", of_message(
        {
            "resourceType": "AllergyIntolerance", "id": "al1", "criticality": "high",
            "clinicalStatus": status("allergyintolerance-clinical"), "code": {"text": "青霉素"},
            "patient": {"reference": f"Patient/{hospital}"}, "recordedDate": "2026-03-03",
            "reaction": [{"manifestation": [{"text": "皮疹"}], "severity": "severe"}],
        }, 3)  # fmt: skip
    yield (
        "F05",
        prescription("m1", clinic, "2026-03-20T09:20:00+08:00", "苯磺酸氨氯地平片 5 mg", "每次 1 片，每日 1 次，晨服"),
    )
    yield (
        "F05",
        prescription("m2", clinic, "2026-03-20T09:20:00+08:00", "二甲双胍片 0.5 g", "每次 1 片，每日 2 次，餐中服"),
    )
    yield "F01", of_message(prescription("m3", hospital, "2026-03-03", "硝普钠注射液", "静脉泵入", "completed"), 3)

    visits = (
        ("2025-06-10T09:05:00+08:00", 152, 94, "8.4"), ("2025-09-12T08:55:00+08:00", 146, 90, "7.6"),
        ("2025-12-11T09:10:00+08:00", 158, 96, "8.9"), ("2026-03-20T09:10:00+08:00", 138, 86, "6.8"),
        ("2026-04-21T08:40:00+08:00", 134, 82, "6.5"),
    )  # fmt: skip
    for i, (at, systolic, diastolic, glucose) in enumerate(visits):
        visit = {"encounter": {"reference": f"Encounter/fu{i}"}}
        yield "F05", encounter(f"fu{i}", clinic, at, at, "AMB", "高血压、糖尿病随访")
        yield "F05", pressure(f"bp{i}", clinic, at, systolic, diastolic, **visit)
        yield (
            "F05",
            observation(
                f"glu{i}",
                clinic,
                at,
                "14743-9",
                "血糖（血糖仪）",
                f"{glucose} mmol/L",
                category=category("laboratory"),
                **visit,
            ),
        )
    yield "F05", {
        "resourceType": "ServiceRequest", "id": "ref1", "status": "completed", "intent": "order",
        "code": {"text": "转诊"},
        "subject": {"reference": f"Patient/{clinic}"}, "authoredOn": "2026-03-02T07:50:00+08:00",
        "reasonCode": [{"text": "血压 188/116 mmHg，红色预警"}], "performer": [{"reference": "Organization/F01"}],
    }  # fmt: skip
    yield (
        "F01",
        of_message(
            encounter("in1", hospital, "2026-03-03T09:15:00+08:00", "2026-03-08T10:30:00+08:00", "IMP", "高血压急症"), 3
        ),
    )
    yield "F01", of_message(encounter("op1", hospital, "2026-03-02T08:30:00+08:00", "", "AMB", "心内科门诊"), 1)
    yield "F01", of_message(pressure("bpi", hospital, "2026-03-03T09:30:00+08:00", 188, 116), 4)

    for i, (at, values) in enumerate((
        ("2026-03-03T11:00:00+08:00", (("14771-0", "空腹血糖", "9.8 mmol/L", "3.9", "6.1", "H"),
                                       ("4548-4", "糖化血红蛋白", "8.6 %", "4.0", "6.0", "H"),
                                       ("2823-3", "钾", "2.9 mmol/L", "3.5", "5.3", "LL"))),
        ("2026-03-06T07:30:00+08:00", (("14771-0", "空腹血糖", "7.1 mmol/L", "3.9", "6.1", "H"),
                                       ("14682-9", "肌酐", "71 umol/L", "41", "81", ""),
                                       ("2823-3", "钾", "4.10 mmol/L", "3.5", "5.3", ""))),
    )):  # fmt: skip
        for code, name, value, low, high, judged in values:
            rid = f"lab{i}-{code}"
            yield "F03", of_message(laboratory(rid, laboratory_id, at, code, name, value, low, high, judged), 33 + i)
        results = [{"reference": f"Observation/lab{i}-{value[0]}"} for value in values]
        order = f"order{i}"
        yield "F03", of_message(
            {
                "resourceType": "ServiceRequest", "id": order, "status": "completed", "intent": "order",
                "code": {"text": "生化检验申请单"}, "subject": {"reference": f"Patient/{laboratory_id}"},
            }, 32)  # fmt: skip
        yield "F03", of_message(
            {
                "resourceType": "DiagnosticReport", "id": f"rep{i}", "status": "final", "code": {"text": "生化检验"},
                "subject": {"reference": f"Patient/{laboratory_id}"}, "effectiveDateTime": at, "result": results,
                "basedOn": [{"reference": f"ServiceRequest/{order}"}],
                "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "CH"}]}],
            }, 33 + i)  # fmt: skip
    yield "F01", of_message(
        {
            "resourceType": "DiagnosticReport", "id": "img1", "status": "final", "code": {"text": "胸部正位 DR"},
            "subject": {"reference": f"Patient/{hospital}"}, "effectiveDateTime": "2026-03-03T15:20:00+08:00",
            "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "RAD"}]}],
            "conclusion": "两肺纹理增多，心影稍大，主动脉结钙化。",
        }, 41)  # fmt: skip
