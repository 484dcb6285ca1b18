"""Accounts, insurances, procedures, roles and charges, beyond the rows of the guide."""

from __future__ import annotations

import pytest

from mappings.hl7v2.convert import bundle
from tests.mappings.checker import invalid
from tests.mappings.engine import PID, codes, draft, drafts, pid, reported, resource, translate

VISIT = "PV1|1|I|||||||||||||||||V1"
ACCOUNT = pid(f5="沈桂兰", f18="C1^^^HOSP^AN")


def test_the_visit_the_account_and_the_insurance_know_each_other() -> None:
    found = translate(ACCOUNT, VISIT, "IN1|1|P1|||||||||||||||||||||||||||||||||||N36")
    owner, stay, cover = (resource(found, rtype) for rtype in ("Account", "Encounter", "Coverage"))
    assert stay["account"] == [{"reference": f"Account/{owner['id']}"}]
    assert owner["coverage"] == [{"coverage": {"reference": f"Coverage/{cover['id']}"}}]
    assert cover["payor"][0]["extension"][0]["valueCode"] == "unknown"


def test_the_status_of_an_account_is_never_reset_but_by_its_end() -> None:
    assert draft(translate(ACCOUNT, event="A08"), "Account").defaults == {"status": "active"}
    ended = draft(translate(ACCOUNT, kind="BAR", event="P06"), "Account")
    assert ended.resource["status"] == "inactive"


@pytest.mark.parametrize("event", ["P01", "P05", "P12"])
def test_billing_events_state_the_account(event: str) -> None:
    found = translate(ACCOUNT, VISIT, "DG1|1||I10", "PR1|1||47.01", kind="BAR", event=event)
    assert drafts(found, "Account")
    assert drafts(found, "Procedure")
    assert not codes(found)


def test_a_guarantor_is_the_patient_a_person_or_an_organisation() -> None:
    def guarantor(segment: str) -> str:
        return str(resource(translate(ACCOUNT, segment), "Account")["guarantor"][0]["party"]["reference"])

    assert guarantor("GT1|1||沈^桂兰||||||||SEL").startswith("Patient/")
    assert guarantor("GT1|1||沈^桂兰||||||||SELF").startswith("Patient/")
    assert guarantor("GT1|1||沈^国强||柳溪镇1号||||||SPO").startswith("RelatedPerson/")
    assert guarantor("GT1|1||||||||||||||||||||云泽纺织厂^^W9^^^HOSP").startswith("Organization/")


def test_a_guarantor_is_told_of_where_no_account_is_numbered() -> None:
    found = translate(PID, "GT1|1|G1^^^HOSP|沈^国强||柳溪镇1号|^^PH^^^^5550103||19600101|1||SPO")
    payer = resource(found, "RelatedPerson")
    assert payer["name"][0]["text"] == "沈国强"
    assert payer["birthDate"] == "1960-01-01"
    assert not drafts(found, "Account")
    assert reported(found, "GT1-5[1]")[0] == "mapped"


@pytest.mark.parametrize(
    ("sent", "coding", "start", "target"),
    [
        ("V02^20240214", {"code": "V02"}, "2024-02-14", "Coverage.period.start"),
        (
            "V02&VFC eligible&HL70064^20240214",
            {"system": "http://terminology.hl7.org/CodeSystem/v2-0064", "code": "V02", "display": "VFC eligible"},
            "2024-02-14",
            "Coverage.period.start",
        ),
        ("01^公费医疗", {"code": "01", "display": "公费医疗"}, None, "Coverage.type.coding.display"),
    ],
)
def test_a_financial_class_is_a_code_and_the_day_it_counts_from(
    sent: str, coding: dict[str, str], start: str | None, target: str
) -> None:
    found = translate(PID, f"PV1|1|O{'|' * 18}{sent}")
    cover = resource(found, "Coverage")
    assert cover["type"]["coding"] == [coding]
    assert cover.get("period", {}).get("start") == start
    assert reported(found, "PV1-20[1].2") == ("mapped", (target,), "")


def test_the_same_relative_named_twice_is_one_person() -> None:
    found = translate(PID, "NK1|1|沈^小兰|CHD", "IN1|1|P1||||||||||||||沈^小兰|CHD")
    assert len(drafts(found, "RelatedPerson")) == 1


