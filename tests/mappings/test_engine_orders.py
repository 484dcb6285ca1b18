"""ORC, OBR and SPM: which resources an order becomes, what identifies them, how they refer to each other."""

from __future__ import annotations

import pytest

from hub.kernel.types import Json, Translation
from hub.records.facts import facts_of
from mappings.hl7v2.convert import bundle
from tests.mappings.checker import invalid
from tests.mappings.engine import PID, codes, drafts, reported, resource, translate

RESULT = "MSH|^~\\&|LIS|F03|HUB|YUNZE|20260301103000||{kind}|L1|P|2.5.1"
OBX = "OBX|1|NM|2345-7^葡萄糖^LN||5|mmol/L|||||F"

HEADER_OF = "MSH|^~\\&|HIS|F03|HUB|YUNZE|20260301103000||{event}|O1|P|2.5.1"


def message(*segments: str, kind: str = "ORU^R01^ORU_R01") -> Translation:
    return translate(RESULT.format(kind=kind), PID, *segments, facility="F03")


def test_a_result_is_a_report_on_a_request_with_its_observations() -> None:
    found = message("ORC|RE|P1^HIS|L1^LIS", "OBR|1|||GLU^血糖|||20260301090000||||||||||||||||||F", OBX)
    report = resource(found, "DiagnosticReport")
    request = resource(found, "ServiceRequest")
    assert report["basedOn"] == [{"reference": f"ServiceRequest/{request['id']}"}]
    assert report["result"] == [{"reference": f"Observation/{resource(found, 'Observation')['id']}"}]
    assert report["identifier"][1]["value"] == "L1"
    assert report["status"] == "final"


def test_an_order_is_known_by_the_fillers_number_before_the_placers_and_by_obr_before_orc() -> None:
    both = message("ORC|RE|P1|L1", "OBR|1|P1|L1|GLU", OBX)
    assert drafts(both, "DiagnosticReport")[0].key == "L1|GLU"
    assert drafts(message("ORC|RE||L1", "OBR|1|P1||GLU", OBX), "DiagnosticReport")[0].key == "L1|GLU"
    assert drafts(message("OBR|1|P1||GLU", OBX), "DiagnosticReport")[0].key == "P1|GLU"
    assert drafts(message("OBR|1|||GLU", OBX), "DiagnosticReport")[0].authority == "message"


def test_an_order_without_orc_is_an_order_of_its_own() -> None:
    found = message("OBR|1||L1|GLU", OBX, "OBR|2||L2|HB", OBX)
    reports = drafts(found, "DiagnosticReport")
    assert [len(each.resource["result"]) for each in reports] == [1, 1]


def test_two_orders_that_share_one_number_differ_in_what_was_ordered() -> None:
    found = message("ORC|RE||L1", "OBR|1||L1|GLU", OBX, "OBR|2||L1|HB", OBX)
    assert len({each.resource["id"] for each in drafts(found, "DiagnosticReport")}) == 2
    assert len({each.resource["id"] for each in drafts(found, "Observation")}) == 2


@pytest.mark.parametrize(
    ("orc", "status"), [("NW", "active"), ("CA", "revoked"), ("HR", "on-hold"), ("NW|P1|||CM", "completed")]
)
def test_the_status_of_a_request_is_that_of_the_order_else_of_its_control_code(orc: str, status: str) -> None:
    control, *rest = orc.split("|")
    segment = "|".join(["ORC", control, *(rest or ["P1"])])
    assert resource(message(segment, "OBR|1|P1||CT", kind="ORM^O01"), "ServiceRequest")["status"] == status


def test_a_cancelled_order_is_the_same_request_as_the_new_one() -> None:
    new = message("ORC|NW|P1^HIS", "OBR|1|P1^HIS||B02^CT头颅", kind="ORM^O01")
    cancelled = message("ORC|CA|P1^HIS", "OBR|1|P1^HIS||B02^CT头颅", kind="ORM^O01")
    assert resource(new, "ServiceRequest")["id"] == resource(cancelled, "ServiceRequest")["id"]
    assert not drafts(new, "DiagnosticReport")


def test_observations_of_an_order_message_inform_the_request() -> None:
    found = message("ORC|NW|P1", "OBR|1|P1||GLU", OBX, kind="OML^O21^OML_O21")
    supporting = resource(found, "ServiceRequest")["supportingInfo"]
    assert supporting == [{"reference": f"Observation/{resource(found, 'Observation')['id']}"}]


