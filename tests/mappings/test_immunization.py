"""VXU: vaccinations, as they were given, refused or taken back."""

from __future__ import annotations

import pytest

from hub.kernel.types import Json, Translation
from mappings.hl7v2.convert import bundle
from tests.mappings.checker import invalid
from tests.mappings.engine import PID, drafts, reported, resource, translate

HEADER = "MSH|^~\\&|VAC|F05|HUB|YUNZE|20260301103000||VXU^V04^VXU_V04|V1|P|2.5.1"


def sent(*segments: str) -> Translation:
    return translate(HEADER, PID, *segments, facility="F05")


def dose(vaccine: str = "08^乙肝疫苗^CVX", day: str = "20260301", more: str = "") -> str:
    return f"RXA|0|1|{day}||{vaccine}|0.5|mL^^UCUM{more}"


def test_a_manufacturer_has_the_number_of_the_system_that_is_told() -> None:
    def numbers(of: str) -> Json:
        (number,) = resource(sent(dose(more="|" * 10 + of)), "Organization")["identifier"]
        return {name: number[name] for name in ("system", "value")}

    assert numbers("PMC^Sanofi^MVX") == {"system": "http://hl7.org/fhir/sid/mvx", "value": "PMC"}
    assert numbers("M1^某厂^本院")["system"].endswith("/sid/F05/%E6%9C%AC%E9%99%A2")


def test_the_place_of_a_dose_has_the_address_behind_its_name() -> None:
    found = sent(dose(more="|||1001^方^知远|^^^柳溪镇卫生院^^^^^柳溪镇1号^2楼^云泽县^示例省^990122^CHN^O"))
    place = resource(found, "Location")
    assert place["name"] == "柳溪镇卫生院"
    assert place["address"] == {
        "line": ["柳溪镇1号", "2楼"],
        "city": "云泽县",
        "state": "示例省",
        "postalCode": "990122",
        "country": "CHN",
        "use": "work",
    }
    assert resource(found, "Immunization")["location"]["reference"] == f"Location/{place['id']}"
    assert reported(found, "RXA-11[1].11") == ("mapped", ("Immunization.location.address.city",), "")


def test_a_dose_is_an_immunization_of_the_patient() -> None:
    found = sent("ORC|RE||V77^REG", dose(), "RXR|IM^肌内注射|LA^左臂")
    stated = resource(found, "Immunization")
    assert stated["patient"]["reference"] == f"Patient/{resource(found, 'Patient')['id']}"
    assert stated["vaccineCode"]["coding"][0]["code"] == "08"
    assert stated["doseQuantity"]["code"] == "mL"
    assert stated["site"]["text"] == "左臂"
    assert not drafts(found, "ServiceRequest")


def test_a_dose_of_an_unknown_amount_has_no_unit_either() -> None:
    assert "doseQuantity" not in resource(sent(dose().replace("|0.5|", "|999|")), "Immunization")


def test_doses_without_an_order_are_each_their_own() -> None:
    found = sent(dose(), "RXR|IM", dose("20^百白破^CVX"), "RXR|IM")
    assert len({each.resource["id"] for each in drafts(found, "Immunization")}) == 2


def test_the_number_of_no_order_does_not_join_doses() -> None:
    found = sent("ORC|RE||9999^REG", dose(day="20260101"), "ORC|RE||9999^REG", dose(day="20260201"))
    assert len(drafts(found, "Immunization")) == 2


def test_a_dose_with_a_number_stays_the_same_when_its_day_is_corrected() -> None:
    told = resource(sent("ORC|RE||V77", dose()), "Immunization")
    corrected = resource(sent("ORC|RE||V77", dose(day="20260302")), "Immunization")
    assert told["id"] == corrected["id"]


@pytest.mark.parametrize(
    ("completion", "status"), [("CP", "completed"), ("RE", "not-done"), ("NA", "not-done"), ("", "completed")]
)
def test_the_completion_status_says_whether_it_was_given(completion: str, status: str) -> None:
    assert resource(sent(dose(more="|" * 13 + completion)), "Immunization")["status"] == status


def test_a_dose_of_which_a_part_was_given_is_subpotent() -> None:
    assert resource(sent(dose(more="|" * 13 + "PA")), "Immunization")["isSubpotent"] is True
    assert "isSubpotent" not in resource(sent(dose(more="|" * 13 + "CP")), "Immunization")


