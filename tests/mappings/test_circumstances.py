"""ACC, ARV, DB1, DRG, ODS, ODT, PDA, UB1 and UB2: segments FHIR has no resource of their own for, and diets."""

from __future__ import annotations

from typing import Any

import pytest

from hub.kernel.types import Json, Translation
from mappings.hl7v2.convert import bundle
from tests.mappings.checker import invalid
from tests.mappings.engine import PID, draft, drafts, resource, translate

VISIT = "PV1|1|I|内科||||||||||||||||V1^^^H^VN"
BASE = "https://yilian-hub.example/fhir/StructureDefinition"


def parts(found: Translation, name: str) -> dict[str, Any]:
    """The members of the Encounter's extension of that name, by their url."""
    extensions = resource(found, "Encounter")["extension"]
    (whole,) = [each["extension"] for each in extensions if each["url"] == f"{BASE}/{name}"]
    return {each["url"]: next(value for name, value in each.items() if name.startswith("value")) for each in whole}


def refused(found: Translation, name: str) -> set[str]:
    return {row.reason for row in found.report if row.source.startswith(name) and row.outcome == "refused"}


def test_an_accident_is_told_with_the_stay() -> None:
    accident = "ACC|20260301070000|01^车祸|解放路||Y|N|0148^方^知远|追尾|急救车|Y|解放路1号^^云泽县|10|AX1"
    found = translate(PID, VISIT, accident, event="A08")
    told = parts(found, "accident")
    assert (told["date"], told["type"]["text"]) == ("2026-03-01T07:00:00+08:00", "车祸")
    assert (told["job-related"], told["death"], told["police-notified"]) == (True, False, True)
    assert (told["description"], told["address"]["city"]) == ("追尾", "云泽县")
    assert told["entered-by"]["display"] == "方知远"
    assert not refused(found, "ACC")


def test_a_diagnosis_related_group_is_told_with_the_stay() -> None:
    group = "DRG|FM19^心力衰竭^CN-DRG|20260305|Y||||100^CNY||||||||1.2|5000&CNY"
    told = parts(translate(PID, VISIT, group, event="A03"), "diagnosis-related-group")
    assert (told["group"]["coding"][0]["code"], told["approved"]) == ("FM19", True)
    assert (str(told["effective-weight"]), told["amount"]["currency"]) == ("1.2", "CNY")


@pytest.mark.parametrize(("name", "url"), [("UB1", "uniform-bill-82"), ("UB2", "uniform-bill-92")])
def test_every_field_of_a_bill_is_told_with_the_stay(name: str, url: str) -> None:
    last = 23 if name == "UB1" else 17
    found = translate(PID, VISIT, f"{name}|1|" + "|".join(f"v{n}" for n in range(2, last + 1)), event="P01", kind="BAR")
    assert list(parts(found, url).values()) == [f"v{n}" for n in range(2, last + 1)]


def test_what_belongs_to_a_stay_nobody_names_is_refused_with_the_reason() -> None:
    assert refused(translate(PID, "ACC|20260301"), "ACC") == {"the message names no visit it belongs to"}


def test_a_death_has_a_cause_and_an_autopsy() -> None:
    pda = "PDA|I21^急性心肌梗死^I10|内科|Y|202603021000|0148^方^知远|Y|20260303080000^20260303100000|0152^林^知夏|N"
    found = translate(PID, pda, event="A03")
    assert draft(found, "Patient").defaults["deceasedBoolean"] is True
    cause, autopsy = resource(found, "Observation"), resource(found, "Procedure")
    assert cause["valueCodeableConcept"]["coding"][0]["code"] == "I21"
    assert cause["performer"][0]["display"] == "方知远"
    extensions: list[Json] = cause["extension"]
    assert {each["url"].removeprefix(f"{BASE}/") for each in extensions} == {
        "death-location",
        "death-certified",
        "death-certificate-signed",
        "coroner-involved",
    }
    assert (autopsy["status"], autopsy["performedPeriod"]["start"]) == ("completed", "2026-03-03T08:00:00+08:00")
    assert not refused(found, "PDA")


def test_several_causes_of_death_all_stand_and_no_autopsy_is_one_not_done() -> None:
    found = translate(PID, "PDA|I21^梗死^I10~J96^呼衰^I10|||||N", event="A03")
    codes = [each["valueCodeableConcept"]["coding"][0]["code"] for each in resource(found, "Observation")["component"]]
    assert codes == ["I21", "J96"]
    assert resource(found, "Procedure")["status"] == "not-done"