def test_the_orderer_is_that_of_orc_before_that_of_obr() -> None:
    found = message("ORC|NW|P1||||||||||1001^方知远", "OBR|1|P1||GLU||||||||||||1002^王小明", kind="ORM^O01")
    assert resource(found, "ServiceRequest")["requester"]["display"] == "方知远"


def test_a_specimen_has_both_numbers_and_the_results_refer_to_it() -> None:
    found = message("OBR|1||L1|GLU", OBX, "SPM|1|B1&HIS^B2&LIS||SER^血清||||||||5^mL|||||20260301085000")
    specimen = resource(found, "Specimen")
    assert [each["value"] for each in specimen["identifier"]] == ["B1", "B2"]
    assert specimen["type"]["coding"][0]["system"] == "http://terminology.hl7.org/CodeSystem/v2-0487"
    assert specimen["collection"]["collectedDateTime"] == "2026-03-01T08:50:00+08:00"
    assert resource(found, "Observation")["specimen"]["reference"] == f"Specimen/{specimen['id']}"


def test_the_amount_of_a_specimen_keeps_the_code_of_its_unit() -> None:
    found = message("OBR|1||L1|GLU", OBX, "SPM|1|B1&HIS^B2&LIS||SER^血清||||||||5^mL&毫升&UCUM")
    assert resource(found, "Specimen")["collection"]["quantity"] == {
        "value": 5,
        "unit": "毫升",
        "system": "http://unitsofmeasure.org",
        "code": "mL",
    }


def test_a_facility_without_a_number_has_the_address_and_telephone_that_are_told_of_it() -> None:
    orc = "ORC|RE|P1|L1" + "|" * 18 + "云泽县医院|柳溪路2号^^云泽县|^WPN^PH^^^^0990-5550100"
    found = message(orc, "OBR|1|P1|L1|GLU", OBX, kind="ORU^R01^ORU_R01")
    (facility,) = [each.resource for each in drafts(found, "Organization") if each.resource.get("name") == "云泽县医院"]
    assert facility["address"][0]["line"] == ["柳溪路2号"]
    assert facility["telecom"][0]["value"] == "0990-5550100"
    assert resource(found, "ServiceRequest")["requester"]["display"] == "云泽县医院"


def test_a_role_at_a_facility_without_a_number_is_the_same_whether_its_address_is_told_or_not() -> None:
    orc = "ORC|RE|P1|L1" + "|" * 9 + "1001^方^知远" + "|" * 9 + "云泽县医院"
    told = [message(each, "OBR|1|P1|L1|GLU", OBX) for each in (orc, f"{orc}|柳溪路2号^^云泽县")]
    (role,) = {each.resource["id"] for found in told for each in drafts(found, "PractitionerRole")}
    assert [resource(found, "ServiceRequest")["requester"]["reference"] for found in told] == [
        f"PractitionerRole/{role}"
    ] * 2


@pytest.mark.parametrize("who", ["1001^方^知远", "1001&方&知远"])
def test_who_reported_a_result_has_a_name_whichever_delimiters_the_sender_takes(who: str) -> None:
    found = message(f"OBR|1||L1|GLU{'|' * 28}{who}", OBX)
    assert resource(found, "DiagnosticReport")["resultsInterpreter"][0]["display"] == "方知远"
    assert resource(found, "Practitioner")["name"][0]["text"] == "方知远"
    assert not codes(found)


def test_when_somebody_reported_stands_behind_the_name_in_its_place() -> None:
    found = message(f"OBR|1||L1|GLU{'|' * 28}1001&方&知远^202603011000^202603011100", OBX)
    assert resource(found, "PractitionerRole")["period"] == {
        "start": "2026-03-01T10:00:00+08:00",
        "end": "2026-03-01T11:00:00+08:00",
    }


@pytest.mark.parametrize(
    ("asked", "taken", "collected"),
    [
        ("20260301080000", "20260301085000^20260301085500", "collectedPeriod"),
        ("20260301080000|20260301081000", "20260301085000", "collectedDateTime"),
        ("20260301080000|20260301081000", "", "collectedPeriod"),
    ],
)
def test_a_specimen_was_taken_when_its_own_segment_says_else_when_the_request_says(
    asked: str, taken: str, collected: str
) -> None:
    found = message(f"OBR|1||L1|GLU|||{asked}", OBX, f"SPM|1|^B2||SER|||||||||||||{taken}")
    collection = resource(found, "Specimen")["collection"]
    assert list(collection) == [collected]
    time = "2026-03-01T08:50:00+08:00" if taken else "2026-03-01T08:00:00+08:00"
    assert time in str(collection)