def insured(**fields: str) -> str:
    values = {1: "1", 2: "P1"} | {int(name[1:]): text for name, text in fields.items()}
    return "IN1|" + "|".join(values.get(n, "") for n in range(1, max(values) + 1))


def test_an_insurance_is_known_by_its_policy_and_by_the_plan_before_it() -> None:
    found = translate(PID, insured(f36="N36", f46="P0"))
    cover = resource(found, "Coverage")
    numbers = [(each["value"], each.get("use")) for each in cover["identifier"]]
    assert numbers == [("P1", None), ("N36", None), ("P0", "old")]
    assert cover["identifier"][1]["type"]["coding"][0]["code"] == "MB"
    assert cover["subscriberId"] == "N36"


def test_the_names_of_a_group_stand_with_its_number() -> None:
    one = resource(translate(PID, insured(f8="G8", f9="纺织厂职工")), "Coverage")["class"]
    assert [(each["value"], each["name"]) for each in one] == [("G8", "纺织厂职工")]
    found = translate(PID, insured(f8="G8", f9="甲^^^^^^^^^G9~乙"))
    several = resource(found, "Coverage")["class"]
    assert [(each["value"], each.get("name")) for each in several] == [("G8", "乙"), ("G9", "甲")]
    assert not invalid(bundle(found.drafts))
    assert reported(found, "IN1-9[1].10")[1] == ("Coverage.class[].value",)


def test_an_insurer_is_told_with_whom_to_ask_and_how_long_its_number_is_in_force() -> None:
    found = translate(
        PID, insured(f3="YB1^^^HOSP^NIIP^^20260101^20261231", f4="云泽医保局", f6="白^晓", f7="0990-5550100")
    )
    insurer = resource(found, "Organization")
    assert insurer["contact"][0]["name"]["text"] == "白晓"
    assert insurer["telecom"][0]["value"] == "0990-5550100"
    assert insurer["identifier"][0]["period"] == {"start": "2026-01-01", "end": "2026-12-31"}


def test_more_of_an_insurance_is_told_of_its_payers_its_holder_and_the_insured() -> None:
    in2 = {2: "990122195804120960", 6: "MC6", 8: "MA8", 25: "YB2^^^HOSP", 63: "13800000001", 69: "云泽纺织厂^^W9"}
    found = translate(
        PID,
        insured(f3="YB1", f4="云泽医保局", f16="沈^国强", f17="SPO", f49="S49^^^YB^SN"),
        "IN2|" + "|".join(in2.get(n, "") for n in range(1, 70)),
    )
    assert not invalid(bundle(found.drafts))
    cover, relative = resource(found, "Coverage"), resource(found, "RelatedPerson")
    assert len(cover["payor"]) == 2
    assert [each["type"]["coding"][0]["code"] for each in cover["identifier"] if "type" in each] == ["MC", "MA"]
    assert cover["policyHolder"]["display"] == "云泽纺织厂"
    assert [each["value"] for each in relative["identifier"]] == ["S49", "990122195804120960"]
    assert relative["telecom"][0]["value"] == "13800000001"


@pytest.mark.parametrize(
    ("segment", "status"),
    [
        ("PR1|1||47.01||20260228", "completed"),
        ("PR1|1||47.01||20260305", "preparation"),
        ("PR1|1||47.01", "unknown"),
        (f"PR1|1||47.01||20260228{'|' * 15}D", "entered-in-error"),
    ],
)
def test_the_status_of_a_procedure_is_what_its_time_says(segment: str, status: str) -> None:
    assert resource(translate(PID, segment), "Procedure")["status"] == status


def test_a_procedure_knows_who_did_it_by_role_too() -> None:
    found = translate(PID, VISIT, "PR1|1||47.01", "ROL|R1|AD|SURG^主刀|1111^郑六")
    done = resource(found, "Procedure")
    assert done["performer"][0]["function"]["text"] == "主刀"
    assert done["encounter"]["reference"].startswith("Encounter/")


