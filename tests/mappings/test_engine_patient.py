"""PID, PD1 and NK1: one message fragment and the expected element for each rule."""

from __future__ import annotations

import pytest

from mappings.hl7v2.profile import IdentifierRule, Profile
from tests.mappings.engine import PID, codes, draft, drafts, patient, pid, reported, resource, translate

CITIZEN = {
    "system": "urn:oid:2.16.156.10011.1.3",
    "value": "990122195804120960",
    "type": {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "NNCHN"}],
        "text": "居民身份证号",
    },
}


def systems(found: dict[str, object]) -> dict[str, str]:
    identifiers = found["identifier"]
    assert isinstance(identifiers, list)
    return {each["value"]: each["system"] for each in identifiers}


def test_a_name_that_stands_whole_in_the_family_name_is_the_text_and_is_split_where_the_surname_is_certain() -> None:
    assert patient(pid(f5="沈桂兰"))["name"] == [{"text": "沈桂兰", "family": "沈", "given": ["桂兰"]}]
    assert patient(pid(f5="欧阳明月"))["name"] == [{"text": "欧阳明月", "family": "欧阳", "given": ["明月"]}]
    assert patient(pid(f5="程霁月"))["name"][0]["text"] == "程霁月"


def test_a_name_of_an_uncommon_surname_or_of_unusual_length_is_not_split() -> None:
    assert patient(pid(f5="訾桂兰"))["name"] == [{"text": "訾桂兰"}]
    assert patient(pid(f5="买买提·吐尔逊"))["name"] == [{"text": "买买提·吐尔逊"}]


def test_pinyin_beside_a_whole_name_is_a_second_syllabic_name() -> None:
    first, second = patient(pid(f5="测试甲^ceshijia"))["name"]
    assert first == {"text": "测试甲"}
    assert second["text"] == "ceshijia"
    assert second["extension"][0]["valueCode"] == "SYL"


def test_a_name_in_parts_keeps_them_and_its_use() -> None:
    name = patient(pid(f5="Smith^Ann^B^Jr^Dr^^L"))["name"][0]
    assert name == {
        "text": "Dr Ann B Smith Jr",
        "family": "Smith",
        "given": ["Ann", "B"],
        "prefix": ["Dr"],
        "suffix": ["Jr"],
        "use": "official",
    }


@pytest.mark.parametrize(
    ("sent", "gender"),
    [("男", "male"), ("1", "male"), ("M", "male"), ("2", "female"), ("女", "female"), ("9", "unknown"), ("A", "other")],
)
def test_sex_as_senders_write_it_becomes_the_gender(sent: str, gender: str) -> None:
    assert patient(pid(f8=sent))["gender"] == gender


def test_a_sex_nobody_knows_is_unknown_and_keeps_its_text() -> None:
    found = translate(pid(f8="甲"))
    person = resource(found, "Patient")
    assert person["gender"] == "unknown"
    assert person["_gender"]["extension"][0]["valueString"] == "甲"
    assert reported(found, "PID-8[1]")[0] == "carried"


def test_the_kind_in_cx_5_tells_a_citizen_id_from_a_visit_card() -> None:
    found = patient(pid(f3="990122195804120960^^^^IdentifyNO~M77^^^^IDCard"))
    assert found["identifier"][0] == CITIZEN
    assert systems(found)["M77"].endswith("/sid/F01/IDCard")


@pytest.mark.parametrize(
    ("kind", "code", "system"),
    [
        ("护照", "PPN", None),
        ("军官证", "MI", None),
        ("驾驶证", "DL", None),
        ("健康卡", "HC", "urn:oid:2.16.156.10011.1.19"),
        ("医保卡", "NH", "urn:oid:2.16.156.10011.1.15"),
        ("住院病历号", "MR", None),
    ],
)
def test_a_kind_in_words_is_that_of_the_table_of_identifiers(kind: str, code: str, system: str | None) -> None:
    (found,) = patient(pid(f3=f"990122A7^^^^{kind}"))["identifier"]
    assert found["type"]["coding"][0]["code"] == code
    assert system is None or found["system"] == system


def test_the_kind_may_stand_in_the_universal_id_of_the_authority() -> None:
    found = patient(pid(f3="990122195804120960^^^&SFZH~B1^^^&BLH"))
    assert found["identifier"][0] == CITIZEN
    assert found["identifier"][1]["type"]["text"] == "病历号"
    assert found["identifier"][1]["type"]["coding"][0]["display"] == "Medical record number"