def test_an_observation_behind_a_specimen_is_no_result_if_the_order_has_results_before_it() -> None:
    behind = OBX.replace("2345-7", "TEMP")
    found = message("OBR|1||L1|GLU", OBX, "SPM|1|^B2", behind)
    result, _ = drafts(found, "Observation")
    reported = resource(found, "DiagnosticReport")["result"]
    assert reported == [{"reference": f"Observation/{result.resource['id']}"}]


def test_observations_that_all_stand_behind_the_specimen_are_the_results() -> None:
    found = message("OBR|1||L1|GLU", "SPM|1|^B2", OBX, OBX.replace("2345-7", "HB"), kind="OUL^R24^OUL_R24")
    assert len(resource(found, "DiagnosticReport")["result"]) == 2


def test_a_specimen_described_in_the_order_itself_is_one_too() -> None:
    found = message("OBR|1||L1|GLU|||20260301090000|||||||20260301091000|BLD&血液", OBX)
    specimen = resource(found, "Specimen")
    assert specimen["type"]["text"] == "血液"
    assert specimen["receivedTime"] == "2026-03-01T09:10:00+08:00"


def test_a_report_without_a_known_status_or_code_says_so() -> None:
    report = resource(message("OBR|1||L1", OBX), "DiagnosticReport")
    assert report["status"] == "unknown"
    assert report["code"]["extension"][0]["valueCode"] == "unknown"


def test_an_issue_time_known_to_the_day_only_is_no_instant() -> None:
    report = resource(message("OBR|1||L1|GLU" + "|" * 18 + "20260301", OBX), "DiagnosticReport")
    assert "issued" not in report
    assert report["_issued"]["extension"][1]["valueString"] == "20260301"


def test_a_medication_order_is_no_service_request() -> None:
    assert not drafts(message("ORC|NW|P1", "RXO|1^药", kind="ORM^O01"), "ServiceRequest")


def test_timing_and_priority_may_stand_in_a_segment_of_their_own() -> None:
    timing = "TQ1|1||||||20260305|20260306|S"
    request = resource(message("ORC|NW|P1", timing, "OBR|1|P1||CT", kind="OML^O21^OML_O21"), "ServiceRequest")
    assert request["occurrenceTiming"]["repeat"]["boundsPeriod"] == {"start": "2026-03-05", "end": "2026-03-06"}
    assert request["priority"] == "stat"


def test_a_requested_time_beside_a_timing_is_its_start_unless_the_timing_has_one() -> None:
    asked = "OBR|1|P1||CT||20260304"
    found = resource(message("ORC|NW|P1", "TQ1|1||BID", asked, kind="OML^O21^OML_O21"), "ServiceRequest")
    assert "occurrenceDateTime" not in found
    assert found["occurrenceTiming"]["repeat"]["boundsPeriod"] == {"start": "2026-03-04"}
    timed = resource(message("ORC|NW|P1", "TQ1|1||||||20260305", asked, kind="OML^O21^OML_O21"), "ServiceRequest")
    assert timed["occurrenceTiming"]["repeat"]["boundsPeriod"] == {"start": "2026-03-05"}


@pytest.mark.parametrize(
    ("times", "told"),
    [
        ("||20260310090000", {"occurrenceDateTime": "2026-03-10T09:00:00+08:00"}),
        (
            "||20260310090000|20260310100000",
            {"occurrencePeriod": {"start": "2026-03-10T09:00:00+08:00", "end": "2026-03-10T10:00:00+08:00"}},
        ),
        ("|20260311|20260310090000", {"occurrenceDateTime": "2026-03-11"}),
    ],
)
def test_a_service_is_wanted_when_the_order_says_it_is_observed_unless_it_is_asked_for_at_a_time(
    times: str, told: Json
) -> None:
    found = resource(message("ORC|NW|P1", f"OBR|1|P1||CT^头颅CT|{times}", kind="ORM^O01"), "ServiceRequest")
    assert {name: value for name, value in found.items() if name.startswith("occurrence")} == told


