"""What real Chinese senders sent, with the profile an engineer would write: who it is about and what it says is right.

The messages are read where they are. What is expected of them was read from the messages by hand.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from hub.kernel.types import Json
from mappings.hl7v2.convert import convert
from mappings.hl7v2.profile import Profile
from mappings.hl7v2.profiles.load import load
from tests.mappings.checker import invalid

CITIZEN = "urn:oid:2.16.156.10011.1.3"
BASE = "https://yilian-hub.example/fhir"

#: By the beginning of a file's name: what its sender needs besides what Chinese senders have in common.
PROFILES = {
    "cn-his-esb": """
identifiers:
  rules:
    - {kind: "01", system: "urn:oid:2.16.156.10011.1.3", type: NNCHN}
steps:
  - {step: move, from: PID-5.4, at: PID-5.2, name: pinyin}
""",
    "cn-lis-esb": """
identifiers:
  rules:
    - {kind: "21", system: "urn:oid:2.999.10.21", type: PI, patient_key: true}
steps:
  - {step: move, from: OBX-11, at: OBX-8, when: "OBX-11 in (0, 1)"}
  - {step: map-values, at: OBX-8, values: {"0": N, "1": H}}
codes:
  OBX-3:
    GLU: {system: "http://loinc.org", code: 14749-6}
    "3020010101": {system: "http://loinc.org", code: 14749-6, display: Glucose}
""",
    "cn-ecg": """
identifiers:
  rules:
    - {kind: "21", system: "urn:oid:2.999.10.21", type: PI, patient_key: true}
