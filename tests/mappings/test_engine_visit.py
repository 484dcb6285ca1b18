"""PV1, PV2, AL1 and DG1, and what each ADT event means for the stay."""

from __future__ import annotations

import pytest

from mappings.hl7v2.datatypes.coding_systems import system_uri
from tests.mappings.engine import PID, codes, draft, drafts, reported, resource, translate

PV1 = "PV1|1|I|内科^12^3|1|||1001^方知远||||||||||||{number}|||||||||||||||||||||||||{start}|{end}"


def pv1(number: str = "ZY2026001", start: str = "202603010815", end: str = "") -> str:
    return PV1.format(number=number, start=start, end=end)


@pytest.mark.parametrize(
    ("event", "status"),
    [
        ("A01", "in-progress"),
        ("A02", "in-progress"),
        ("A03", "finished"),
        ("A04", "in-progress"),
        ("A05", "planned"),
        ("A11", "cancelled"),
        ("A13", "in-progress"),
    ],
)
def test_the_event_settles_the_status(event: str, status: str) -> None:
    assert resource(translate(PID, pv1(), event=event), "Encounter")["status"] == status


@pytest.mark.parametrize("event", ["A08", "A31"])
def test_an_update_never_resets_the_status(event: str) -> None:
    found = draft(translate(PID, pv1(), event=event), "Encounter")
    assert "status" not in found.resource
    assert found.defaults["status"] == "in-progress"


@pytest.mark.parametrize(
    ("who", "name"), [("方知远", "方知远"), ("Dr. Zhiyuan Fang", "Dr. Zhiyuan Fang"), ("1001", None)]
)
def test_a_doctor_whose_name_stands_in_the_place_of_the_number_is_shown_by_it(who: str, name: str | None) -> None:
    found = translate(PID, pv1().replace("1001^方知远", who))
    assert resource(found, "Encounter")["participant"][0]["individual"].get("display") == name
    assert [each["text"] for each in resource(found, "Practitioner").get("name", ())] == ([name] if name else [])


def test_a_stay_of_which_only_the_facility_is_known_is_there() -> None:
    found = translate(PID, pv1().replace("内科^12^3", "^^^南院区"))
    assert resource(found, "Encounter")["location"][0]["location"]["display"] == "南院区"


def test_admission_and_discharge_are_one_encounter() -> None:
    admitted = resource(translate(PID, pv1()), "Encounter")
    discharged = resource(translate(PID, pv1(start="", end="20260308")), "Encounter")
    assert admitted["id"] == discharged["id"]
    assert discharged["period"] == {"end": "2026-03-08"}


def test_without_a_visit_number_the_stay_is_known_by_patient_and_admission() -> None:
    one = translate(PID, pv1(number=""), event="A01")
    other = translate(PID, pv1(number="", end="20260308"), event="A03")
    assert resource(one, "Encounter")["id"] == resource(other, "Encounter")["id"]
    assert "visit-identity" not in codes(one)


def test_a_visit_nobody_numbered_is_known_by_the_message_if_the_event_begins_it() -> None:
    begun = draft(translate(PID, pv1(number="", start=""), event="A04"), "Encounter")
    assert (begun.authority, begun.resource["status"]) == ("message", "in-progress")


def test_a_visit_told_by_the_way_is_known_by_what_is_said_of_it_on_that_day() -> None:
    told = translate(PID, pv1(number="", start=""), event="A08")
    assert "visit-identity" in codes(told)
    assert draft(told, "Encounter").defaults["status"] == "unknown"
    again = translate(PID, pv1(number="", start=""), event="A31")
    assert resource(again, "Encounter")["id"] == resource(told, "Encounter")["id"]
    other = translate(PID, pv1(number="", start="").replace("|I|", "|O|"), event="A31")
    assert resource(other, "Encounter")["id"] != resource(told, "Encounter")["id"]


def test_a_visit_segment_that_says_there_is_none_makes_none() -> None:
    found = translate(PID, "PV1|1|N", event="A31")
    assert not drafts(found, "Encounter")
    assert reported(found, "PV1-2[1]") == ("refused", (), "says that there is no visit")