def test_when_a_specimen_of_an_order_is_taken_is_no_time_of_the_service() -> None:
    found = message("ORC|NW|P1", "OBR|1|P1||GLU^葡萄糖|||20260310090000||||||||BLD^血", kind="OML^O21")
    assert "occurrenceDateTime" not in resource(found, "ServiceRequest")
    assert resource(found, "Specimen")["collection"]["collectedDateTime"] == "2026-03-10T09:00:00+08:00"


def test_two_reports_of_one_number_and_service_in_a_message_stay_two() -> None:
    found = message("OBR|1|P1|L1|GLU", OBX, "OBR|2|P1|L1|GLU", OBX.replace("||5|", "||6|"))
    assert len(drafts(found, "DiagnosticReport")) == len(drafts(found, "ServiceRequest")) == 2
    assert [len(each.resource["result"]) for each in drafts(found, "DiagnosticReport")] == [1, 1]
    assert len({each.resource["id"] for each in drafts(found, "Observation")}) == 2


def test_who_acts_in_a_role_is_an_author_a_consent_can_name() -> None:
    found = message("ORC|NW|P1||||||||||1001^方知远|||||||||云泽医院^^H1", "OBR|1|P1||GLU", kind="ORM^O01")
    request = resource(found, "ServiceRequest")
    person = resource(found, "Practitioner")["id"]
    assert request["requester"]["reference"].startswith("PractitionerRole/")
    assert f"Practitioner/{person}" in facts_of(request, "F03").authors


def test_an_order_related_in_time_is_named_beside_what_informs_the_request() -> None:
    found = message("ORC|NW|P1", "TQ2|1|S|P0^HIS|L0^LIS", "OBR|1|P1||GLU", OBX, kind="OML^O21^OML_O21")
    supporting = resource(found, "ServiceRequest")["supportingInfo"]
    assert [each["identifier"]["value"] for each in supporting[:2]] == ["P0", "L0"]
    assert supporting[2] == {"reference": f"Observation/{resource(found, 'Observation')['id']}"}


def test_an_orderer_whom_only_the_request_names_acts_for_the_facility_of_the_order() -> None:
    found = message(
        "ORC|RE|P1|L1" + "|" * 18 + "云泽县人民医院^^^^^^^^^F01", "OBR|1|P1|L1|GLU" + "|" * 12 + "1001^方^知远", OBX
    )
    role, doctor = resource(found, "PractitionerRole"), resource(found, "Practitioner")
    assert role["practitioner"]["reference"] == f"Practitioner/{doctor['id']}"
    assert role["organization"]["display"] == "云泽县人民医院"
    assert resource(found, "ServiceRequest")["requester"]["reference"] == f"PractitionerRole/{role['id']}"
    assert reported(found, "OBR-16[1].2")[0] == "mapped"


def test_of_an_orderer_whom_the_order_names_already_the_request_is_told_why_it_is_not_asked() -> None:
    found = message("ORC|RE|P1|L1" + "|" * 9 + "1001^方^知远", "OBR|1|P1|L1|GLU" + "|" * 12 + "1002^王^五", OBX)
    assert reported(found, "OBR-16[1].1") == ("refused", (), "mapped only if not ORC-12 and not ORC-21")
    assert reported(found, "ORC-12[1].1")[0] == "mapped"


@pytest.mark.parametrize("stated", ["", "F", "??"])
def test_a_final_result_completes_its_request_whatever_else_its_sender_writes_as_the_orders_status(stated: str) -> None:
    found = message(f"ORC|RE|P1|L1||{stated}", "OBR|1|P1|L1|GLU" + "|" * 21 + "F", OBX)
    assert resource(found, "ServiceRequest")["status"] == "completed"


def test_who_gets_a_copy_and_what_is_dangerous_is_kept_with_the_request() -> None:
    obr = "OBR|1|P1||GLU||||||||HEP^乙肝||||||||||||||||1009^抄送"
    found = resource(message("ORC|NW|P1", obr, kind="OML^O21^OML_O21"), "ServiceRequest")
    told = {each["url"].rsplit("/", 1)[1]: each for each in found["extension"]}
    assert told["danger-code"]["valueCodeableConcept"]["coding"][0]["code"] == "HEP"
    assert told["result-copies-to"]["valueReference"]["reference"].startswith("Practitioner/")


