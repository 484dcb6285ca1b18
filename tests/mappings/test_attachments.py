"""Files in results: whose they are, and what the document and the report say of them."""

from __future__ import annotations

from base64 import b64encode

import pytest

from hub.kernel.types import Translation
from tests.mappings.engine import PID, draft, resource, translate

HEADER = "MSH|^~\\&|LIS|F03|HUB|YUNZE|20260301103000||ORU^R01|L1|P|2.5.1"
OBR = "OBR|1|P1|L1|CT^CT头颅|||20260301090000||||||||||||||||||F"


def filed(raw: bytes, kind: str = "PDF") -> Translation:
    obx = f"OBX|1|ED|RPT^报告^L||LIS^AP^{kind}^Base64^{b64encode(raw).decode()}||||||F"
    return translate(HEADER, PID, "PV1|1|I|||||||||||||||||ZY1", OBR, obx)


def test_a_file_stands_in_the_record_of_the_patient_it_is_about() -> None:
    found = filed(bytes(9000))
    assert draft(found, "DocumentReference").patient == resource(found, "Patient")["id"]


def test_the_document_of_a_file_tells_what_it_is_and_in_which_stay_it_was_made() -> None:
    document = resource(filed(bytes(9000)), "DocumentReference")
    assert document["type"]["coding"][0]["code"] == "RPT"
    assert document["context"]["encounter"][0]["reference"].startswith("Encounter/")


def test_the_report_presents_the_file_and_leaves_large_data_to_the_document() -> None:
    found = filed(bytes(9000))
    (content,) = resource(found, "DocumentReference")["content"]
    (form,) = resource(found, "DiagnosticReport")["presentedForm"]
    assert form == {name: value for name, value in content["attachment"].items() if name != "data"}


def test_a_clinical_document_in_a_result_is_xml() -> None:
    found = filed(b"<ClinicalDocument/>", "X-HL7-CDA-LEVEL-ONE")
    assert resource(found, "DocumentReference")["content"][0]["attachment"]["contentType"] == "text/xml"


def test_the_lines_of_a_narrative_are_one_text_of_the_report_and_the_impression_its_conclusion() -> None:
    found = translate(HEADER, PID, OBR, "OBX|1|TX|CT&GDT^所见||肺纹理清~未见异常", "OBX|2|TX|CT&IMP^印象||未见异常")
    report = resource(found, "DiagnosticReport")
    assert report["conclusion"] == "未见异常"
    assert report["presentedForm"][0]["data"] == b64encode("肺纹理清\n未见异常\n未见异常".encode()).decode()


@pytest.mark.parametrize("test", ["ZDYJ^诊断意见", "IMP^印象^L", "19005-8^Impression^LN", "US02^超声提示^L"])
def test_a_line_called_an_impression_is_the_conclusion_whatever_its_code(test: str) -> None:
    seen, found = "OBX|1|ST|SJ^检查所见||肺纹理清", f"OBX|2|ST|{test}||未见异常"
    report = resource(translate(HEADER, PID, OBR, seen, found), "DiagnosticReport")
    assert report["conclusion"] == "未见异常"
    assert len(report["result"]) == 2


def test_a_number_is_no_conclusion_though_it_is_called_one() -> None:
    report = resource(translate(HEADER, PID, OBR, "OBX|1|NM|JL^结论||5"), "DiagnosticReport")
    assert "conclusion" not in report


def test_a_file_is_as_secret_as_the_order_it_came_of() -> None:
    obx = f"OBX|1|ED|RPT^报告^L||LIS^AP^PDF^Base64^{b64encode(bytes(9000)).decode()}||||||F"
    found = translate(HEADER, PID, "ORC|RE|P1|L1" + "|" * 25 + "R", OBR, obx)
    for rtype in ("Observation", "DocumentReference", "DiagnosticReport"):
        assert resource(found, rtype)["meta"]["security"][0]["code"] == "R", rtype


def test_the_file_of_a_confidential_document_carries_its_label() -> None:
    obx = f"OBX|1|ED|RPT||^AP^PDF^Base64^{b64encode(bytes(9000)).decode()}"
    found = translate(HEADER.replace("ORU^R01", "MDM^T02"), PID, "TXA|1|CN||||||||||D1||||||V", obx)
    assert resource(found, "DocumentReference")["meta"]["security"][0]["code"] == "V"


def test_the_same_bytes_in_two_documents_are_two_documents_each_judged_for_itself() -> None:
    obx = f"OBX|1|ED|RPT||^AP^PDF^Base64^{b64encode(bytes(9000)).decode()}"
    header = HEADER.replace("ORU^R01", "MDM^T02")
    found = [
        resource(translate(header, PID, f"TXA|1|CN||||||||||{n}", obx), "DocumentReference")["id"] for n in ("D1", "D2")
    ]
    assert len(set(found)) == 2