@pytest.mark.parametrize(("reason", "code"), [("", "PATOBJ"), ("03^体温高^L", "03")])
def test_a_dose_refused_for_no_stated_reason_was_objected_to(reason: str, code: str) -> None:
    found = resource(sent(dose(more="|" * 11 + f"{reason}||RE")), "Immunization")
    assert [each["code"] for each in found["statusReason"]["coding"]] == [code]


def test_a_dose_taken_back_was_entered_in_error() -> None:
    assert resource(sent(dose(more="|" * 13 + "CP|D")), "Immunization")["status"] == "entered-in-error"


@pytest.mark.parametrize(("note", "primary"), [("00", True), ("01", False)])
def test_who_reported_a_dose_says_whether_the_record_is_of_first_hand(note: str, primary: bool) -> None:
    assert resource(sent(dose(more=f"||{note}^^NIP001")), "Immunization")["primarySource"] is primary


def test_who_ordered_and_who_gave_a_dose_are_told_with_the_name_of_what_they_did() -> None:
    found = sent("ORC|RE||V77|||||||||1001^方^知远", dose(more="|||2001^李^明"))
    stated = {each["function"]["coding"][0]["display"] for each in resource(found, "Immunization")["performer"]}
    assert stated == {"Ordering Provider", "Administering Provider"}


def test_observations_of_a_dose_are_part_of_it() -> None:
    found = sent("ORC|RE||V77", dose(), "OBX|1|CE|64994-7^eligibility^LN||V01||||||F")
    immunization = resource(found, "Immunization")
    assert resource(found, "Observation")["partOf"] == [{"reference": f"Immunization/{immunization['id']}"}]


OBSERVED = [
    "OBX|1|CE|64994-7^经费类别^LN|1|V02^医保支付^HL70064||||||F|||20260301",
    "OBX|2|CE|30963-3^经费来源^LN|1|PHC70^自费^CDCPHINVS||||||F",
    "OBX|3|CE|69764-9^告知书^LN|2|2530^乙肝告知书^L||||||F",
    "OBX|4|TS|29768-9^印发日期^LN|2|20250110||||||F",
    "OBX|5|TS|29769-7^告知日期^LN|2|20260301||||||F",
    "OBX|6|CE|30956-7^疫苗^LN|3|03^麻腮风^CVX||||||F",
    "OBX|7|TS|29769-7^告知日期^LN|3|20260302||||||F",
    "OBX|8|CE|59779-9^程序^LN|4|GJ2021^国家免疫规划^L||||||F",
    "OBX|9|NM|30973-2^剂次^LN|4|2||||||F",
    "OBX|10|NM|59782-3^总剂次^LN|4|3||||||F",
    "OBX|11|ST|30973-2^剂次^LN|5|加强||||||F",
    "OBX|12|CE|31044-1^反应^LN|6|39579001^过敏性休克^SCT||||||F|||20260301",
    "OBX|13|CE|59785-6^指征^LN|7|VXC7^犬伤^CDCPHINVS||||||F",
    "OBX|14|CE|30956-7^疫苗^LN|8|08^乙肝疫苗^CVX||||||F",
]


def test_what_is_observed_of_a_dose_is_told_by_the_dose_too() -> None:
    found = sent("ORC|RE||V77", dose(), *OBSERVED)
    assert not invalid(bundle(found.drafts))
    stated = resource(found, "Immunization")
    assert [each["coding"][0]["code"] for each in stated["programEligibility"]] == ["V02"]
    assert stated["fundingSource"]["text"] == "自费"
    assert stated["education"] == [
        {"documentType": "2530", "publicationDate": "2025-01-10", "presentationDate": "2026-03-01"},
        {"documentType": "麻腮风", "presentationDate": "2026-03-02"},
    ]
    whole, booster = stated["protocolApplied"]
    assert (whole["doseNumberPositiveInt"], whole["seriesDosesPositiveInt"]) == (2, 3)
    assert whole["authority"]["display"] == "国家免疫规划"
    assert booster["doseNumberString"] == "加强"
    observed = {
        each.resource["code"]["coding"][0]["code"]: each.resource["id"] for each in drafts(found, "Observation")
    }
    assert len(drafts(found, "Observation")) == len(OBSERVED)
    (reaction,) = stated["reaction"]
    assert reaction == {"date": "2026-03-01", "detail": {"reference": f"Observation/{observed['31044-1']}"}}
    assert stated["reasonCode"][0]["text"] == "犬伤"
    assert "Immunization.programEligibility" in reported(found, "OBX[1]-5[1].1")[1]


