"""Documents the hub writes: read back they tell the same facts."""

from __future__ import annotations

from typing import Any

import pytest

from hub.kernel.errors import HubError
from hub.kernel.types import Json
from mappings.cda.outbound.writer import write
from tests.mappings.cda.documents import PATIENT, cd, document, made, observation, pq, section
from tests.mappings.cda.recall import statements
from tests.mappings.cda.test_refine import DRUG, NEXT, WAY

WRITTEN = "2026-03-01T10:00:00+08:00"
FACTS = [
    WAY,
    NEXT,
    observation("DE04.10.174.00", "收缩压", pq("150", "mmHg")),
    observation("DE04.10.188.00", "体重", pq("65.50", "kg")),
    observation("DE04.01.118.00", "症状", "<value>头晕 &lt;三天&gt;</value>"),
    observation("DE03.00.088.00", "运动时长", '<value xsi:type="IVL_TS"><width value="30" unit="min"/></value>'),
    observation("DE06.00.174.00", "转诊标志代码", '<value xsi:type="BL" value="false"/>'),
    observation("DE04.50.102.00", "血糖", '<value xsi:type="IVL_PQ"><high value="3.9" unit="mmol/L"/></value>'),
    observation("DE05.01.024.00", "诊断代码", cd("I10.x00", "2.16.156.10011.2.3.3.11", "高血压")),
    observation("DE07.00.004.00", "金额", '<value xsi:type="MO" value="45.60" currency="元"/>'),
    observation("DE02.10.090.00", "住院次数", '<value xsi:type="INT" value="2"/>'),
    '<observation><code displayName="自编项目"/><value xsi:type="ST">甲</value></observation>',
]
TARGET = observation("DE04.10.188.00", "体重", pq("60", "kg"))
SOURCE = document(
    section("8716-3", "VITAL SIGNS", FACTS),
    section("18776-5", "TREATMENT PLAN", [TARGET]),
    section("10160-0", "USE", [DRUG]),
)


def told(found: list[Json]) -> list[tuple[list[str], Any]]:
    bundle = {"entry": [{"resource": each} for each in found]}
    return sorted(((sorted(codes), said) for codes, said in statements(bundle)), key=str)


@pytest.mark.parametrize("code", ["HSDB04.01", "HSDB04.02", "HSDC00.05"])
def test_a_written_document_reads_back_to_the_same_facts(code: str) -> None:
    given = made(SOURCE)
    raw = write(code, given, number="N1", written=WRITTEN)
    back = made(raw)
    assert told(back) == told(given)
    kinds = ("MedicationStatement",)
    drugs = [
        [each["medicationCodeableConcept"] for each in found if each["resourceType"] in kinds]
        for found in (given, back)
    ]
    assert drugs[0] == drugs[1] != []
    for name in ("identifier", "name", "gender", "birthDate", "telecom"):
        first, second = (
            [each.get(name) for each in found if each["resourceType"] == "Patient"] for found in (given, back)
        )
        assert first == second, name
    codes = [[each["code"] for each in found if each["resourceType"] == "Condition"] for found in (given, back)]
    assert codes[0] == codes[1] != []


def test_what_the_hub_measured_itself_is_told_under_its_data_element() -> None:
    patient = made(document(), "Patient")[0]
    loinc = {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]}
    amount = {"value": 141, "unit": "mmHg", "system": "http://unitsofmeasure.org", "code": "mm[Hg]"}
    measured = {"resourceType": "Observation", "id": "o", "status": "final", "code": loinc, "valueQuantity": amount}
    (back,) = made(write("HSDB04.01", [patient, measured], number="N1", written=WRITTEN), "Observation")
    assert [each["code"] for each in back["code"]["coding"]] == ["DE04.10.174.00", "8480-6"]
    assert back["valueQuantity"] == amount


def test_a_document_of_restricted_facts_is_restricted() -> None:
    given = made(SOURCE.replace('Code code="N"', 'Code code="R"'))
    (composition,) = made(write("HSDB04.01", given, number="N1", written=WRITTEN), "Composition")
    assert composition["confidentiality"] == "R"


def test_a_type_without_a_layout_and_facts_of_nobody_are_refused() -> None:
    with pytest.raises(HubError, match="not written"):
        write("C0053", made(document(header=PATIENT)), number="N1", written=WRITTEN)
    with pytest.raises(HubError, match="one Patient"):
        write("HSDB04.01", [], number="N1", written=WRITTEN)


def test_a_local_code_that_names_no_system_is_left_out_of_the_header() -> None:
    given = made(SOURCE)
    (patient,) = [each for each in given if each["resourceType"] == "Patient"]
    patient["maritalStatus"] = {"coding": [{"code": "1"}, {"system": "urn:oid:2.16.156.10011.2.3.3.5", "code": "20"}]}
    raw = write("HSDC00.05", given, number="N1", written=WRITTEN)
    assert raw.count(b"<maritalStatusCode") == 1
    assert b'code="20"' in raw
