"""RDE, RDS, RAS, RGV and OMP: prescriptions, what was handed out and what was given."""

from __future__ import annotations

from decimal import Decimal

import pytest

from hub.kernel.types import Translation
from mappings.hl7v2.convert import bundle
from tests.mappings.checker import invalid
from tests.mappings.engine import PID, codes, draft, drafts, reported, resource, translate

HEADER = "MSH|^~\\&|PHA|F02|HUB|YUNZE|20260301103000||{kind}|R1|P|2.5.1"
RXE = "RXE||Y1^阿莫西林胶囊^L|1|2|粒|CAP^胶囊^L|||||||||||||||||||250|mg^^UCUM"


def sent(*segments: str, kind: str = "RDE^O11^RDE_O11") -> Translation:
    return translate(HEADER.format(kind=kind), PID, *segments, facility="F02")


@pytest.mark.parametrize("kind", ["RDE^O11^RDE_O11", "RDE^O01", "OMP^O09^OMP_O09", "ORM^O01"])
def test_a_medication_order_is_one_prescription_whatever_message_tells_it(kind: str) -> None:
    found = sent("ORC|NW|P1^HIS||||||||||1001^方^知远", "RXO|Y1^阿莫西林胶囊^L|1", kind=kind)
    request = resource(found, "MedicationRequest")
    assert request["medicationCodeableConcept"]["coding"][0]["code"] == "Y1"
    assert (request["status"], request["intent"]) == ("active", "original-order")
    assert not drafts(found, "ServiceRequest")


@pytest.mark.parametrize(
    ("unit", "coded"),
    [
        ("粒", {}),
        ("mg", {}),
        ("TAB^片^L", {"code": "TAB", "system": "https://yilian-hub.example/fhir/CodeSystem/F02/L"}),
        ("mg^毫克^UCUM", {"code": "mg", "system": "http://unitsofmeasure.org"}),
    ],
)
def test_a_unit_of_a_dose_is_a_code_where_its_system_or_its_meaning_is_told(unit: str, coded: dict[str, str]) -> None:
    request = resource(sent("ORC|NW|P1", f"RXE||Y1^阿莫西林^L|1||{unit}"), "MedicationRequest")
    dose = request["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"]
    assert {name: dose[name] for name in ("code", "system") if name in dose} == coded
    assert dose["unit"] == unit.split("^")[-2 if "^" in unit else 0]


@pytest.mark.parametrize(("sent_as", "code"), [("O^门诊^HL70482", "outpatient"), ("I", "inpatient")])
def test_a_prescription_tells_whether_it_is_for_an_inpatient(sent_as: str, code: str) -> None:
    (category,) = resource(sent("ORC|NW|P1" + "|" * 27 + sent_as, RXE), "MedicationRequest")["category"]
    assert category["coding"][0]["code"] == code


@pytest.mark.parametrize(
    ("sent_as", "word", "code"),
    [
        ("口服", "口服", "PO"),
        ("1^口服^HIS", "口服", "PO"),
        ("404^静脉滴注", "静脉滴注", "IV"),
        ("肌注", "肌注", "IM"),
        ("401^皮下注射", "皮下注射", "SQ"),
        ("外用", "外用", "TP"),
    ],
)
def test_a_route_is_understood_in_the_words_of_chinese_prescriptions(sent_as: str, word: str, code: str) -> None:
    (dosage,) = resource(sent("ORC|NW|P1", RXE, f"RXR|{sent_as}"), "MedicationRequest")["dosageInstruction"]
    meant, own = dosage["route"]["coding"]
    assert meant["code"] == code
    assert word in own.values()


def test_what_the_pharmacy_made_of_an_order_stands_before_what_was_asked() -> None:
    found = sent("ORC|NW|P1", "RXO|Y9^阿莫西林|500||mg", RXE, "RXR|PO^口服")
    request = resource(found, "MedicationRequest")
    (dosage,) = request["dosageInstruction"]
    assert request["intent"] == "order"
    assert dosage["doseAndRate"][0]["doseRange"]["low"]["value"] == 1
    assert dosage["route"]["text"] == "口服"
    assert resource(found, "Medication")["form"]["text"] == "胶囊"