def test_the_day_of_a_material_is_read_whatever_type_it_was_sent_as() -> None:
    sheet = "OBX|1|DT|69764-9^告知书^LN|1|20250110||||||F"
    day = "OBX|2|CE|29768-9^印发日期^LN|1|20250111||||||F"
    found = sent("ORC|RE||V77", dose(), sheet, day)
    assert not invalid(bundle(found.drafts))
    assert resource(found, "Immunization")["education"] == [
        {"documentType": "20250110", "publicationDate": "2025-01-11"}
    ]


def test_a_schedule_without_a_number_of_the_dose_and_a_material_without_a_name_say_that_they_are_unknown() -> None:
    found = sent("ORC|RE||V77", dose(), OBSERVED[7], OBSERVED[4])
    assert not invalid(bundle(found.drafts))
    stated = resource(found, "Immunization")
    assert stated["protocolApplied"][0]["_doseNumberString"]["extension"][0]["valueCode"] == "unknown"
    assert stated["education"][0]["_documentType"]["extension"][0]["valueCode"] == "unknown"


def test_an_observation_taken_back_says_nothing_of_its_dose() -> None:
    found = sent("ORC|RE||V77", dose(), OBSERVED[0].replace("||||||F|", "||||||W|"))
    assert "programEligibility" not in resource(found, "Immunization")


@pytest.mark.parametrize(("test", "reason"), [("59784-9", "IMMUNE"), ("30945-0", "MEDPREC")])
def test_why_no_vaccine_was_given_is_told_by_the_observation_behind_it(test: str, reason: str) -> None:
    none = dose("998^未接种^CVX", more="|" * 13 + "NA")
    found = resource(sent("ORC|RE||9999", none, f"OBX|1|CE|{test}^原因^LN|1|66071002^乙肝^SCT||||||F"), "Immunization")
    assert found["statusReason"]["coding"][0]["code"] == reason


def test_a_reason_of_refusal_says_that_the_dose_was_not_given_unless_the_sender_says_how_it_went() -> None:
    def status(completion: str) -> str:
        return str(resource(sent(dose(more="|" * 11 + f"00^拒绝^L||{completion}")), "Immunization")["status"])

    assert [status(each) for each in ("", "PA", "RE")] == ["not-done", "completed", "not-done"]


def test_who_told_of_a_dose_that_somebody_else_gave_is_the_origin_of_the_report() -> None:
    assert resource(sent(dose(more="||01^既往记录^NIP001")), "Immunization")["reportOrigin"]["text"] == "既往记录"
    assert "reportOrigin" not in resource(sent(dose(more="||00^新记录^NIP001")), "Immunization")


def test_who_reported_a_dose_waits_in_the_queue_of_codes() -> None:
    waiting = {(one.field, one.code) for one in sent(dose(more="||01")).unmapped}
    assert ("RXA-9", "01") in waiting


@pytest.mark.parametrize(
    ("vaccine", "made"), [("08^乙肝疫苗^CVX", "Immunization"), ("Y1^阿莫西林^L", "MedicationAdministration")]
)
def test_what_an_answer_lists_is_a_vaccination_if_it_is_coded_as_one(vaccine: str, made: str) -> None:
    answer = HEADER.replace("VXU^V04^VXU_V04", "RSP^K11^RSP_K11")
    found = translate(answer, PID, "ORC|RE||V77", dose(vaccine), OBSERVED[0], facility="F05")
    assert [name for name in ("Immunization", "MedicationAdministration") if drafts(found, name)] == [made]


def test_several_categories_of_one_observation_are_told_each_and_words_for_one_as_words() -> None:
    several = "OBX|1|CE|64994-7^经费类别^LN|1|V02^医保支付^HL70064~V01^自费^HL70064||||||F"
    words = "OBX|2|ST|30963-3^经费来源^LN|1|财政||||||F"
    stated = resource(sent("ORC|RE||V77", dose(), several, words), "Immunization")
    assert [each["text"] for each in stated["programEligibility"]] == ["医保支付", "自费"]
    assert stated["fundingSource"] == {"text": "财政"}


def test_a_remark_observed_of_a_dose_is_a_note_of_it() -> None:
    remark = "OBX|1|ST|48767-8^备注^LN|1|接种后留观30分钟||||||F"
    assert resource(sent("ORC|RE||V77", dose(), remark), "Immunization")["note"][-1] == {"text": "接种后留观30分钟"}