def test_a_citizen_id_in_pid_19_is_recognised_by_its_form() -> None:
    assert patient(pid(f19="990122195804120960"))["identifier"][-1] == CITIZEN
    assert systems(patient(pid(f19="000-00-1234")))["000-00-1234"] == "http://hl7.org/fhir/sid/us-ssn"


@pytest.mark.parametrize(
    ("authority", "system"),
    [
        ("HOSP&2.16.840.1.113883.1&ISO", "urn:oid:2.16.840.1.113883.1"),
        ("HOSP&https://example.org/mrn&URI", "https://example.org/mrn"),
        ("县医院", "https://yilian-hub.example/fhir/sid/F01/%E5%8E%BF%E5%8C%BB%E9%99%A2"),
        ("", "https://yilian-hub.example/fhir/sid/F01/MR"),
    ],
)
def test_an_authority_becomes_the_system_of_the_identifier(authority: str, system: str) -> None:
    assert systems(patient(pid(f3=f"000123^^^{authority}^MR")))["000123"] == system


def test_words_for_no_identifier_are_kept_beside_the_patient_and_identify_nobody() -> None:
    found = translate(pid(f3="000123^^^^MR~0^^^^IDCard~^^^^UPID"))
    assert list(systems(resource(found, "Patient"))) == ["000123"]
    targets = ("Patient.extension[].valueString",)
    assert reported(found, "PID-3[2].1") == ("carried", targets, "a word that stands for no identifier")
    assert [each["valueString"] for each in resource(found, "Patient")["extension"]] == ["0"]
    assert reported(found, "PID-3[3].5") == ("refused", (), "no identifier in it")


def test_the_patient_is_known_by_the_facilitys_own_number_whatever_stands_first() -> None:
    one = patient(pid(f3="990122195804120960^^^^SFZH~000123^^^^MR"))
    other = patient(pid(f3="000123^^^^MR~990122195804120960^^^^SFZH"))
    assert one["id"] == other["id"] == patient(PID)["id"]


def test_two_facilities_with_the_same_number_never_collide() -> None:
    assert patient(PID, facility="F01")["id"] != patient(PID, facility="F02")["id"]


def test_two_kinds_of_number_without_an_authority_never_collide() -> None:
    assert patient(pid(f3="7^^^^MR"))["id"] != patient(pid(f3="7^^^^IDCard"))["id"]


def test_the_profile_names_authorities_and_the_key_of_the_patient() -> None:
    rules = (
        IdentifierRule(kind="MZ", system="https://f01.example/mz", type="PI", patient_key=True),
        IdentifierRule(kind="ZY", system="https://f01.example/zy", type="MR"),
    )
    profile = Profile(name="f01", identifier_rules=rules)
    found = draft(translate(pid(f3="Z1^^^^ZY~M1^^^^MZ"), profile=profile), "Patient")
    assert systems(found.resource) == {"Z1": "https://f01.example/zy", "M1": "https://f01.example/mz"}
    assert (found.authority, found.key) == ("https://f01.example/mz|PI", "M1")


def test_a_patient_without_any_identifier_is_known_by_the_message_and_that_is_an_error() -> None:
    found = translate("PID|1||||沈桂兰")
    assert "patient-identity" in codes(found)
    assert draft(found, "Patient").authority == "message"


@pytest.mark.parametrize(
    "sent", ["^^^^^^^^13800000001", "13800000001", "^^PH^^^^13800000001", "^^^^^^^^^^^13800000001"]
)
def test_a_phone_number_is_found_wherever_senders_put_it(sent: str) -> None:
    assert patient(pid(f13=sent))["telecom"] == [{"system": "phone", "value": "13800000001", "use": "home"}]


def test_an_extension_that_says_that_it_is_one_says_so_once() -> None:
    assert patient(pid(f13="^WPN^PH^^^0990^5550101^x12"))["telecom"][0]["value"] == "0990 5550101 X12"


def test_an_address_keeps_what_is_told_of_where_it_is() -> None:
    assert patient(pid(f11="^^云泽县^云泽市^^CHN^H^柳溪镇1号"))["address"][0]["line"] == ["柳溪镇1号"]


def test_a_mobile_an_area_code_and_an_address_in_the_net_keep_their_kind() -> None:
    found = patient(pid(f13="^PRN^CP^^^^13800000001~^WPN^PH^^86^0990^5550101^12~^NET^Internet^a@example.org"))
    parts = [each.pop("extension", []) for each in found["telecom"]]
    assert [each["valueString"] for each in parts[1]] == ["86", "0990", "5550101", "12"]
    assert found["telecom"] == [
        {"system": "phone", "value": "13800000001", "use": "mobile"},
        {"system": "phone", "value": "+86 0990 5550101 X12", "use": "work"},
        {"system": "email", "value": "a@example.org", "use": "home"},
    ]