def test_form_and_strength_make_an_article_of_no_patient() -> None:
    found = draft(sent("ORC|NW|P1", RXE), "Medication")
    strength = found.resource["ingredient"][0]["strength"]
    assert strength["numerator"] == {
        "value": Decimal(250),
        "unit": "mg",
        "system": "http://unitsofmeasure.org",
        "code": "mg",
    }
    assert found.patient is None


def test_components_are_the_ingredients_of_one_mixture() -> None:
    found = sent("ORC|NW|P1", "RXO|MIX^静脉配液", "RXC|B|NS^氯化钠注射液|500|ml", "RXC|A|KCL^氯化钾|10|ml")
    base, additive = resource(found, "Medication")["ingredient"]
    assert (base["isActive"], additive["isActive"]) == (False, True)
    assert additive["strength"]["numerator"]["value"] == 10


@pytest.mark.parametrize(
    ("orc", "status"),
    [
        ("CA|P1", "cancelled"),
        ("DC|P1", "stopped"),
        ("HD|P1", "on-hold"),
        ("XO|P1", "active"),
        ("SC|P1|||CM", "completed"),
    ],
)
def test_the_control_code_or_the_status_of_the_order_is_that_of_the_prescription(orc: str, status: str) -> None:
    found = draft(sent(f"ORC|{orc}", RXE), "MedicationRequest")
    assert found.resource["status"] == status
    assert found.resource["id"] == resource(sent("ORC|NW|P1", RXE), "MedicationRequest")["id"]


def test_a_control_code_that_says_nothing_leaves_the_stored_status() -> None:
    found = draft(sent("ORC|RE|P1", RXE), "MedicationRequest")
    assert "status" not in found.resource
    assert found.defaults["status"] == "active"


def test_a_status_nobody_knows_changes_nothing_and_is_said_aloud() -> None:
    found = sent("ORC|ZZ|P1", RXE)
    assert "status" not in draft(found, "MedicationRequest").resource
    assert "status-not-in-the-table" in codes(found)


def test_an_amount_that_is_no_number_is_kept_beside() -> None:
    found = sent("ORC|NW|P1", "RXO|Y1^阿莫西林|一片||片")
    dose = resource(found, "MedicationRequest")["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"]
    assert dose["_value"]["extension"][1]["valueString"] == "一片"
    assert reported(found, "RXO-2[1]")[0] == "carried"


@pytest.mark.parametrize(
    ("amount", "dose"),
    [("0.5||g", "doseQuantity"), ("0.5|1|g", "doseRange")],
)
def test_an_amount_without_a_most_is_the_dose_itself(amount: str, dose: str) -> None:
    for order in (f"RXO|Y1^阿莫西林|{amount}", f"RXE||Y1^阿莫西林|{amount}"):
        (rate,) = resource(sent("ORC|NW|P1", order), "MedicationRequest")["dosageInstruction"][0]["doseAndRate"]
        assert [name for name in rate if name.startswith("dose")] == [dose]


def test_a_pattern_of_the_senders_own_is_of_its_system_and_one_of_the_standard_of_that() -> None:
    for pattern, system in (("BID&每日两次&FREQ", "v2-0335"), ("F01&早晚饭后&FREQ", "FREQ")):
        found = resource(sent("ORC|NW|P1", RXE, f"TQ1|1||{pattern}"), "MedicationRequest")
        (coding,) = found["dosageInstruction"][0]["timing"]["code"]["coding"]
        assert coding["system"].rpartition("/")[2] == system


def test_two_medicines_of_one_group_number_are_two_prescriptions() -> None:
    found = sent("ORC|NW|P1", "RXO|Y1^甲", "ORC|NW|P1", "RXO|Y2^乙")
    assert len(drafts(found, "MedicationRequest")) == 2


def test_every_timing_is_a_dosage() -> None:
    found = sent("ORC|NW|P1", "TQ1|1||BID", "TQ1|2||QN", "RXO|Y1^甲")
    patterns = [each["timing"]["code"]["text"] for each in resource(found, "MedicationRequest")["dosageInstruction"]]
    assert patterns == ["BID", "QN"]