@pytest.mark.parametrize(
    ("event", "stated", "told"),
    [
        ("A01", {}, {"start": "2026-03-01T09:00:00+08:00"}),
        ("A03", {}, {"end": "2026-03-01T09:00:00+08:00"}),
        ("A01", {"start": "202603010815"}, {"start": "2026-03-01T08:15:00+08:00"}),
        ("A03", {"end": "202603010830"}, {"end": "2026-03-01T08:30:00+08:00"}),
        ("A02", {}, None),
    ],
)
def test_a_stay_begins_and_ends_when_the_event_occurred_unless_the_visit_says_when(
    event: str, stated: dict[str, str], told: dict[str, str] | None
) -> None:
    visit = pv1(**({"start": ""} | stated))
    found = translate(f"EVN|{event}|20260301103000||||20260301090000", PID, visit, event=event)
    assert resource(found, "Encounter").get("period") == told


def test_a_cancelled_discharge_takes_back_the_end() -> None:
    stated = draft(translate(PID, pv1(end="20260308"), event="A13"), "Encounter")
    assert stated.resource["period"] == {"start": "2026-03-01T08:15:00+08:00"}
    silent = draft(translate(PID, pv1(start=""), event="A13"), "Encounter")
    assert silent.clears == ("period.end",)


def test_class_place_and_people_of_the_stay() -> None:
    found = translate(PID, pv1())
    stay = resource(found, "Encounter")
    assert stay["class"]["code"] == "IMP"
    assert stay["location"][0]["status"] == "active"
    places = {each.resource["physicalType"]["coding"][0]["code"]: each for each in drafts(found, "Location")}
    assert {kind: each.resource["name"] for kind, each in places.items()} == {
        "bd": "内科 12 3",
        "ro": "内科 12",
        "wa": "内科",
    }
    assert places["bd"].resource["partOf"]["reference"] == f"Location/{places['ro'].resource['id']}"
    assert stay["location"][0]["location"]["reference"] == f"Location/{places['bd'].resource['id']}"
    assert stay["participant"][0]["type"][0]["coding"][0]["code"] == "ATND"
    assert stay["identifier"][0]["type"]["coding"][0]["code"] == "VN"


def test_a_class_in_chinese_is_understood_and_a_local_one_kept() -> None:
    assert resource(translate(PID, pv1().replace("|I|", "|住院|")), "Encounter")["class"]["code"] == "IMP"
    assert resource(translate(PID, pv1().replace("|I|", "|T|")), "Encounter")["class"] == {"code": "T"}


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("INPATIENT", "IMP"),
        ("Outpatient", "AMB"),
        ("emergency", "EMER"),
        ("IP", "IMP"),
        ("OP", "AMB"),
        ("IMP^inpatient^v3-ActCode", "IMP"),
        ("OBSENC", "OBSENC"),
        ("急诊留观", "OBSENC"),
        ("PREADMIT", "PRENC"),
    ],
)
def test_a_class_in_words_or_as_a_code_of_fhir_is_understood(word: str, code: str) -> None:
    found = draft(
        translate(PID, pv1().replace("|I|", f"|{word}|"), "OBR|1|A1|B1|1^x^L", event="R01", kind="ORU"), "Encounter"
    )
    assert found.resource["class"]["code"] == code
    assert found.resource["class"]["system"] == "http://terminology.hl7.org/CodeSystem/v3-ActCode"
    assert found.defaults["status"] == ("planned" if code == "PRENC" else "in-progress")


def test_a_missing_class_is_absent_with_a_reason_and_only_where_nothing_is_stored() -> None:
    found = draft(translate(PID, pv1().replace("|I|", "||")), "Encounter")
    assert "class" not in found.resource
    assert found.defaults["class"]["extension"][0]["valueCode"] == "unknown"


def test_a_place_reserved_before_admission_is_planned() -> None:
    assert resource(translate(PID, pv1(), event="A05"), "Encounter")["location"][0]["status"] == "planned"


def test_a_period_that_runs_backwards_keeps_its_start_and_the_text_of_its_end() -> None:
    found = translate(PID, pv1(end="20250101"))
    period = resource(found, "Encounter")["period"]
    assert "end" not in period
    assert period["_end"]["extension"][1]["valueString"] == "2025-01-01"
    assert "period" in codes(found)