def test_words_for_no_phone_are_refused() -> None:
    found = translate(pid(f14="^^^^^^^^无"))
    assert "telecom" not in resource(found, "Patient")
    assert reported(found, "PID-14[1].9")[0] == "refused"


@pytest.mark.parametrize(
    ("kind", "indicators", "use", "type_"),
    [
        ("H", "Y", "temp", None),
        ("H", "^Y", "old", None),
        ("H", "Y^Y", "old", None),
        ("H", "N^N^V", "home", "physical"),
        ("", "^^M", None, "postal"),
    ],
)
def test_an_address_says_whether_it_is_temporary_wrong_or_for_letters(
    kind: str, indicators: str, use: str | None, type_: str | None
) -> None:
    (found,) = patient(pid(f11=f"柳溪镇1号^^云泽县^^^^{kind}^^^^^^^^^{indicators}"))["address"]
    assert (found.get("use"), found.get("type")) == (use, type_)


def test_an_address_that_is_neither_temporary_nor_wrong_says_nothing_by_it() -> None:
    found = translate(pid(f11="柳溪镇1号^^云泽县^^^^H^^^^^^^^^N^Y^C"))
    assert reported(found, "PID-11[1].16")[0] == "refused"
    assert reported(found, "PID-11[1].17")[:2] == ("mapped", ("Patient.address[].use",))
    assert reported(found, "PID-11[1].18")[0] == "refused"


def test_an_address_keeps_its_lines_parts_and_use() -> None:
    assert patient(pid(f11="柳溪镇1号^2栋^云泽县^示例省^990122^CN^H"))["address"] == [
        {
            "line": ["柳溪镇1号", "2栋"],
            "city": "云泽县",
            "state": "示例省",
            "postalCode": "990122",
            "country": "CN",
            "use": "home",
        }
    ]


def test_a_time_of_birth_goes_beside_the_date_but_midnight_is_no_time() -> None:
    assert "_birthDate" not in patient(pid(f7="19580412000000"))
    born = patient(pid(f7="202603010815"))
    assert born["birthDate"] == "2026-03-01"
    assert born["_birthDate"]["extension"][0]["valueDateTime"] == "2026-03-01T08:15:00+08:00"


def test_a_placeholder_and_an_impossible_date_are_absent_with_the_text_beside() -> None:
    for text, code in (("19000101000000", "unknown"), ("19771301", "error")):
        found = translate(pid(f7=text))
        absent = resource(found, "Patient")["_birthDate"]["extension"]
        assert [each.get("valueCode", each.get("valueString")) for each in absent] == [code, text]
        assert "birthDate" not in resource(found, "Patient")
        assert reported(found, "PID-7[1]")[0] == "carried"


def test_a_null_clears_the_element_and_an_empty_field_states_nothing() -> None:
    found = draft(translate(pid(f16='""', f29="")), "Patient")
    assert found.clears == ("maritalStatus",)
    assert "deceasedDateTime" not in found.clears


def test_a_null_clears_nothing_if_another_field_states_the_element() -> None:
    assert draft(translate(pid(f13='""', f14="^^^^^^^^5550101")), "Patient").clears == ()


def test_a_profile_may_ignore_nulls() -> None:
    found = translate(pid(f16='""'), profile=Profile(name="f", null="ignore"))
    assert draft(found, "Patient").clears == ()
    assert reported(found, "PID-16[1]")[0] == "refused"


def test_family_doctor_and_mother_become_resources_of_their_own() -> None:
    found = translate(pid(f21="M9^^^^MR"), "PD1||||1001^白^若溪")
    doctor = resource(found, "Practitioner")
    assert doctor["name"] == [{"text": "白若溪", "family": "白", "given": ["若溪"]}]
    gp = resource(found, "Patient")["generalPractitioner"]
    assert gp == [{"reference": f"Practitioner/{doctor['id']}", "display": "白若溪"}]
    assert resource(found, "RelatedPerson")["relationship"][0]["coding"][0]["code"] == "MTH"


def test_a_doctor_without_a_number_is_known_by_the_name() -> None:
    found = translate(PID, "PD1||||^白若溪")
    doctor = resource(found, "Practitioner")
    reference = {"reference": f"Practitioner/{doctor['id']}", "display": "白若溪"}
    assert resource(found, "Patient")["generalPractitioner"] == [reference]
    assert (doctor["name"][0]["text"], "identifier" in doctor) == ("白若溪", False)
    assert resource(translate(PID, "PD1||||^白若溪", facility="F02"), "Practitioner")["id"] != doctor["id"]