@pytest.mark.parametrize("kind", ["RDS^O13^RDS_O13", "RDS^O01"])
def test_a_dispense_names_the_prescription_it_is_on(kind: str) -> None:
    dispensed = "RXD|1|Y1^阿莫西林^L|20260301100000|24|粒|||||1009^药^师"
    alone = resource(sent("ORC|RE|P1^HIS", dispensed, kind=kind), "MedicationDispense")
    assert alone["status"] == "completed"
    assert alone["quantity"]["value"] == 24
    assert alone["authorizingPrescription"][0]["identifier"]["value"] == "P1"
    beside = sent("ORC|RE|P1^HIS", "RXO|Y1^阿莫西林^L", dispensed, kind=kind)
    request = resource(beside, "MedicationRequest")
    assert resource(beside, "MedicationDispense")["authorizingPrescription"] == [
        {"reference": f"MedicationRequest/{request['id']}"}
    ]


@pytest.mark.parametrize("kind", ["RAS^O17^RAS_O17", "RAS^O01"])
def test_every_administration_of_an_order_is_one_of_its_own(kind: str) -> None:
    given = "RXA|0|{n}|2026030{n}080000|2026030{n}083000|Y1^阿莫西林^L|0.5|g|||1010^护^士||||||||||{status}"
    found = sent("ORC|RE|P1", given.format(n=1, status="CP"), given.format(n=2, status="RE"), "RXR|IV^静滴", kind=kind)
    first, second = (each.resource for each in drafts(found, "MedicationAdministration"))
    assert [first["status"], second["status"]] == ["completed", "not-done"]
    assert first["effectivePeriod"]["end"] == "2026-03-01T08:30:00+08:00"
    assert first["dosage"]["dose"]["value"] == Decimal("0.5")
    assert first["dosage"]["route"]["text"] == "静滴"
    assert not drafts(found, "Immunization")


def test_an_administration_taken_back_was_entered_in_error_under_the_same_id() -> None:
    given = "RXA|0|1|20260301080000||Y1^阿莫西林|0.5|g"
    told, deleted = (
        resource(sent("ORC|RE|P1", segment, kind="RAS^O17"), "MedicationAdministration")
        for segment in (given, given + "|" * 14 + "D")
    )
    assert told["id"] == deleted["id"]
    assert deleted["status"] == "entered-in-error"


def test_an_unknown_amount_is_no_amount() -> None:
    found = resource(sent("ORC|RE|P1", "RXA|0|1|20260301||Y1^甲|999", kind="RAS^O17"), "MedicationAdministration")
    assert "dosage" not in found


def test_a_give_is_an_instance_of_the_order() -> None:
    found = sent("ORC|RE|P1", "RXG|3||^^^20260301080000|Y1^阿莫西林|0.5||g", kind="RGV^O15^RGV_O15")
    request = resource(found, "MedicationRequest")
    assert request["intent"] == "instance-order"
    assert request["dosageInstruction"][0]["timing"]["repeat"]["boundsPeriod"]["start"] == "2026-03-01T08:00:00+08:00"


def test_observations_of_a_medication_order_inform_it() -> None:
    found = sent("ORC|NW|P1", RXE, "OBX|1|NM|W^体重^L||60|kg|||||F")
    observation = resource(found, "Observation")
    assert resource(found, "MedicationRequest")["supportingInformation"] == [
        {"reference": f"Observation/{observation['id']}"}
    ]


def test_two_segments_of_one_administration_say_once_when_it_was() -> None:
    first, second = "RXA|0|1|||Y1^阿莫西林|0.5|g", "RXA|0|1||20260301083000|Y1^阿莫西林|0.5|g"
    found = sent("ORC|RE|P1", first, second, kind="RAS^O17")
    assert not invalid(bundle(found.drafts))
    given = resource(found, "MedicationAdministration")
    assert given["effectivePeriod"]["end"] == "2026-03-01T08:30:00+08:00"
    assert "_effectiveDateTime" not in given


def test_a_range_beside_an_amount_of_the_timing_stands_alone() -> None:
    found = sent("ORC|NW|P1", "TQ1|1|2^粒", "RXE||Y1^阿莫西林^L||2|粒")
    assert not invalid(bundle(found.drafts))
    (given,) = resource(found, "MedicationRequest")["dosageInstruction"][0]["doseAndRate"]
    assert given["doseRange"]["high"]["value"] == Decimal(2)
    assert "doseQuantity" not in given


def test_a_further_timing_that_says_nothing_is_no_dosage() -> None:
    found = sent("ORC|NW|P1", "TQ1|1", "TQ1|2", "RXE||Y1^阿莫西林^L")
    assert not invalid(bundle(found.drafts))
    assert "dosageInstruction" not in resource(found, "MedicationRequest")