def test_an_allergy_has_its_category_criticality_and_reaction() -> None:
    allergy = resource(translate(PID, "AL1|1|DA|PEN^青霉素|SV|皮疹|20200101"), "AllergyIntolerance")
    assert (allergy["category"], allergy["type"], allergy["criticality"]) == (["medication"], "allergy", "high")
    assert allergy["clinicalStatus"]["coding"][0]["display"] == "Active"
    assert allergy["reaction"] == [{"severity": "severe", "manifestation": [{"text": "皮疹"}]}]
    assert allergy["onsetDateTime"] == "2020-01-01"
    assert allergy["clinicalStatus"]["coding"][0]["code"] == "active"


def test_a_diagnosis_is_a_condition_listed_by_its_stay() -> None:
    found = translate(PID, pv1(), "DG1|1||I10^原发性高血压^I10||20260301|A||||||||1", "DG1|2")
    condition = resource(found, "Condition")
    assert condition["category"][0]["coding"][0]["display"] == "Encounter Diagnosis"
    assert condition["code"]["coding"][0] == {
        "system": "http://hl7.org/fhir/sid/icd-10",
        "code": "I10",
        "display": "原发性高血压",
    }
    (listed,) = resource(found, "Encounter")["diagnosis"]
    assert listed["condition"]["reference"] == f"Condition/{condition['id']}"
    assert listed["use"]["coding"][0]["code"] == "AD"


@pytest.mark.parametrize(
    ("sent", "code"),
    [("入院诊断", "AD"), ("出院诊断", "DD"), ("术前诊断", "pre-op"), ("术后诊断", "post-op"), ("初步诊断", "W")],
)
def test_the_kind_of_a_diagnosis_is_understood_in_words(sent: str, code: str) -> None:
    found = translate(PID, "PV1|1|I|||||||||||||||||V1", f"DG1|1||I10^高血压^I10|||{sent}")
    (listed,) = resource(found, "Encounter")["diagnosis"]
    assert listed["use"]["coding"][0]["code"] == code


@pytest.mark.parametrize(
    ("sent", "system"),
    [
        ("1234567893^Doe^Jo^^^^^^^L^^^NPI", "http://hl7.org/fhir/sid/us-npi"),
        ("1234567893^Doe^Jo^^^^^^NPI^L", "http://hl7.org/fhir/sid/us-npi"),
        ("1234567893^Doe^Jo^^^^^^NPI&2.16.840.1.113883.4.6&ISO^L^^^NPI", "urn:oid:2.16.840.1.113883.4.6"),
        ("1234567893^Doe^Jo^^^^^^HOSP^L^^^EI", "https://yilian-hub.example/fhir/sid/F01/HOSP"),
    ],
)
def test_a_national_number_of_a_doctor_has_its_own_system(sent: str, system: str) -> None:
    found = translate(PID, f"PV1|1|I|||||{sent}||||||||||||V1")
    (number,) = resource(found, "Practitioner")["identifier"]
    assert (number["system"], number["value"]) == (system, "1234567893")


@pytest.mark.parametrize(("sent", "display"), [("F", "Final"), ("W", "Working")])
def test_a_working_or_final_diagnosis_is_one_of_hl7s_own_table(sent: str, display: str) -> None:
    found = translate(PID, "PV1|1|I|||||||||||||||||V1", f"DG1|1||I10^高血压^I10|||{sent}")
    (listed,) = resource(found, "Encounter")["diagnosis"]
    system = "http://terminology.hl7.org/CodeSystem/v2-0052"
    assert listed["use"]["coding"] == [{"system": system, "code": sent, "display": display}]


def test_a_diagnosis_taken_back_was_entered_in_error() -> None:
    condition = resource(translate(PID, pv1(), "DG1|1||I10^高血压||||" + "|" * 14 + "D"), "Condition")
    assert condition["verificationStatus"]["coding"][0]["code"] == "entered-in-error"


def test_a_code_that_names_no_system_is_of_the_coding_method_that_is_stated_beside_it() -> None:
    found = translate(PID, pv1(), "DG1|1|ICD-10|I10^高血压", "PR1|1|I9C|47.01")
    icd = {"system": "http://hl7.org/fhir/sid/icd-10", "code": "I10", "display": "高血压"}
    assert resource(found, "Condition")["code"]["coding"] == [icd]
    assert reported(found, "DG1-2[1]")[:2] == ("mapped", ("Condition.code.coding[].system",))
    (procedure,) = resource(found, "Procedure")["code"]["coding"]
    assert procedure["system"] == system_uri("I9C", "", "")
    own = translate(PID, pv1(), "DG1|1|ICD-9|I10^高血压^I10")
    assert resource(own, "Condition")["code"]["coding"] == [icd]
    assert reported(own, "DG1-2[1]")[0] == "refused"


