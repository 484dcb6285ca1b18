"""MDM T01 to T11: documents, their content, and how they follow each other."""

from __future__ import annotations

from base64 import b64decode, b64encode
from html import unescape

import pytest

from hub.kernel.types import Json, Translation
from tests.mappings.engine import PID, codes, draft, drafts, resource, translate

HEADER = "MSH|^~\\&|EMR|F01|HUB|YUNZE|20260301103000||MDM^{event}|D1|P|2.5.1"
TXA = "TXA|1|CN^会诊记录|TX||||||1001^方^知远|||D7^HIS|{parent}||||{completion}||{available}"


def sent(*segments: str, event: str = "T02") -> Translation:
    return translate(HEADER.format(event=event), PID, *segments)


def txa(parent: str = "", completion: str = "AU", available: str = "AV") -> str:
    return TXA.format(parent=parent, completion=completion, available=available)


def text_of(document: Json) -> str:
    return b64decode(document["content"][0]["attachment"]["data"]).decode()


def test_the_lines_of_a_document_are_one_text_in_the_order_they_were_sent() -> None:
    found = resource(
        sent(txa(), "OBX|1|TX|R^记录||第一行~~第三行", "OBX|2|FT|R^记录||上\\.br\\下"), "DocumentReference"
    )
    assert text_of(found) == "第一行\n\n第三行\n上\n下"
    assert found["content"][0]["attachment"]["contentType"] == "text/plain; charset=utf-8"
    assert found["author"][0]["display"] == "方知远"


def test_a_document_keeps_the_blanks_that_set_its_lines_out() -> None:
    found = resource(sent(txa(), "OBX|1|TX|R||        云泽县人民医院", "OBX|2|TX|R||  诊断  ~ 一"), "DocumentReference")
    assert text_of(found) == "        云泽县人民医院\n  诊断\n 一"


def test_the_text_can_be_found_and_read_as_the_narrative() -> None:
    found = resource(sent(txa(), "OBX|1|TX|R||血压 <140 & >90"), "DocumentReference")
    assert "血压 <140 & >90" in unescape(found["text"]["div"])


@pytest.mark.parametrize("event", ["T01", "T03", "T05", "T07", "T09"])
def test_a_notice_without_content_leaves_the_stored_content(event: str) -> None:
    found = draft(sent(txa(), event=event), "DocumentReference")
    assert "content" not in found.resource
    assert found.defaults["content"][0]["attachment"]["contentType"] == "text/plain"


def test_a_document_is_the_same_through_all_its_events() -> None:
    ids = {draft(sent(txa(), event=f"T{n:02}"), "DocumentReference").resource["id"] for n in (1, 2, 3, 4, 7, 8, 11)}
    assert len(ids) == 1


@pytest.mark.parametrize(
    ("completion", "status"), [("AU", "final"), ("LA", "final"), ("DI", "preliminary"), ("IP", "preliminary")]
)
def test_the_completion_status_says_how_far_a_document_is(completion: str, status: str) -> None:
    assert resource(sent(txa(completion=completion), event="T03"), "DocumentReference")["docStatus"] == status


def test_a_cancelled_document_was_entered_in_error_whatever_it_says_of_itself() -> None:
    found = resource(sent(txa(), event="T11"), "DocumentReference")
    assert (found["status"], found["docStatus"]) == ("entered-in-error", "entered-in-error")


@pytest.mark.parametrize(("event", "code"), [("T02", "appends"), ("T06", "appends"), ("T10", "replaces")])
def test_a_part_an_addendum_and_a_replacement_name_the_document_they_follow(event: str, code: str) -> None:
    parent, document = sorted(
        drafts(sent(txa(parent="D6^HIS"), "OBX|1|TX|R||补充", event=event), "DocumentReference"),
        key=lambda each: each.key,
    )
    assert document.resource["relatesTo"] == [
        {"code": code, "target": {"reference": f"DocumentReference/{parent.resource['id']}"}}
    ]
    assert parent.resource.get("status") == ("superseded" if code == "replaces" else None)
    assert "content" not in parent.resource


