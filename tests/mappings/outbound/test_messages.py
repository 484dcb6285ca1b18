"""What is written of stored resources: structures the standard knows, and the facts that were stored."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from mappings.hl7v2.profile import IdentifierRule, Profile
from tests.mappings.outbound.desk import MR, OWN, judged, only, segments, stored, style, written

CITIZEN: Final = "urn:oid:2.16.156.10011.1.3"
HEAD: Final = (
    "MSH|^~\\&|LIS|F03|HUB|HUB|20260301101500||ORU^R01^ORU_R01|42|P|2.5.1|||||CHN|UNICODE UTF-8",
    "PID|1||9901^^^LIS^MR~990122195808080019^^^^NNCHN||王^五||19580808|M|||光明路1号^^安和||0990-5550101",
    "ORC|RE|P100^HIS|L200^LIS|||||||||D1^李^医生",
    "OBR|1|P100^HIS|L200^LIS|2345-7^血糖^LN|||20260301090000|||||||||D1^李^医生||||||20260301100000||CH|F",
)
OBX: Final = (
    "OBX|1|NM|2345-7^葡萄糖^LN||7.10|mmol/L^^UCUM|3.9-6.1|H|||F|||20260301090000||T1^赵^检",
    "OBX|2|ST|XX^尿蛋白^99LOC||阴性||||||C|||202603010905",
    "OBX|3|SN|YY^CRP^99LOC||<^5|mg/L|<5||||P",
    "NTE|1||第一行\\.br\\第二行 a\\S\\b",
    "OBX|4|CWE|BT^血型^99LOC||A^A型^99BT^^^^^^A 型血||||||F",
    "OBX|5|SN|TITRE^滴度^99LOC||^1^:^128||||||A",
    "OBX|6|SN|AGE^范围^99LOC||^3^-^5|a||||||F",
    "OBX|7|TX|TEXT^描述^99LOC||双肺\\T\\纹理|||||||F",
    "OBX|8|TX|MORE^描述^99LOC||一~~三||||||F",
    "OBX|9|TS|WHEN^时间^99LOC||20260228235959||||||F",
    "OBX|10|NM|NONE^未做^99LOC||||||||X",
    "OBX|11|ED|PDF^报告^99LOC||^APPLICATION^PDF^Base64^JVBERi0=||||||F",
    "OBX|12|NM|LOW^低^99LOC||0.50|g/L|||||W",
    "OBX|13|NR|RANGE^区间^99LOC||2.5^|g/L|||||F",
)


REFERRAL: Final[Json] = {
    "resourceType": "ServiceRequest",
    "id": "r1",
    "status": "active",
    "priority": "urgent",
    "code": {"text": "心内科会诊"},
    "subject": {"reference": "Patient/p1"},
    "requester": {"reference": "Organization/F05"},
    "performer": [{"reference": "Organization/F01"}],
    "reasonCode": [{"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "I10"}]}],
    "occurrencePeriod": {"start": "2026-03-01", "end": "2026-03-31"},
    "note": [{"text": "备注"}],
}
PAPER: Final[Json] = {
    "resourceType": "DocumentReference",
    "id": "d1",
    "docStatus": "final",
    "date": "2026-03-01T09:00:00+08:00",
    "type": {"coding": [{"system": "http://loinc.org", "code": "18842-5", "display": "出院小结"}]},
    "content": [{"attachment": {"contentType": "application/pdf", "url": "Binary/b1"}}],
}
HELD: Final[Json] = {
    "resourceType": "Binary",
    "id": "b1",
    "contentType": "application/pdf",
    "data": "JVBERi0=",
}


def message(*results: str) -> bytes:
    return "\r".join([*HEAD, *results, ""]).encode()


def sent_back(resources: dict[str, Json], **changes: Any) -> Any:
    report = only(resources, "DiagnosticReport")
    about = resources[report["subject"]["reference"]]
    return written("ORU^R01", report, resources, about=about, **changes)


def facts(resources: dict[str, Json]) -> list[tuple[Any, ...]]:
    """Of each result its code, value, unit, status, time, limits and flags, in their order; then whom it is about."""
    report = only(resources, "DiagnosticReport")
    rows: list[tuple[Any, ...]] = []
    for reference in report["result"]:
        one = resources[reference["reference"]]
        values = {name: value for name, value in one.items() if name.startswith("value") or name == "component"}
        more = [row for row in one.get("extension", ()) if "valueAttachment" in row]
        flags = [each["coding"][0]["code"] for each in one.get("interpretation", ())]
        told = (one["status"], one["effectiveDateTime"], one.get("referenceRange"), flags, one.get("note"))
        rows.append((one["code"]["coding"], values, more, *told))
    patient = resources[report["subject"]["reference"]]
    known = {(one["system"], one["value"]) for one in patient["identifier"]} - {("urn:oid:2.999.1", "1001")}
    about = (known, patient["name"], patient["birthDate"], patient["gender"], patient["address"])
    order = {one["value"] for one in report["identifier"]}
    return [*rows, about, (report["status"], report["code"], report["effectiveDateTime"], report["issued"], order)]


@pytest.mark.parametrize("charset", ["UTF-8", "GB18030", "GBK"])
def test_a_result_read_from_what_the_hub_writes_says_what_was_stored(charset: str) -> None:
    resources = stored(message(*OBX))
    assert len(only(resources, "DiagnosticReport")["result"]) == 13
    again = stored(sent_back(resources, charset=charset).raw)
    assert facts(again) == facts(resources)


NUMBERS: Final = st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=0, max_value=10**6)
TEXTS: Final = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=12)


@settings(max_examples=40, deadline=None)
@given(TEXTS, TEXTS, NUMBERS, st.sampled_from(["", "<", ">="]), st.booleans())
def test_any_text_and_any_number_come_back_as_they_were(
    said: str, name: str, digits: Decimal, comparator: str, quantity: bool
) -> None:
    resources = stored(message(OBX[0]))
    report = only(resources, "DiagnosticReport")
    result = only(resources, "Observation")
    del result["valueQuantity"]
    value = {"value": digits, "unit": said} | ({"comparator": comparator} if comparator else {})
    result |= {"valueQuantity": value} if quantity else {"valueString": said}
    resources[report["subject"]["reference"]]["name"] = [{"family": name, "given": [said]}]
    again = stored(sent_back(resources).raw)
    told = only(again, "Observation")
    if quantity:
        assert (str(told["valueQuantity"]["value"]), told["valueQuantity"]["unit"]) == (str(digits), said)
        assert told["valueQuantity"].get("comparator", "") == comparator
    else:
        assert told["valueString"] == said
    assert told["subject"] == {"reference": f"Patient/{only(again, 'Patient')['id']}"}


@pytest.mark.parametrize("version", ["2.4", "2.5.1"])
def test_every_kind_has_a_structure_the_standard_knows(version: str) -> None:
    resources = stored(message(*OBX[:6]))
    about = only(resources, "Patient")
    loser = about | {"link": [{"type": "replaced-by", "other": {"reference": "Patient/new"}}]}
    new = about | {"id": "new", "identifier": [{"system": "urn:oid:2.999.3", "value": "77", "type": MR}]}
    facility = {"resourceType": "Organization", "id": "F05", "name": "石桥社区卫生服务中心"}
    others = {**resources, "Binary/b1": HELD, "Patient/new": new, "Organization/F05": facility}
    result = only(resources, "DiagnosticReport")
    sent = {
        kind: written(kind, focus, others, about=about, version=version)
        for kind, focus in (
            ("ORU^R01", result),
            ("REF^I12", REFERRAL),
            ("MDM^T02", PAPER),
            ("MDM^T11", PAPER | {"status": "entered-in-error"}),
            ("ADT^A31", about),
            ("ADT^A40", loser),
        )
    }
    assert {kind: judged(one) for kind, one in sent.items()} == {
        "ORU^R01": "ORU_R01",
        "REF^I12": "REF_I12",
        "MDM^T02": "MDM_T02",
        "MDM^T11": "MDM_T01",
        "ADT^A31": "ADT_A05",
        "ADT^A40": "ADT_A39",
    }
    assert segments(sent["REF^I12"])["RF1"][1:4] == ["A", "A", "^心内科会诊"]
    assert [row[2] for row in (segments(sent["REF^I12"])["PRD"],)] == ["石桥社区卫生服务中心"]
    assert segments(sent["MDM^T02"])["OBX"][5] == "^application^PDF^Base64^JVBERi0="
    assert segments(sent["MDM^T02"])["TXA"][17] == "AU"
    assert segments(sent["MDM^T11"])["TXA"][19] == "CA"
    assert "OBX" not in segments(sent["MDM^T11"])


def test_a_referral_and_a_document_come_back_as_they_were_stored() -> None:
    about = only(stored(message(OBX[0])), "Patient")
    request = only(stored(written("REF^I12", REFERRAL, {}, about=about).raw), "ServiceRequest")
    for name in ("status", "code", "reasonCode", "occurrencePeriod"):
        assert request[name] == REFERRAL[name]
    assert request["identifier"][0]["value"] == "r1"
    paper = only(stored(written("MDM^T02", PAPER, {"Binary/b1": HELD}, about=about).raw), "DocumentReference")
    assert (paper["docStatus"], paper["date"], paper["masterIdentifier"]["value"]) == ("final", PAPER["date"], "d1")
    ended = written("MDM^T11", PAPER | {"status": "entered-in-error"}, {"Binary/b1": HELD}, about=about)
    cancelled = only(stored(ended.raw), "DocumentReference")
    assert (cancelled["id"], cancelled["status"]) == (paper["id"], "entered-in-error")
    held = paper["content"][0]["attachment"]
    assert (held["contentType"], held["data"]) == ("application/pdf", "JVBERi0=")


def test_a_merge_names_the_number_that_is_gone_and_never_the_citizen() -> None:
    about = only(stored(message(OBX[0])), "Patient")
    loser = about | {"link": [{"type": "replaced-by", "other": {"reference": "Patient/new"}}]}
    new = about | {"id": "new", "identifier": [{"system": "urn:oid:2.999.3", "value": "77", "type": MR}]}
    sent = written("ADT^A40", loser, {"Patient/new": new}, about=about)
    told = segments(sent)
    assert told["PID"][3] == "1001^^^HIS&2.999.1&ISO^MR~77^^^&2.999.3&ISO^MR"
    assert told["MRG"][1].startswith("9901^^^LIS&")
    assert "990122" not in "|".join(told["MRG"])
    with pytest.raises(HubError) as caught:
        written("ADT^A40", loser, {}, about=about)
    assert caught.value.code == "no-merge"


def test_the_receivers_own_numbers_stand_first_under_its_own_names() -> None:
    about = only(stored(message(OBX[0])), "Patient")
    rules = (IdentifierRule(system="urn:oid:2.999.1", authority="BLH", kind="PI", patient_key=True),)
    sent = written("ADT^A31", about, {}, about=about, profile=Profile(identifier_rules=rules))
    assert segments(sent)["PID"][3].split("~")[0] == "1001^^^BLH^PI"


def test_an_identifier_is_told_once_and_a_patient_unseen_is_told_by_the_receivers_own() -> None:
    report = only(stored(message(OBX[0])), "DiagnosticReport")
    sent = written("ORU^R01", report, {}, about=None)
    assert segments(sent)["PID"][3] == "1001^^^HIS&2.999.1&ISO^MR"
    twice = written("ADT^A31", OWN, {}, about=OWN)
    assert segments(twice)["PID"][3] == "1001^^^HIS&2.999.1&ISO^MR"
    with pytest.raises(HubError) as caught:
        written("ORU^R01", report, {}, about=None, own=())
    assert caught.value.code == "nobody"


def test_what_was_not_let_out_is_not_in_the_message() -> None:
    resources = stored(message(*OBX))
    left_out = {name: one for name, one in resources.items() if "阴性" not in str(one)}
    sent = sent_back(left_out)
    assert "XX" not in sent.raw.decode() and "阴性" not in sent.raw.decode()
    assert sent.raw.count(b"\rOBX|") == len(OBX) - 2


def test_a_character_the_receiver_has_not_is_refused_and_nothing_stands_for_it() -> None:
    about = only(stored(message(OBX[0])), "Patient") | {"name": [{"text": "\U00020bb7一"}]}
    for charset, fits in (("GB18030", True), ("UTF-8", True), ("GBK", False)):
        if fits:
            assert "\U00020bb7" in written("ADT^A31", about, {}, about=about, charset=charset).raw.decode(
                style(charset).codec
            )
            continue
        with pytest.raises(HubError) as caught:
            written("ADT^A31", about, {}, about=about, charset=charset)
        assert (caught.value.category, caught.value.code) == (Category.INVALID, "charset")


def test_a_value_without_a_type_in_hl7_is_refused_not_left_out() -> None:
    resources = stored(message(OBX[0]))
    result = only(resources, "Observation")
    result["valueSampledData"] = {"origin": {"value": 0}, "period": 1, "dimensions": 1}
    del result["valueQuantity"]
    with pytest.raises(HubError) as caught:
        sent_back(resources)
    assert caught.value.code == "value-type"


def test_nothing_in_a_value_can_break_the_frame_or_begin_a_segment() -> None:
    resources = stored(message(OBX[0]))
    result = only(resources, "Observation")
    del result["valueQuantity"]
    result["valueString"] = "a\x0b\x1c\rPID|9||evil|^~&\\b"
    sent = sent_back(resources)
    assert b"\x0b" not in sent.raw and b"\x1c" not in sent.raw
    assert sent.raw.count(b"\rPID") == 1
    assert only(stored(sent.raw), "Observation")["valueString"] == "a\rPID|9||evil|^~&\\b"


def test_parts_with_codes_of_their_own_are_results_of_their_own() -> None:
    resources = stored(message(OBX[0]))
    result = only(resources, "Observation")
    del result["valueQuantity"]
    parts = {"8480-6": 142, "8462-4": 91}
    result["component"] = [
        {"code": {"coding": [{"system": "http://loinc.org", "code": code}]}, "valueInteger": value}
        for code, value in parts.items()
    ]
    rows = [line.split("|") for line in sent_back(resources).raw.decode().split("\r") if line.startswith("OBX")]
    assert [(row[1], row[3].partition("^")[0], row[4], row[5]) for row in rows] == [
        ("1", "2345-7", "", ""),
        ("2", "8480-6", "1", "142"),
        ("3", "8462-4", "2", "91"),
    ]


def test_an_instant_is_the_same_in_the_receivers_zone() -> None:
    resources = stored(message(OBX[0]))
    only(resources, "Observation")["effectiveDateTime"] = "2026-03-01T01:00:00.5Z"
    sent = sent_back(resources, zone="+08:00")
    assert segments(sent)["OBX"][14] == "20260301090000.5+0800"
    assert segments(sent)["MSH"][6] == "20260301123000+0800"