""",
}


@cache
def profile(folder: Path, name: str) -> Profile:
    own = next((text for prefix, text in PROFILES.items() if name.startswith(prefix)), "\n")
    path = folder / f"{name}.yaml"
    path.write_text(f"name: own\nextends: china-common{own}", encoding="utf-8")
    return load(path)


@pytest.fixture
def cn(shared: Path, tmp_path: Path) -> Any:
    """Converts a file; gives its resources by type."""

    def converted(name: str) -> dict[str, list[Json]]:
        raw = (shared / "hl7v2-samples" / "cn" / f"{name}.hl7").read_bytes()
        (line,) = convert(name, raw, profile(tmp_path, name))
        assert not [issue for issue in line["issues"] if issue["severity"] in {"fatal", "error"}]
        assert list(invalid(line["bundle"] or {"entry": []})) == []
        found: dict[str, list[Json]] = {}
        for entry in (line["bundle"] or {"entry": []})["entry"]:
            found.setdefault(entry["resource"]["resourceType"], []).append(entry["resource"])
        return found

    return converted


def numbers(patient: Json) -> list[tuple[str, str, str]]:
    """Value, last part of the system, and type of each identifier."""
    return [
        (
            each["value"],
            each["system"].removeprefix(f"{BASE}/sid/"),
            each.get("type", {}).get("coding", [{"code": ""}])[0]["code"],
        )
        for each in patient["identifier"]
    ]


#: Name of the file to identifiers, text of the name, gender, birth date.
PATIENTS = {
    "cn-ecg-ORU_R01-medex": ([("000000000203", "urn:oid:2.999.10.21", "PI")], "测试己", "female", None),
    "cn-empi-ADT_ZP1": (
        [
            ("AA00000001", "01/LocalID", "LocalID"),
            ("110101199311010014", CITIZEN, "NNCHN"),
            ("AA00000001", "01/IDCard", "PI"),
        ],
        "测试庚",
        "male",
        "1993-11-01",
    ),
    "cn-his-dragonris-ADT_A01": (
        [("263656", "HIS", ""), ("110101197701010012", CITIZEN, "NNCHN")],
        "测试甲",
        "male",
        "1977-01-01",
    ),
    "cn-his-dragonris-ORM_O01-cancel": (
        [("2-687005", "HIS", ""), ("110101197701010012", CITIZEN, "NNCHN")],
        "测试甲",
        "male",
        "1977-01-01",
    ),
    "cn-his-dragonris-ORM_O01-new": (
        [("263656", "HIS", ""), ("110101197701010012", CITIZEN, "NNCHN")],
        "测试甲",
        "male",
        "1977-01-01",
    ),
    "cn-his-eai-ADT_A01-newborn": (
        [("0000000101", "HIS", ""), ("0000000101", "HIS/IDCard", "PI"), ("0000000102", "HIS/PatientNO", "MR")],
        "测试乙",
        "male",
        "2015-04-01",
    ),
    "cn-his-eai-ADT_A04-outpatient": (
        [
            ("0000000103", "HIS", ""),
            ("0000000103", "HIS/IDCard", "PI"),
            ("0000000103", "HIS/Card_No", "PI"),
            ("110101196512010013", CITIZEN, "NNCHN"),
            ("6000000004", "HIS/SS", "SS"),
        ],
        "测试丙",
        "male",
        "1965-12-01",
    ),
    "cn-his-esb-ORM_O01-pid": (
        # Once as kind 01 of PID-3, once from PID-19.
        [("201500001", "HIS", ""), *[("110101198612010018", CITIZEN, "NNCHN")] * 2],
        "测试丁",
        "male",
        "1986-12-01",
    ),
    "cn-his-lis-ADT_A08-pv1": (
        [("100320", "LIS/PATID", "PI"), ("1200001", "LIS/BLH", "MR"), ("800001", "LIS/BRKH", "MR")],
        "CESHI",
        "male",
        "1990-04-08",
    ),
    "cn-lis-esb-OUL_R24-chem20": ([("000000000201", "urn:oid:2.999.10.21", "PI")], "测试戊", None, None),
    "cn-lis-esb-OUL_R24-stool-qualitative": ([("000000000202", "urn:oid:2.999.10.21", "PI")], "测试的人", None, None),
}


@pytest.mark.parametrize("name", PATIENTS)
def test_the_patient_is_known_by_the_right_numbers_name_sex_and_birth(cn: Any, name: str) -> None:
    (patient,) = cn(name)["Patient"]
    said = (numbers(patient), patient["name"][0]["text"], patient.get("gender"), patient.get("birthDate"))
    assert said == PATIENTS[name]


def test_every_sample_is_looked_at(shared: Path) -> None:
    names = {path.stem for path in (shared / "hl7v2-samples" / "cn").glob("*.hl7")}
    assert names - PATIENTS.keys() == {"cn-hrp-MFN_M01-dept"}


def test_pinyin_beside_a_chinese_name_is_a_second_name(cn: Any) -> None:
    for name, pinyin in (("cn-his-dragonris-ADT_A01", "ceshijia"), ("cn-his-esb-ORM_O01-pid", "CE SHI DING")):
        (patient,) = cn(name)["Patient"]
        assert patient["name"][1]["text"] == pinyin
        assert "suffix" not in patient["name"][0]


def test_ethnic_group_and_marital_status_go_by_their_names(cn: Any) -> None:
    for name, code in (("cn-his-eai-ADT_A01-newborn", "1"), ("cn-his-lis-ADT_A08-pv1", "17")):
        (patient,) = cn(name)["Patient"]
        group = next(each for each in patient["extension"] if each["url"].endswith("ethnic-group"))
        codings = group["valueCodeableConcept"]["coding"]
        assert codings[0]["code"] == "01"
        assert codings[1] == {"code": code, "display": "汉族"}
    (patient,) = cn("cn-his-lis-ADT_A08-pv1")["Patient"]
    assert [coding["code"] for coding in patient["maritalStatus"]["coding"]] == ["M", "20"]


def test_words_for_nothing_are_no_values(cn: Any) -> None:
    found = cn("cn-his-eai-ADT_A01-newborn")
    (patient,), (mother,) = found["Patient"], found["RelatedPerson"]
    assert ["无"] not in [address.get("line") for address in patient["address"]]
    assert [telecom["value"] for telecom in patient["telecom"]] == ["13800000001"]
    assert "address" not in mother
    assert "telecom" not in mother
    assert mother["relationship"] == [{"coding": [{"code": "21", "display": "其他"}], "text": "其他"}]
    assert "RelatedPerson" not in cn("cn-empi-ADT_ZP1")
    assert not [each for each in patient["extension"] if each["url"].endswith("patient-animal")]


def test_numbers_typed_as_text_have_their_unit_range_and_flag(cn: Any) -> None:
    observations = cn("cn-lis-esb-OUL_R24-chem20")["Observation"]
    assert len(observations) == 20
    protein, glucose = observations[:2]
    assert glucose["code"]["coding"][0]["code"] == "14749-6"
    assert (float(protein["valueQuantity"]["value"]), protein["valueQuantity"]["code"]) == (302.0, "umol/L")
    flags = [each["interpretation"][0]["coding"][0]["code"] for each in observations]
    assert flags == ["H", "N", "H", "N", "H", "H", "N", "N", "H", "N", "N", "N", "N", "N", "N", "N", "N", "N", "N", "N"]
    for each, flag in zip(observations, flags, strict=True):
        limits, value = each["referenceRange"][0], each.get("valueQuantity", {}).get("value")
        if value is not None:
            assert (value > limits["high"]["value"]) == (flag == "H")


def test_results_in_words_stay_words(cn: Any) -> None:
    observations = cn("cn-lis-esb-OUL_R24-stool-qualitative")["Observation"]
    assert [each.get("valueString") for each in observations] == [None, None, "棕色", "软", "无", "未见", "阴性"]