def test_content_tells_when_it_was_transcribed_and_the_document_who_signed_it() -> None:
    segment = "TXA|1|CN|||||20260301094500||1001^方^知远|||D7^HIS||||||||||1003^何^静^^^^^^^^^^^^20260301100000"
    found = resource(sent(segment, "OBX|1|TX|R||正文"), "DocumentReference")
    assert found["content"][0]["attachment"]["creation"] == "2026-03-01T09:45:00+08:00"
    assert found["authenticator"]["display"] == "何静"
    notice = draft(sent(segment, event="T01"), "DocumentReference")
    assert notice.defaults["content"] == [{"attachment": {"creation": "2026-03-01T09:45:00+08:00"}}]


@pytest.mark.parametrize("what", ["|1004^吕^安|D7^HIS", "||D7^HIS|||||||||遗漏", "||D7^HIS|||||||||||1005^施^远"])
def test_who_typed_changed_or_received_a_document_is_told_though_nobody_edited_it(what: str) -> None:
    provenance = resource(sent(f"TXA|1|CN|||||||1001^方^知远|{what}", "OBX|1|TX|R||正文"), "Provenance")
    agents = {each["role"][0]["coding"][0]["code"] for each in provenance["agent"]}
    assert provenance["recorded"] == "2026-03-01T10:30:00+08:00"
    assert agents > {"AUT"} or provenance["reason"] == [{"text": "遗漏"}]


def test_a_document_on_an_order_refers_to_it_and_makes_no_report() -> None:
    found = sent("ORC|RE|P1|L1", "OBR|1|P1|L1|CT^CT头颅", txa(), "OBX|1|TX|R||所见")
    request = resource(found, "ServiceRequest")
    related = resource(found, "DocumentReference")["context"]["related"]
    assert related == [{"reference": f"ServiceRequest/{request['id']}"}]
    assert not drafts(found, "DiagnosticReport")
    assert not drafts(found, "Observation")


def test_a_value_within_a_document_is_an_observation_beside_it() -> None:
    found = sent(txa(), "OBX|1|TX|R||正文", "OBX|2|NM|PHQ^评分^L||7||||||F")
    observation = resource(found, "Observation")
    assert resource(found, "DocumentReference")["context"]["related"] == [
        {"reference": f"Observation/{observation['id']}"}
    ]


def test_a_large_file_of_a_document_stands_in_it() -> None:
    data = b64encode(bytes(9000)).decode()
    found = sent(txa(), f"OBX|1|ED|R||^AP^PDF^Base64^{data}")
    attachment = resource(found, "DocumentReference")["content"][0]["attachment"]
    assert attachment["data"] == data
    assert attachment["size"] == 9000
    assert [each["valueString"] for each in attachment["extension"]] == ["^AP^PDF^Base64"]


def test_a_code_of_the_table_of_document_types_has_its_system_and_another_stays_the_senders() -> None:
    known = resource(sent("TXA|1|DS^出院小结"), "DocumentReference")["type"]
    own = resource(sent("TXA|1|CY^出院小结"), "DocumentReference")["type"]
    assert known["coding"][0]["system"] == "http://terminology.hl7.org/CodeSystem/v2-0270"
    assert (known["coding"][0]["code"], known["text"]) == ("DS", "出院小结")
    assert own == {"coding": [{"code": "CY", "display": "出院小结"}], "text": "出院小结"}


def test_a_document_without_a_number_is_known_by_its_message() -> None:
    assert "document-identity" in codes(sent("TXA|1|CN", event="T01"))


def test_a_confidential_document_carries_a_label_consent_can_judge() -> None:
    segment = txa().replace("||AU||", "||AU|R|")
    found = resource(sent(segment, event="T01"), "DocumentReference")
    assert found["meta"]["security"][0]["system"] == "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
    assert found["securityLabel"][0]["coding"][0]["code"] == "R"


def test_the_label_of_a_document_is_not_that_of_the_one_it_replaces() -> None:
    segment = txa(parent="D6^HIS").replace("||AU||", "||AU|U|")
    parent, document = sorted(
        drafts(sent(segment, "OBX|1|TX|R||改正", event="T10"), "DocumentReference"), key=lambda each: each.key
    )
    assert document.resource["meta"]["security"][0]["code"] == "N"
    assert "meta" not in parent.resource