def test_roles_behind_the_patient_the_visit_and_a_finding_are_told_apart() -> None:
    found = translate(
        PID,
        "ROL|R1|AD|PP^^HL70443|1^甲",
        VISIT,
        "ROL|R2|AD|AT^^HL70443|2^乙",
        "OBX|1|NM|T^体温||36.8|||||||F",
        "PRT|3|AD||RO|3^丙",
    )
    general = resource(found, "Patient")["generalPractitioner"][0]["reference"]
    taking_part = resource(found, "Encounter")["participant"][0]["individual"]["reference"]
    made = resource(found, "Observation")["performer"][0]["reference"]
    assert len({general, taking_part, made}) == 3


def test_an_employer_is_a_contact_and_no_relative() -> None:
    found = translate(PID, "NK1|1|云泽纺织厂|EMR||0990-5550170")
    assert not drafts(found, "RelatedPerson")
    assert resource(found, "Patient")["contact"][0]["telecom"][0]["value"] == "0990-5550170"


def test_a_contact_that_reaches_nobody_is_none() -> None:
    assert "contact" not in resource(translate(PID, "NK1|1||CHD"), "Patient")


@pytest.mark.parametrize(("kind", "status"), [("CG", "billable"), ("CR", "aborted"), ("", "unknown")])
def test_a_charge_is_about_the_patient_the_visit_and_the_account(kind: str, status: str) -> None:
    charged = f"FT1|1|T1||20260301|20260301|{kind}|C7^血常规|||2|25.00"
    found = translate(ACCOUNT, VISIT, charged, kind="DFT", event="P03")
    item = resource(found, "ChargeItem")
    assert (item["status"], str(item["quantity"]["value"]), str(item["priceOverride"]["value"])) == (
        status,
        "2",
        "25.00",
    )
    assert item["account"][0]["reference"].startswith("Account/")
    assert item["context"]["reference"].startswith("Encounter/")
    assert not codes(found)


def test_a_payment_is_no_charge() -> None:
    found = translate(ACCOUNT, "FT1|1|T1||20260301||PY|C7", kind="DFT", event="P03")
    assert not drafts(found, "ChargeItem")
    assert reported(found, "FT1-6[1]")[2] == "a payment or an adjustment, which is no charge"


@pytest.mark.parametrize(
    ("sent", "type_", "outcome"),
    [("IN^Intolerance^HL70436", "intolerance", "mapped"), ("AL", "allergy", "mapped"), ("SE", "allergy", "refused")],
)
def test_what_the_patient_is_said_to_have_counts_before_the_kind_of_allergen(
    sent: str, type_: str, outcome: str
) -> None:
    found = translate(PID, f"IAM|1|DA|乳糖^乳糖|||A|||{sent}")
    assert resource(found, "AllergyIntolerance")["type"] == type_
    assert resource(found, "AllergyIntolerance")["category"] == ["medication"]
    source = "IAM-9[1].1" if "^" in sent else "IAM-9[1]"
    assert reported(found, source)[0] == outcome


def test_an_allergy_stated_in_error_has_no_clinical_status() -> None:
    wrong = resource(translate(PID, "IAM|1|DA|PEN|SV||D"), "AllergyIntolerance")
    assert wrong["verificationStatus"]["coding"][0]["code"] == "entered-in-error"
    assert "clinicalStatus" not in wrong


def test_a_protected_visit_is_labelled_restricted() -> None:
    found = translate(PID, VISIT, f"PV2{'|' * 22}Y")
    assert resource(found, "Encounter")["meta"]["security"][0]["code"] == "R"
    assert "meta" not in resource(translate(PID, VISIT, f"PV2{'|' * 22}N"), "Encounter")


@pytest.mark.parametrize(
    ("plan", "value"), [("JMYB^居民医保^L", "JMYB"), ("^居民医保", "居民医保")], ids=["code and name", "name"]
)
def test_the_name_of_a_plan_is_told_as_the_plan_of_the_coverage(plan: str, value: str) -> None:
    told = resource(translate(PID, insured(f2=plan, f8="G8")), "Coverage")["class"]
    kinds = {each["type"]["coding"][0]["code"]: each for each in told}
    assert (kinds["plan"]["value"], kinds["plan"]["name"]) == (value, "居民医保")
    assert kinds["group"]["value"] == "G8"
