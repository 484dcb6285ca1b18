"""8. Reports in lines of text: their order, their blank lines and their breaks are part of what they say."""

from __future__ import annotations

from base64 import b64decode

from tests.mappings.engine import PID, drafts, resource, translate

OBR = "OBR|1||L1|CT^胸部CT|||||||||||||||||||||F"


def told(*observations: str) -> str:
    found = translate(PID, OBR, *observations, kind="ORU", event="R01")
    text: str = resource(found, "Observation")["valueString"]
    return text


def test_repetitions_are_lines_and_an_empty_one_is_a_blank_line() -> None:
    assert told("OBX|1|TX|IMP^印象||双肺纹理清晰~~未见结节|||||F") == "双肺纹理清晰\n\n未见结节"


def test_breaks_within_a_text_are_breaks() -> None:
    assert told("OBX|1|FT|IMP^印象||一、右肺\\.br\\\\.br\\二、左肺\\.sp2\\三|||||F").split("\n") == [
        "一、右肺",
        "",
        "二、左肺",
        "",
        "三",
    ]


def test_a_line_the_sender_broke_belongs_to_its_field() -> None:
    assert told("OBX|1|TX|IMP^印象||第一行\r第二行|||||F") == "第一行\n第二行"


def test_blanks_before_a_line_are_how_the_report_looks_and_those_behind_it_are_nothing() -> None:
    found = translate(
        PID, OBR, "OBX|1|TX|R^报告||    出院小结  ~  诊断: 肺炎|||||F", "OBX|2|TX|R^报告||  日期|||||F", kind="ORU"
    )
    (form,) = resource(found, "DiagnosticReport")["presentedForm"]
    assert b64decode(form["data"]).decode() == "    出院小结\n  诊断: 肺炎\n  日期"
    assert form["title"] == "胸部CT"
    assert told("OBX|1|TX|R^报告||  出院小结~  诊断|||||F") == "出院小结\n  诊断"


def test_segments_of_one_report_stay_in_their_order_though_they_have_one_code() -> None:
    found = translate(PID, OBR, *[f"OBX|{i}|TX|IMP^印象||第{i}行|||||F" for i in range(1, 13)], kind="ORU", event="R01")
    by_reference = {f"Observation/{each.resource['id']}": each.resource for each in drafts(found, "Observation")}
    listed = [by_reference[each["reference"]] for each in resource(found, "DiagnosticReport")["result"]]
    assert [each["valueString"] for each in listed] == [f"第{i}行" for i in range(1, 13)]
