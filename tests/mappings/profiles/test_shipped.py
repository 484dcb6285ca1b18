"""The profiles that come with the hub: what they map is right, and what could be mistaken is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.fhir.ucum import is_unit
from hub.kernel.types import Json
from mappings.cda.tables import rows
from mappings.hl7v2.codetables import table
from mappings.hl7v2.profile import Profile
from mappings.hl7v2.profiles.layers import SHIPPED
from mappings.hl7v2.profiles.load import load
from tests.mappings.engine import PID, codes, patient, pid, resource, translate

KINDS = table("identifier-kinds").entries
COMMON = load(SHIPPED / "china-common.yaml")
NATIONAL = load(SHIPPED / "china-national-codes.yaml")


def ethnic_group(said: str, profile: Profile) -> list[Json]:
    """The codings of PID-22."""
    found = patient(pid(f22=said), profile=profile)["extension"]
    return [coding for each in found for coding in each["valueCodeableConcept"].get("coding", ())]


def test_every_unit_is_one_of_ucum() -> None:
    assert [unit for (coding,) in COMMON.codes["OBX-6"].values() if not is_unit(unit := coding.code)] == []


def test_units_named_in_chinese_are_the_same_in_documents_and_in_messages() -> None:
    told = {said: coding.code for said, (coding,) in COMMON.codes["OBX-6"].items()}
    printed = {row["printed"]: row["code"] for row in rows("units")}
    assert [said for said in told.keys() & printed.keys() if told[said] != printed[said]] == []
    assert {said for said in printed if "\u4e00" <= said[0] <= "\u9fff"} - told.keys() == {
        "度"
    }  # an angle, or a temperature


def test_all_ethnic_groups_are_known_by_name() -> None:
    assert len({coding.code for (coding,) in COMMON.codes["PID-22"].values()}) == 56


@pytest.mark.parametrize("said", ["^汉族", "1^汉族", "17^汉族", "汉族", "汉"])
def test_an_ethnic_group_goes_by_its_name_whatever_the_code(said: str) -> None:
    assert ethnic_group(said, COMMON)[0]["code"] == "01"


def test_a_bare_code_is_not_guessed() -> None:
    assert ethnic_group("17", COMMON) == [{"code": "17"}]
    assert "maritalStatus" not in patient(pid(f16="^0"), profile=COMMON)
    assert patient(pid(f16="2"), profile=COMMON)["maritalStatus"] == {"coding": [{"code": "2"}]}


def test_a_code_whose_standard_is_named_is_known() -> None:
    assert ethnic_group("17^^GB/T 3304", COMMON)[0]["display"] == "哈萨克族"
    assert patient(pid(f16="22^^GB/T 2261.2"), profile=COMMON)["maritalStatus"]["coding"][0]["code"] == "M"


def test_a_sender_of_national_codes_need_not_name_them() -> None:
    assert ethnic_group("17", NATIONAL)[0]["display"] == "哈萨克族"
    assert patient(pid(f16="30"), profile=NATIONAL)["maritalStatus"]["coding"][0]["code"] == "W"
    assert patient(pid(f16="21^已婚"), profile=NATIONAL)["maritalStatus"]["coding"][1]["code"] == "21"


def test_a_national_code_is_not_believed_against_its_text() -> None:
    said = translate(pid(f22="17^汉族"), profile=NATIONAL)
    assert "code-and-text-disagree" in codes(said)
    assert [each["code"] for each in ethnic_group("17^汉族", NATIONAL)] == ["17"]


@pytest.mark.parametrize(
    ("said", "code"),
    [("^母亲", "MTH"), ("2^配偶", "SPS"), ("儿子", "SONC"), ("SEL^SEL", "ONESELF"), ("MTH^母亲", "MTH")],
)
def test_relatives_go_by_their_names(said: str, code: str) -> None:
    found = resource(translate(PID, f"NK1|1|李四|{said}", profile=COMMON), "RelatedPerson")
    assert found["relationship"][0]["coding"][0]["code"] == code


def identifier(said: str) -> tuple[str, str]:
    """System and type of PID-3."""
    (found,) = patient(pid(f3=said))["identifier"]
    return found["system"].rpartition("/")[2], found.get("type", {}).get("coding", [{"code": ""}])[0]["code"]


@pytest.mark.parametrize("kind", [source for source, entry in KINDS.items() if entry.code == "NNCHN"])
def test_every_name_of_the_citizen_id_has_the_national_system(kind: str) -> None:
    assert identifier(f"990122195804120960^^^^{kind}") == ("urn:oid:2.16.156.10011.1.3", "NNCHN")


@pytest.mark.parametrize("value", ["99012219580412096x", "990122580412096", "990122********0960", "990122195804120961"])
def test_a_citizen_id_may_be_old_masked_or_mistyped(value: str) -> None:
    assert identifier(f"{value}^^^^IdentifyNO")[1] == "NNCHN"


@pytest.mark.parametrize("value", ["E12345678", "待补办", "M1234567(8)", "99012219580412"])
def test_another_number_in_its_place_is_none(value: str) -> None:
    assert identifier(f"{value}^^^^IdentifyNO") == ("IdentifyNO", "")


def test_a_visit_card_is_never_taken_for_an_identity_card() -> None:
    assert identifier("990122195804120960^^^^IDCard") == ("IDCard", "PI")


def test_full_width_numbers_are_written_plainly() -> None:
    found = patient(pid(f3="９９０１２２^^^^MR", f13="０９９０－５５５１２３４"), profile=COMMON)
    assert found["identifier"][0]["value"] == "990122"
    assert found["telecom"][0]["value"] == "0990-5551234"


@pytest.mark.parametrize(
    ("said", "unit"),
    [
        *(("^μmol/L", "umol/L"), ("10^9/L", None), ("×10\\S\\9/L", "10*9/L"), ("次/分", "/min"), ("mg%", "mg/dL")),
        *(("毫克/分升", "mg/dL"), ("毫摩尔/升", "mmol/L"), ("毫米汞柱", "mm[Hg]"), ("微国际单位/毫升", "u[IU]/mL")),
        ("分", None),  # a score, or minutes
    ],
)
def test_units_become_those_of_ucum(said: str, unit: str | None) -> None:
    found = resource(translate(PID, f"OBX|1|NM|X||5|{said}|||||F", profile=COMMON), "Observation")
    assert found["valueQuantity"].get("code" if unit else "nothing") == unit


def test_a_facility_may_leave_out_what_it_does_not_want(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text("name: own\nextends: china-common\nsteps: [{drop: unknown-addresses}]\n", encoding="utf-8")
    assert patient(pid(f11="同上"), profile=load(path))["address"] == [{"line": ["同上"]}]
    assert "address" not in patient(pid(f11="同上"), profile=COMMON)