def test_an_event_nobody_mapped_still_gives_its_patient_and_says_so() -> None:
    found = translate(PID, event="Z99")
    assert codes(found) == ["event-not-covered"]
    assert drafts(found, "Patient")


def test_the_event_time_is_when_it_happened_else_when_it_was_recorded_or_sent() -> None:
    def when(*evn: str) -> str:
        return str(translate(*evn, PID).event_time)

    assert when("EVN|A01|20260301082900|||0148|20260301080000") == "2026-03-01 08:00:00+08:00"
    assert when("EVN|A01|20260301082900") == "2026-03-01 08:29:00+08:00"
    assert when() == "2026-03-01 08:30:00+08:00"


def test_a_null_end_clears_the_end_and_leaves_the_beginning() -> None:
    silent = draft(translate(PID, pv1(start="", end='""'), event="A08"), "Encounter")
    assert silent.clears == ("period.end",)


@pytest.mark.parametrize(
    ("event", "status"),
    [
        ("A06", "in-progress"),
        ("A07", "in-progress"),
        ("A12", "in-progress"),
        ("A14", "planned"),
        ("A17", "in-progress"),
        ("A21", "onleave"),
        ("A22", "in-progress"),
        ("A23", "entered-in-error"),
        ("A27", "cancelled"),
        ("A38", "cancelled"),
        ("A52", "in-progress"),
        ("A53", "onleave"),
    ],
)
def test_an_event_of_the_stay_settles_its_status(event: str, status: str) -> None:
    found = translate(PID, pv1(), event=event)
    assert resource(found, "Encounter")["status"] == status
    assert "event-not-covered" not in codes(found)


@pytest.mark.parametrize(
    "event",
    [
        "A08",
        "A09",
        "A10",
        "A15",
        "A16",
        "A20",
        "A24",
        "A25",
        "A26",
        "A28",
        "A29",
        "A31",
        "A32",
        "A33",
        "A37",
        "A40",
        "A45",
        "A50",
        "A54",
        "A55",
        "A60",
    ],
)
def test_an_event_beside_the_stay_leaves_its_status_as_it_is(event: str) -> None:
    found = translate(PID, pv1(), event=event)
    assert "status" not in draft(found, "Encounter").resource
    assert draft(found, "Encounter").defaults["status"] == ("arrived" if event == "A10" else "in-progress")
    assert "event-not-covered" not in codes(found)


def test_two_patients_who_swap_beds_keep_their_own() -> None:
    found = translate(PID, pv1("V1"), PID.replace("000123", "000456"), pv1("V2"), event="A17")
    stays = [each.resource for each in drafts(found, "Encounter")]
    assert [stay["identifier"][0]["value"] for stay in stays] == ["V1", "V2"]
    assert len({stay["subject"]["reference"] for stay in stays}) == 2


def test_a_second_segment_of_a_visit_without_the_first_is_of_a_visit_of_its_own() -> None:
    told = translate(PID, "PV2|||^胸闷三日|||||20260105", event="A08")
    stay = draft(told, "Encounter")
    assert stay.resource["reasonCode"] == [{"text": "胸闷三日"}]
    assert stay.defaults["status"] == "unknown"
    assert "visit-identity" in codes(told)
    again = translate(PID, "PV2|||^胸闷三日|||||20260105", event="A08")
    assert draft(again, "Encounter").resource["id"] == stay.resource["id"]
    assert not drafts(translate(PID, "PV2|", event="A08"), "Encounter")


def test_a_second_segment_without_the_first_is_of_the_visit_of_the_account() -> None:
    account = f"{PID}||||||||||C1^^^H^AN"
    whole, half = translate(account, pv1(""), event="A01"), translate(account, "PV2|||^胸闷三日", event="A08")
    assert draft(half, "Encounter").resource["id"] == draft(whole, "Encounter").resource["id"]
