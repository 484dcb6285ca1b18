"""MFN and A20: practitioners, places, charges and the state of beds."""

from __future__ import annotations

import pytest

from tests.mappings.engine import PID, codes, drafts, reported, resource, translate

STAFF = (
    "MFI|STF||UPD",
    "MFE|{event}||20260301|1001",
    "STF|1001|E77^^^HOSP^EI|方^知远||M|19800101|{state}|内科||0990-5550160||20200101||||||主任医师",
    "PRA|1001||MD||呼吸内科",
)


def staff(event: str = "MAD", state: str = "A") -> tuple[str, ...]:
    return tuple(segment.format(event=event, state=state) for segment in STAFF)


def test_staff_is_a_practitioner_and_the_role_they_have() -> None:
    found = translate(*staff(), kind="MFN", event="M02")
    person, role = resource(found, "Practitioner"), resource(found, "PractitionerRole")
    assert {each["value"] for each in person["identifier"]} == {"1001", "E77"}
    assert (person["name"][0]["text"], person["gender"], person["active"]) == ("方知远", "male", True)
    assert role["practitioner"] == {"reference": f"Practitioner/{person['id']}"}
    assert role["specialty"] == [{"coding": [{"code": "内科"}], "text": "内科"}, {"text": "呼吸内科"}]
    assert role["period"] == {"start": "2020-01-01"}
    assert not codes(found)


def test_staff_have_addresses_of_mail_languages_degrees_and_certificates() -> None:
    record = (
        "MFE|MAD|||1001",
        "STF|1001||方^知远||M||||||||||a@example.org",
        "LAN|1|ENG^English^ISO639|1^Speak|1^Excellent",
        "LAN|2|ENG^English^ISO639|2^Read|1^Excellent",
        "EDU|1|MD|1998^2005||20050701|示例医科大学",
        "CER|1|C-77||卫生健康委员会||||||PHYS^执业医师|||||||||||||||20060101||20260101",
    )
    found = translate(*record, kind="MFN", event="M02")
    person = resource(found, "Practitioner")
    assert person["telecom"] == [{"system": "email", "value": "a@example.org"}]
    (spoken,) = person["communication"]
    assert spoken["coding"] == [{"system": "urn:ietf:bcp:47", "code": "en"}]
    degree, certificate = person["qualification"]
    assert degree["code"]["coding"] == [{"code": "MD"}]
    assert (degree["period"], degree["issuer"]) == ({"start": "2005-07-01"}, {"display": "示例医科大学"})
    assert certificate["code"]["text"] == "执业医师"
    assert certificate["identifier"][0]["value"] == "C-77"
    assert certificate["issuer"] == {"display": "卫生健康委员会"}
    assert certificate["period"] == {"start": "2006-01-01", "end": "2026-01-01"}
    assert reported(found, "LAN[1]-3[1].1")[0] == "refused"


def test_what_would_belong_to_a_degree_that_is_not_named_makes_no_qualification() -> None:
    found = translate("MFE|MAD|||1", "STF|1||甲", "EDU|1||||20050701|示例医科大学", kind="MFN", event="M02")
    assert "qualification" not in resource(found, "Practitioner")


def test_staff_are_the_practitioners_whom_visits_name() -> None:
    visited = translate(PID, "PV1|1|I|||||1001^方^知远||||||||||||V1")
    assert (
        resource(translate(*staff(), kind="MFN", event="M02"), "Practitioner")["id"]
        == (resource(visited, "Practitioner")["id"])
    )


@pytest.mark.parametrize(("event", "state"), [("MDC", "A"), ("MDL", "A"), ("MUP", "I")])
def test_staff_who_have_left_are_inactive(event: str, state: str) -> None:
    found = translate(*staff(event, state), kind="MFN", event="M02")
    assert resource(found, "Practitioner")["active"] is False
    assert resource(found, "PractitionerRole")["active"] is False


def test_a_record_without_a_key_is_told_of_and_makes_nothing() -> None:
    found = translate("MFE|MAD|||", "STF||E77|方^知远", kind="MFN", event="M02")
    assert codes(found) == ["master-file"]
    assert not drafts(found, "Practitioner")


def test_every_record_of_a_file_is_taken() -> None:
    found = translate("MFE|MAD|||1", "STF|1||甲", "MFE|MAD|||2", "STF|2||乙", kind="MFN", event="M02")
    assert len(drafts(found, "Practitioner")) == 2


def test_a_place_is_the_location_visits_name() -> None:
    found = translate(
        "MFE|MAD|||内科^12^3",
        "LOC|内科^12^3|内科病房|N^病房|云泽县人民医院^^F01^^^HOSP|柳溪路1号|0990-5550161",
        "LDP|内科^12^3|INT|MED|||A",
        kind="MFN",
        event="M05",
    )
    (place,) = [each.resource for each in drafts(found, "Location") if "status" in each.resource]
    assert (place["status"], place["description"], place["address"]["line"]) == ("active", "内科病房", ["柳溪路1号"])
    stay = resource(translate(PID, "PV1|1|I|内科^12^3||||||||||||||||V1"), "Encounter")
    assert stay["location"][0]["location"]["reference"] == f"Location/{place['id']}"
    assert place["managingOrganization"]["reference"].startswith("Organization/")


def test_a_charge_has_a_definition_with_its_price() -> None:
    found = translate(
        "MFE|MAD|||C7",
        "CDM|C7^血常规|A7|血常规|血细胞分析",
        "PRC|C7||||25.00&CNY|||||||20260101",
        kind="MFN",
        event="M04",
    )
    charge = resource(found, "ChargeItemDefinition")
    assert charge["url"].endswith("/ChargeItemDefinition/F01/C7")
    assert (charge["status"], charge["title"], charge["code"]["coding"][0]["code"]) == ("active", "血常规", "C7")
    (price,) = charge["propertyGroup"][0]["priceComponent"]
    assert (price["type"], str(price["amount"]["value"]), price["amount"]["currency"]) == ("base", "25.00", "CNY")


def test_a_charge_that_is_deleted_is_retired() -> None:
    found = translate("MFE|MDL|||C7", "CDM|C7", kind="MFN", event="M04")
    assert resource(found, "ChargeItemDefinition")["status"] == "retired"
    assert reported(found, "MFE-1[1]")[1] == ("ChargeItemDefinition.status",)


def test_the_state_of_a_bed_is_the_places() -> None:
    found = translate("NPU|内科^12^3|H", event="A20")
    (place,) = [each.resource for each in drafts(found, "Location") if "operationalStatus" in each.resource]
    assert (place["operationalStatus"]["code"], place["physicalType"]["coding"][0]["code"]) == ("H", "bd")
    assert not codes(found)