@pytest.mark.parametrize(
    ("indicator", "end", "clinical", "verified"),
    [
        ("Y", "", "active", "confirmed"),
        ("Y", "20260401", "inactive", "confirmed"),
        ("N", "", "inactive", "refuted"),
    ],
)
def test_a_disability_is_a_condition(indicator: str, end: str, clinical: str, verified: str) -> None:
    condition = resource(translate(PID, f"DB1|1|PT|D1^^^H|{indicator}|20260201|{end}|20260402"), "Condition")
    assert condition["onsetDateTime"] == "2026-02-01"
    assert condition["clinicalStatus"]["coding"][0]["code"] == clinical
    assert condition["verificationStatus"]["coding"][0]["code"] == verified
    assert condition["extension"] == [{"url": f"{BASE}/return-to-work", "valueDateTime": "2026-04-02"}]


def test_the_disability_of_somebody_else_is_not_the_patients() -> None:
    found = translate(PID, "DB1|1|GT|D1^^^H|Y|20260201")
    assert not drafts(found, "Condition")
    assert any("guarantor" in reason for reason in refused(found, "DB1"))


@pytest.mark.parametrize(
    ("action", "value", "status", "label"),
    [
        ("A", "HIV", "active", "HIV"),
        ("A", "ALL", "active", "R"),
        ("D", "ALL", "inactive", "N"),
        ("A", "NO", "active", "N"),
    ],
)
def test_a_restriction_of_access_is_a_flag_and_a_label_consent_judges(
    action: str, value: str, status: str, label: str
) -> None:
    arv = f"ARV|1|{action}|{value}|PAT^本人要求|仅本科|20260101^20261231"
    of_visit, of_patient = translate(PID, VISIT, arv, event="A08"), translate(PID, arv, VISIT, event="A08")
    for found, holder, other in ((of_visit, "Encounter", "Patient"), (of_patient, "Patient", "Encounter")):
        flag = resource(found, "Flag")
        assert (flag["status"], flag["code"]["coding"][0]["code"]) == (status, value)
        assert flag["period"] == {"start": "2026-01-01", "end": "2026-12-31"}
        assert [each["code"] for each in resource(found, holder)["meta"]["security"]] == [label]
        assert "meta" not in resource(found, other)
    assert "encounter" in resource(of_visit, "Flag")
    assert "encounter" not in resource(of_patient, "Flag")


DIET = (
    "ORC|NW|N1^HIS|||||||20260301090000|||0148^方^知远",
    "ODS|D|L^午餐|SOFT^软食|少盐",
    "ODS|S|L^午餐|PROT^蛋白粉|冲服",
    "ODS|S||VIT^维生素",
    "ODS|P||NOFISH^不吃鱼|忌口",
    "ODT|EARLY^提前|L^午餐|早送",
)


def test_an_order_of_a_diet_is_one_order_of_nutrition() -> None:
    found = translate(PID, *DIET, kind="OMD", event="O03")
    order = resource(found, "NutritionOrder")
    assert order["oralDiet"]["type"][0]["text"] == "软食"
    assert order["oralDiet"]["schedule"][0]["code"]["text"] == "午餐"
    assert [each["type"]["text"] for each in order["supplement"]] == ["蛋白粉", "维生素"]
    assert order["supplement"][0]["instruction"] == "冲服"
    assert order["foodPreferenceModifier"][0]["text"] == "不吃鱼"
    assert [each["text"] for each in order["note"]] == ["少盐", "忌口", "早送"]
    assert (order["dateTime"], order["orderer"]["display"]) == ("2026-03-01T09:00:00+08:00", "方知远")
    assert not drafts(found, "ServiceRequest")
    assert not found.issues


def test_a_cancelled_diet_is_the_same_order_revoked() -> None:
    placed = resource(translate(PID, *DIET, kind="OMD", event="O03"), "NutritionOrder")
    ended = resource(
        translate(PID, DIET[0].replace("|NW|", "|CA|"), DIET[1], kind="OMD", event="O03"), "NutritionOrder"
    )
    assert (ended["id"], ended["status"]) == (placed["id"], "revoked")


def test_all_of_it_is_valid_r4() -> None:
    told = translate(
        PID,
        "ARV|1|A|ALL",
        VISIT,
        "ARV|1|A|PSY",
        "ACC|20260301070000|01^车祸|||Y",
        "DRG|FM19^心力衰竭^CN-DRG|20260305",
        "PDA|I21^急性心肌梗死^I10|||||N",
        "DB1|1|PT||Y|20260201",
        event="A08",
    )
    diet = translate(PID, *DIET, kind="OMD", event="O03")
    assert [invalid(bundle(found.drafts)) for found in (told, diet)] == [[], []]
