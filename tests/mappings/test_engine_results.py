"""OBX: the value by its type, status, identity, and where it belongs."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from hub.kernel.types import Json, Translation
from mappings.hl7v2.profiles.layers import SHIPPED
from mappings.hl7v2.profiles.load import load
from tests.mappings.engine import PID, codes, drafts, reported, resource, translate

HEADER = "MSH|^~\\&|LIS|F03|HUB|YUNZE|20260301103000||ORU^R01^ORU_R01|L1|P|2.5.1"
ORC = "ORC|RE|P1^HIS|L1^LIS"
OBR = "OBR|1|P1^HIS|L1^LIS|GLU^血糖^L|||20260301090000|||||||||1001^方知远||||||20260301103000||LAB|F"


def results(*segments: str, obr: str = OBR) -> Translation:
    return translate(HEADER, PID, ORC, obr, *segments, facility="F03")


def obx(kind: str, value: str, unit: str = "", status: str = "F", more: str = "") -> str:
    return f"OBX|1|{kind}|2345-7^葡萄糖^LN|{more}|{value}|{unit}|||||{status}"


def observation(*segments: str) -> Json:
    return resource(results(*segments), "Observation")


def value(kind: str, text: str, unit: str = "") -> Json:
    found = observation(obx(kind, text, unit))
    return {name: each for name, each in found.items() if name.lstrip("_").startswith("value")}


def quantity(number: str, **more: Any) -> Json:
    return {"valueQuantity": {"value": Decimal(number), **more}}


def test_a_number_keeps_its_digits_and_its_unit() -> None:
    assert value("NM", "17.20", "mmol/L") == quantity("17.20", unit="mmol/L")
    assert str(value("NM", "17.20")["valueQuantity"]["value"]) == "17.20"
    assert value("NM", "5", "mmol/L^毫摩尔每升^UCUM") == quantity(
        "5", unit="毫摩尔每升", system="http://unitsofmeasure.org", code="mmol/L"
    )


@pytest.mark.parametrize(
    ("sent", "stated"),
    [
        ("10^9/L", {"unit": "10^9/L"}),
        ("×10^12/L", {"unit": "×10^12/L"}),
        ("x10^3/uL", {"unit": "x10^3/uL"}),
        ("10\\S\\9/L", {"unit": "10^9/L"}),
        ("10^9/L^^UCUM", {"unit": "10^9/L", "system": "http://unitsofmeasure.org", "code": "10*9/L"}),
        ("10^9/L^十亿/升^UCUM", {"unit": "十亿/升", "system": "http://unitsofmeasure.org", "code": "10*9/L"}),
    ],
)
def test_a_unit_with_a_power_is_one_though_its_sign_delimits(sent: str, stated: dict[str, str]) -> None:
    assert value("NM", "12.3", sent) == quantity("12.3", **stated)


def test_a_unit_with_a_power_is_found_in_the_tables_of_a_profile() -> None:
    found = translate(HEADER, PID, OBR, obx("NM", "12.3", "10^9/L"), profile=load(SHIPPED / "china-common.yaml"))
    assert resource(found, "Observation")["valueQuantity"]["code"] == "10*9/L"


def test_the_unit_may_stand_in_the_second_component() -> None:
    assert value("NM", "5.09", "^mmol/L") == quantity("5.09", unit="mmol/L")


def test_a_number_of_a_hundred_has_its_unit_within_it() -> None:
    found = value("NM", "50%")["valueQuantity"]
    (kept,) = found.pop("extension")
    assert found == {"value": Decimal(50), "unit": "%", "system": "http://unitsofmeasure.org", "code": "%"}
    assert kept["valueString"] == "50%"
    stated = value("NM", "12.5 ％", "%")["valueQuantity"]
    assert (str(stated["value"]), stated["unit"], "code" in stated) == ("12.5", "%", False)
    assert "valueString" in value("NM", "50%", "mmol/L")
    assert "valueString" in value("NM", "%")


def test_a_laboratory_has_the_number_of_the_system_that_is_told() -> None:
    found = results(f"{obx('NM', '5')}||||33D1234567^示例检验所^CLIA")
    laboratory = resource(found, "Organization")
    assert laboratory["identifier"][0]["system"] == "urn:oid:2.16.840.1.113883.4.7"
    assert {"reference": f"Organization/{laboratory['id']}", "display": "示例检验所"} in resource(found, "Observation")[
        "performer"
    ]


@pytest.mark.parametrize(
    ("sent", "code"), [("敏感", "S"), ("中介", "I"), ("剂量依赖性敏感", "SDD"), ("耐药", "R"), ("危急值", "AA")]
)
def test_flags_of_susceptibility_and_danger_are_understood_in_words(sent: str, code: str) -> None:
    found = observation(f"OBX|1|NM|AMK^阿米卡星||2|ug/mL||{sent}|||F")
    assert found["interpretation"][0]["coding"][0]["code"] == code


@pytest.mark.parametrize("text", ["<>5", "阴性", "+-", "1:80", "1,5", "5 mmol", "--", "."])
def test_what_is_no_number_is_kept_as_text_and_said_so(text: str) -> None:
    found = results(obx("NM", text, "mmol/L"))
    assert resource(found, "Observation")["valueString"] == text
    assert "not-a-number" in codes(found)


def test_a_unit_without_a_number_is_carried() -> None:
    found = observation(obx("NM", "阴性", "mmol/L"))
    (extension,) = found["extension"]
    assert extension["valueCodeableConcept"]["coding"] == [{"code": "mmol/L"}]


@pytest.mark.parametrize(("text", "number"), [("065.88", "65.88"), ("+7", "7"), (".5", "0.5"), ("5.", "5")])
def test_a_number_written_otherwise_than_in_fhir_keeps_its_text_beside_it(text: str, number: str) -> None:
    found = value("NM", text)["valueQuantity"]
    assert str(found["value"]) == number
    assert found["extension"][0]["valueString"] == text


@pytest.mark.parametrize(
    ("kind", "text", "stated"),
    [
        ("NM", "5.6^^^", quantity("5.6")),
        ("NM", "5.6^&", quantity("5.6")),
        ("ST", "阴性^^", {"valueString": "阴性"}),
        ("XCN", "1001^方^知远^^^", {"valueString": "1001^方^知远"}),
        ("ST", "10\\S\\", {"valueString": "10^"}),
        ("CE", "^^", {}),
        ("NM", "^", {}),
    ],
)
def test_delimiters_behind_a_value_are_no_part_of_it(kind: str, text: str, stated: Json) -> None:
    assert value(kind, text) == stated
    assert "not-a-number" not in codes(results(obx(kind, text)))


def test_a_number_in_full_width_digits_is_one() -> None:
    found = value("NM", "１２．５", "mmol/L")["valueQuantity"]
    assert (found["value"], found["unit"]) == (Decimal("12.5"), "mmol/L")
    assert found["extension"][0]["valueString"] == "１２．５"


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("Final", "final"),
        ("已审核", "final"),
        ("初步报告", "preliminary"),
        ("已更正", "corrected"),
        ("取消", "cancelled"),
        ("检验中", "registered"),
    ],
)
def test_a_status_in_words_is_that_of_the_result_and_of_the_report(word: str, status: str) -> None:
    found = results(obx("NM", "5", status=word), obr=OBR.removesuffix("F") + word)
    assert resource(found, "Observation")["status"] == status
    assert resource(found, "DiagnosticReport")["status"] == status
    assert (resource(found, "ServiceRequest").get("status") == "completed") == (status in {"final", "corrected"})
    assert "code-not-in-the-table" not in codes(found)


def test_a_number_sent_as_text_is_a_quantity_only_with_a_unit() -> None:
    assert value("ST", "5.09", "^mmol/L") == quantity("5.09", unit="mmol/L")
    assert value("ST", "5.09") == {"valueString": "5.09"}
    assert value("ST", "1:80", "mmol/L") == {"valueString": "1:80"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<^5", quantity("5", comparator="<")),
        ("^10", quantity("10")),
        ("^1^-^2", {"valueRange": {"low": {"value": Decimal(1)}, "high": {"value": Decimal(2)}}}),
        ("^1^:^80", {"valueRatio": {"numerator": {"value": Decimal(1)}, "denominator": {"value": Decimal(80)}}}),
        ("^2^+", {"valueString": "2 +"}),
        ("<>^5", {"valueString": "<> 5"}),
        ("^9^-^1", {"valueString": "^9^-^1"}),
    ],
)
def test_a_structured_number_is_a_quantity_a_range_a_ratio_or_else_text(text: str, expected: Json) -> None:
    assert value("SN", text) == expected


def test_a_coded_value_keeps_both_codings_and_the_original_text() -> None:
    found = value("CWE", "POS^阳性^L^10828004^Positive^SCT^^^阳性(+)")["valueCodeableConcept"]
    assert [each["code"] for each in found["coding"]] == ["POS", "10828004"]
    assert found["coding"][1]["system"] == "http://snomed.info/sct"
    assert found["text"] == "阳性(+)"


def test_a_component_without_a_place_in_fhir_is_carried_as_the_original_text() -> None:
    found = observation(obx("CWE", "POS^阳性^L^^^^^^^^^^^^2.16.840.1.1"))
    assert found["extension"][0]["valueString"] == "POS^阳性^L^^^^^^^^^^^^2.16.840.1.1"


@pytest.mark.parametrize(
    ("kind", "text", "name", "expected"),
    [
        ("DT", "20260301", "valueDateTime", "2026-03-01"),
        ("TS", "202603011030", "valueDateTime", "2026-03-01T10:30:00+08:00"),
        ("TM", "1030", "valueTime", "10:30:00"),
        ("TM", "8:05", "valueTime", "08:05:00"),
    ],
)
def test_times_are_times_with_their_text_beside(kind: str, text: str, name: str, expected: str) -> None:
    found = value(kind, text)
    assert found[name] == expected
    assert found[f"_{name}"]["extension"][0]["valueString"] == text


@pytest.mark.parametrize(("kind", "text"), [("DT", "20261301"), ("TM", "2561"), ("DR", "昨天^今天"), ("NR", "a^b")])
def test_a_value_that_is_not_of_its_type_is_kept_as_text(kind: str, text: str) -> None:
    assert value(kind, text) == {"valueString": text}


def test_ranges_and_periods() -> None:
    assert value("NR", "1.5^2")["valueRange"]["low"] == {"value": Decimal("1.5")}
    assert value("DR", "20260301^20260302") == {"valuePeriod": {"start": "2026-03-01", "end": "2026-03-02"}}


def test_lines_of_a_report_stay_in_order_with_their_blank_lines() -> None:
    assert value("TX", "第一行~~第三行") == {"valueString": "第一行\n\n第三行"}
    assert value("FT", "上\\.br\\下") == {"valueString": "上\n下"}


def test_text_with_delimiters_in_it_is_kept_whole() -> None:
    assert value("TX", "a^b&c") == {"valueString": "a^b&c"}
    assert value("ST", "10\\S\\9/L") == {"valueString": "10^9/L"}


def test_several_coded_values_are_components_of_the_same_code() -> None:
    found = observation(obx("CE", "A^甲~B^乙"))
    assert [each["valueCodeableConcept"]["coding"][0]["code"] for each in found["component"]] == ["A", "B"]
    assert all(each["code"] == found["code"] for each in found["component"])


def test_a_document_is_an_attachment_and_what_only_claims_to_be_one_is_text() -> None:
    document, described = observation(obx("ED", "PACS^Application^PDF^Base64^JVBERi0="))["extension"]
    assert described["valueString"] == "PACS^Application^PDF^Base64"
    assert document["valueAttachment"] == {
        "contentType": "application/pdf",
        "data": "JVBERi0=",
        "title": "PACS",
        "size": 5,
        "hash": "6GUZUCson6BgvpmHylP3m4FZU4s=",
    }
    assert value("ED", "^Application^PDF^A^报告") == {"valueString": "^Application^PDF^A^报告"}


def test_a_pointer_is_an_attachment_elsewhere() -> None:
    found = observation(obx("RP", "https://pacs.example/1^PACS&1.2&ISO^IM^JPEG"))
    assert found["extension"][0]["valueAttachment"]["url"] == "https://pacs.example/1"
    assert found["extension"][1]["valueString"].startswith("https://pacs.example/1^PACS&1.2")


def test_a_type_without_a_map_is_kept_as_text() -> None:
    assert value("XCN", "1001^方^知远") == {"valueString": "1001^方^知远"}


def test_a_null_value_says_that_there_is_none() -> None:
    found = observation(obx("NM", '""'))
    assert "valueQuantity" not in found
    assert found["dataAbsentReason"]["coding"][0]["code"] == "unknown"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ("F", "final"),
        ("C", "corrected"),
        ("P", "preliminary"),
        ("W", "entered-in-error"),
        ("X", "cancelled"),
        ("A", "amended"),
        ("", "final"),
        ("0", "final"),
    ],
)
def test_the_status_is_the_observations_own_else_that_of_its_report(sent: str, status: str) -> None:
    assert observation(obx("NM", "5", status=sent))["status"] == status


def test_a_status_nobody_knows_is_kept_beside() -> None:
    found = results(obx("NM", "5", status="3"))
    assert resource(found, "Observation")["_status"]["extension"][0]["valueString"] == "3"
    assert reported(found, "OBX-11[1]")[0] == "carried"


def test_the_limits_of_a_plain_range_are_numbers_and_any_range_is_text() -> None:
    numbers = observation("OBX|1|NM|G^糖||5|mmol/L|3.9--6.1||||F")["referenceRange"][0]
    assert numbers["low"] == {"value": Decimal("3.9"), "unit": "mmol/L"}
    assert numbers["text"] == "3.9--6.1"
    assert observation("OBX|1|NM|G^糖||5||阴性||||F")["referenceRange"] == [{"text": "阴性"}]


def test_a_range_written_with_the_sign_of_repetitions_is_one_range() -> None:
    (found,) = observation("OBX|1|NM|G^糖||5|mmol/L|3.9~6.1||||F")["referenceRange"]
    assert (found["low"]["value"], found["high"]["value"]) == (Decimal("3.9"), Decimal("6.1"))
    assert found["text"] == "3.9~6.1"
    assert observation("OBX|1|NM|G^糖||5||男 3-5~女 2-4||||F")["referenceRange"] == [{"text": "男 3-5~女 2-4"}]
    (ended,) = observation("OBX|1|NM|G^糖||5|mmol/L|3.9-6.1~||||F")["referenceRange"]
    assert (ended["text"], ended["high"]["value"]) == ("3.9-6.1", Decimal("6.1"))


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("<5.20", {"high": "5.20"}),
        ("≤5.2", {"high": "5.2"}),
        ("<= 5.2", {"high": "5.2"}),
        (">60", {"low": "60"}),
        ("≥0.9", {"low": "0.9"}),
        ("3.9–6.1", {"low": "3.9", "high": "6.1"}),
        ("3.9_6.1", {"low": "3.9", "high": "6.1"}),
        ("3.9-6.1 mmol/L", {"low": "3.9", "high": "6.1"}),
        ("<6.1mmol/L", {"high": "6.1"}),
        ("3.9 to 6.1", {"low": "3.9", "high": "6.1"}),
        ("-3-+3", {"low": "-3", "high": "3"}),
        ("-2.3~2.3", {"low": "-2.3", "high": "2.3"}),
        ("-5.0--1.0", {"low": "-5.0", "high": "-1.0"}),
        ("-3 至 -1", {"low": "-3", "high": "-1"}),
        ("0.4--8", {"low": "0.4", "high": "8"}),
    ],
)
def test_a_range_with_one_limit_or_with_its_unit_has_limits_too(text: str, limits: dict[str, str]) -> None:
    (found,) = observation(f"OBX|1|NM|G^糖||5|mmol/L|{text}||||F")["referenceRange"]
    stated = {name: {"value": Decimal(number), "unit": "mmol/L"} for name, number in limits.items()}
    assert found == {**stated, "text": text}


def test_the_limits_of_a_range_have_the_unit_that_is_written_behind_them() -> None:
    (found,) = observation("OBX|1|NM|G^糖||98|mg/dL^^UCUM|3.9-6.1 mmol/L||||F")["referenceRange"]
    assert found["low"] == {"value": Decimal("3.9"), "unit": "mmol/L"}


@pytest.mark.parametrize(
    "text", ["3.9-6.1 空腹", "0-5男", "<5(男)", "1-2-3", "3--5--1", "-1--5", "<1:80", ">5,<10", "3.5-9.510^9/L"]
)
def test_limits_that_hold_for_some_only_or_cannot_be_told_are_text(text: str) -> None:
    sent = text.replace("^", "\\S\\")
    assert observation(f"OBX|1|NM|G^糖||5|mmol/L|{sent}||||F")["referenceRange"] == [{"text": text}]


@pytest.mark.parametrize(("code", "text"), [("阴性", "阴性"), ("not seen", "not seen"), ("NEG", None)])
def test_words_in_the_place_of_a_code_are_the_text_too(code: str, text: str | None) -> None:
    found = value("CE", code)["valueCodeableConcept"]
    assert (found["coding"], found.get("text")) == ([{"code": code}], text)


def test_arrows_are_interpretations() -> None:
    assert observation("OBX|1|NM|G^糖||5|||↑|||F")["interpretation"][0]["coding"][0]["code"] == "H"


def test_a_correction_replaces_the_first_result_under_the_same_id() -> None:
    first, corrected = results(obx("NM", "5")), results(obx("NM", "6", status="C"))
    assert resource(first, "Observation")["id"] == resource(corrected, "Observation")["id"]
    assert drafts(corrected, "Observation")[0].merge == "replace"
    assert resource(first, "DiagnosticReport")["id"] == resource(corrected, "DiagnosticReport")["id"]


def test_the_same_test_twice_in_one_order_is_told_apart_and_a_sub_id_names_it() -> None:
    twice = [each.resource["id"] for each in drafts(results(obx("NM", "5"), obx("NM", "6")), "Observation")]
    assert len(set(twice)) == 2
    named = results(obx("NM", "5", more="1"), obx("NM", "6", more="2"))
    swapped = results(obx("NM", "6", more="2"), obx("NM", "5", more="1"))
    assert [each.key for each in drafts(named, "Observation")] == [
        each.key for each in reversed(drafts(swapped, "Observation"))
    ]


def test_a_note_belongs_to_the_segment_before_it() -> None:
    found = results("NTE|1||整单备注", obx("NM", "5"), "NTE|1||复查~已电话", obx("NM", "6"))
    first, second = (each.resource for each in drafts(found, "Observation"))
    assert first["note"] == [{"text": "复查\n已电话"}]
    assert "note" not in second
    assert resource(found, "ServiceRequest")["note"] == [{"text": "整单备注"}]


def test_an_observation_without_its_own_time_has_that_of_the_order() -> None:
    assert observation(obx("NM", "5"))["effectiveDateTime"] == "2026-03-01T09:00:00+08:00"


def test_an_observation_in_an_adt_belongs_to_the_stay() -> None:
    found = translate(PID, "PV1|1|I|||||||||||||||||ZY1", "OBX|1|NM|8302-2^身高^LN||158|cm|||||F")
    stated = resource(found, "Observation")
    assert stated["encounter"]["reference"] == f"Encounter/{resource(found, 'Encounter')['id']}"
    assert not drafts(found, "DiagnosticReport")


@pytest.mark.parametrize("kind", ["ST", "TX", "NM", "CE", "DT", "XX", ""])
@pytest.mark.parametrize("blank", [" ", "\t", "\x01", " ~ "])
def test_a_value_of_nothing_but_blanks_states_none(kind: str, blank: str) -> None:
    found = observation(obx(kind, blank))
    assert not [name for name in found if name.startswith("value") or name == "component"]


def test_a_range_whose_low_is_above_its_high_stays_a_text() -> None:
    assert value("NR", "10^2") == {"valueString": "10^2"}


@pytest.mark.parametrize("text", ["20260301080000+1430"])
def test_a_date_fhir_cannot_write_stays_a_text(text: str) -> None:
    assert value("TS", text) == {"valueString": text}


@pytest.mark.parametrize("event", ["R01", "R22"])
def test_observations_of_a_specimen_without_an_order_are_kept(event: str) -> None:
    header = HEADER.replace("ORU^R01^ORU_R01", f"OUL^{event}")
    spm = "SPM|1|S1||BLD\rOBX|1|ST|Q||clouded"
    for segments in ((PID, spm), (PID, spm, PID.replace("000123", "000124")), (spm,), (PID, ORC, OBR, spm)):
        found = translate(header, *"\r".join(segments).split("\r"), facility="F03")
        assert [each.resource["valueString"] for each in drafts(found, "Observation")] == ["clouded"]
        assert len(drafts(found, "Specimen")) == 1


def test_an_original_text_is_the_text_and_leaves_a_display_without_a_code_its_place() -> None:
    found = value("CWE", "^弱阳性^^^^^^^弱阳性(+)")
    assert found["valueCodeableConcept"] == {"coding": [{"display": "弱阳性"}], "text": "弱阳性(+)"}


def test_a_patient_passed_over_before_the_results_of_another_is_told_and_results_stay_with_theirs() -> None:
    other = PID.replace("PID|1", "PID|2").replace("000123", "000124")
    found = translate(HEADER, PID, other, OBR, obx("NM", "9.1"), facility="F03")
    assert [(each.code, each.where) for each in found.issues if each.code == "patient-passed-over"] == [
        ("patient-passed-over", "PID[1]")
    ]
    patients = [draft.resource["id"] for draft in drafts(found, "Patient")]
    assert [draft.patient for draft in drafts(found, "Observation")] == [patients[1]]


def test_patients_who_each_have_results_are_nothing_to_tell() -> None:
    other = PID.replace("PID|1", "PID|2").replace("000123", "000124")
    found = translate(HEADER, PID, OBR, obx("NM", "5.1"), other, OBR, obx("NM", "9.1"), facility="F03")
    assert "patient-passed-over" not in {each.code for each in found.issues}