def test_what_a_result_says_of_its_order_is_a_code_of_the_standard_and_waits_in_no_queue() -> None:
    found = message("ORC|RE|P1|L1|||||||||1002^钱^七", "OBR|1|P1|L1|GLU", OBX)
    (activity,) = resource(found, "Provenance")["activity"]["coding"]
    assert (activity["system"], activity["code"]) == ("http://terminology.hl7.org/CodeSystem/v2-0119", "RE")
    assert "ORC-1" not in [unmapped.field for unmapped in found.unmapped]


IMAGED = "OBR|1|P7^HIS|L7^RIS|CT^胸部CT^LOCAL"
STUDY = {"system": "urn:dicom:uid", "value": "urn:oid:1.2.840.113619.2.5"}


def test_an_order_of_images_tells_its_accession_its_study_and_how_it_is_taken() -> None:
    controlled = "IPC|A100^RIS|RP5^RIS|1.2.840.113619.2.5^RIS|S1|CT^计算机体层摄影^DCM|C1^平扫^LOCAL||R2^二号机房"
    found = message("ORC|NW|P7^HIS|L7^RIS", IMAGED, controlled, kind="OMI^O23^OMI_O23")
    request = resource(found, "ServiceRequest")
    told = {each["value"]: each.get("type", {}).get("coding", [{}])[0].get("code") for each in request["identifier"]}
    assert told == {"P7": "PLAC", "L7": "FILL", "A100": "ACSN", "RP5": None, STUDY["value"]: None}
    assert STUDY in request["identifier"]
    modality, protocol = request["orderDetail"]
    assert modality["coding"][0] | {"display": ""} == {
        "system": "http://dicom.nema.org/resources/ontology/DCM",
        "code": "CT",
        "display": "",
    }
    assert protocol["text"] == "平扫"
    assert request["locationCode"][0]["text"] == "二号机房"
    assert reported(found, "IPC-4[1]")[0] == "refused"
    assert not codes(found)


def test_the_study_of_an_order_may_stand_in_the_segment_of_ihe() -> None:
    found = message("ORC|NW|P7^HIS|L7^RIS", IMAGED, "ZDS|1.2.840.113619.2.5^RIS^Application^DICOM", kind="ORM^O01")
    assert STUDY in resource(found, "ServiceRequest")["identifier"]
    assert reported(found, "ZDS-1[1].1") == ("mapped", ("ServiceRequest.identifier[].value",), "")


def test_what_is_no_uid_names_no_study() -> None:
    found = message("ORC|NW|P7^HIS|L7^RIS", IMAGED, "ZDS|无^RIS^Application^DICOM", kind="ORM^O01")
    assert len(resource(found, "ServiceRequest")["identifier"]) == 2
    assert reported(found, "ZDS-1[1].1")[0] == "refused"


def test_a_requested_day_and_a_length_bound_a_pattern_by_a_period_alone() -> None:
    found = translate(
        HEADER_OF.format(event="ORM^O01"), PID, "ORC|NW|P1|||||^Q6H^D10", "OBR|1|P1||XCG^血常规||20260305"
    )
    assert not invalid(bundle(found.drafts))
    repeat = resource(found, "ServiceRequest")["occurrenceTiming"]["repeat"]
    assert repeat["boundsPeriod"] == {"start": "2026-03-05", "end": "2026-03-15"}
    assert "boundsDuration" not in repeat


def test_a_requested_day_that_is_none_stands_absent_in_the_bounds_of_the_pattern() -> None:
    found = translate(HEADER_OF.format(event="ORM^O01"), PID, "ORC|NW|P1", "OBR|1|P1||XCG^血常规||昨天", "TQ1|1||BID")
    assert not invalid(bundle(found.drafts))
    request = resource(found, "ServiceRequest")
    assert "_occurrenceDateTime" not in request
    assert "_start" in request["occurrenceTiming"]["repeat"]["boundsPeriod"]


def test_a_detail_of_an_order_nobody_named_stands_beside_an_unknown_code() -> None:
    obr = "OBR|1|P1|" + "|" * 43 + "DTL^加做"
    found = translate(HEADER_OF.format(event="ORM^O01"), PID, "ORC|NW|P1", obr)
    assert not invalid(bundle(found.drafts))
    assert resource(found, "ServiceRequest")["orderDetail"][0]["text"] == "加做"


def test_an_offset_beyond_what_a_resource_can_hold_is_none() -> None:
    found = translate(
        HEADER_OF.format(event="ORM^O01"), PID, "ORC|NW|P1", "OBR|1|P1||X^x", "TQ1|1||BID||99999999999^min"
    )
    assert not invalid(bundle(found.drafts))