def test_a_doctor_told_by_two_names_under_one_number_has_both() -> None:
    doctor = resource(translate(PID, "PD1||||1001^白^若溪~1001^Bai^Ruoxi~1001^白^若溪"), "Practitioner")
    assert [name["text"] for name in doctor["name"]] == ["白若溪", "Ruoxi Bai"]


def test_next_of_kin_is_known_by_name_whatever_the_order_and_empty_segments_are_nobody() -> None:
    one = translate(PID, "NK1|1|阮小青|CHD^子女", "NK1|2|阮小明|CHD")
    other = translate(PID, "NK1|1", "NK1|2|阮小明|CHD", "NK1|3|阮小青|CHD^子女")
    assert {each.resource["id"] for each in drafts(one, "RelatedPerson")} == {
        each.resource["id"] for each in drafts(other, "RelatedPerson")
    }
    assert len(drafts(other, "RelatedPerson")) == 2


def test_several_patients_in_one_message_stay_apart() -> None:
    found = translate(pid(f3="1^^^^MR"), "PV1|1|I|||||||||||||||||V1", pid(f3="2^^^^MR"), "PV1|1|I|||||||||||||||||V2")
    first, second = drafts(found, "Encounter")
    assert first.resource["subject"] != second.resource["subject"]


@pytest.mark.parametrize(
    ("sent", "tag", "text"),
    [
        ("zh", "zh", None),
        ("EN^English^ISO", "en", "English"),
        ("zh-cn", "zh-CN", None),
        ("eng^English^ISO6392", "en", "English"),
        ("CHI", "zh", None),
        ("yue", "yue", None),
    ],
)
def test_a_language_of_iso_639_is_a_code_of_bcp_47(sent: str, tag: str, text: str | None) -> None:
    (spoken,) = patient(pid(f15=sent))["communication"]
    assert spoken["language"]["coding"] == [{"system": "urn:ietf:bcp:47", "code": tag}]
    assert spoken["language"].get("text") == text


@pytest.mark.parametrize(("sent", "text"), [("E^English^HL70296", "English"), ("DIALECT", "DIALECT"), ("1", "1")])
def test_another_language_is_a_text_with_what_was_sent_beside_it(sent: str, text: str) -> None:
    (spoken,) = patient(pid(f15=sent))["communication"]
    assert spoken["language"]["text"] == text
    assert "coding" not in spoken["language"]
    (kept,) = spoken["language"]["extension"]
    assert kept["valueString"] == sent


def test_what_a_family_name_is_made_of_stands_beside_it() -> None:
    (name,) = patient(pid(f5="van Lin&van&Lin&de&Shen^Mei"))["name"]
    assert (name["family"], name["given"], name["text"]) == ("van Lin", ["Mei"], "Mei van Lin")
    assert [(each["url"].rpartition("/")[2], each["valueString"]) for each in name["_family"]["extension"]] == [
        ("humanname-own-prefix", "van"),
        ("humanname-own-name", "Lin"),
        ("humanname-partner-prefix", "de"),
        ("humanname-partner-name", "Shen"),
    ]


def test_a_family_name_told_by_its_parts_only_is_put_together() -> None:
    (name,) = patient(pid(f5="&van&Lin^Mei"))["name"]
    assert (name["family"], name["text"]) == ("van Lin", "Mei van Lin")


def test_a_number_and_an_address_in_one_field_are_two_ways_to_reach_somebody() -> None:
    found = translate(pid(f13="^PRN^CP^lin@example.org^^^^^^^^13800000001"))
    assert resource(found, "Patient")["telecom"] == [
        {"system": "phone", "value": "13800000001", "use": "mobile"},
        {"system": "email", "value": "lin@example.org", "use": "home"},
    ]
    assert reported(found, "PID-13[1].4")[0] == reported(found, "PID-13[1].12")[0] == "mapped"


@pytest.mark.parametrize(
    ("sent", "code"),
    [("Mother", "MTH"), ("WIFE", "WIFE"), ("^Daughter", "DAUC"), ("8^Brother^L", "BRO"), ("GUARDIAN", "GRD")],
)
def test_a_relationship_in_words_has_its_code_and_keeps_the_words(sent: str, code: str) -> None:
    told = resource(translate(PID, f"NK1|1|阮小青|{sent}"), "RelatedPerson")["relationship"][0]
    assert told["coding"][0]["code"] == code
    assert sent.split("^")[-2 if sent.endswith("L") else -1] in {told["text"], *(c["code"] for c in told["coding"])}
