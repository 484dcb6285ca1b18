"""Which codes are told as unmapped, what is never told, and what blocks a message."""

from __future__ import annotations

import pytest

from hub.kernel.types import UnmappedCode
from mappings.hl7v2.convert import convert
from mappings.hl7v2.profile import Coding, Profile
from tests.mappings.engine import ADT_HEADER, PID, translate
from tests.mappings.messages import ADT

GLUCOSE = {"OBX-3": {"GLU": (Coding(system="http://loinc.org", code="2345-7"),)}}
PROFILE = Profile(name="f", codes=GLUCOSE)


def told(*segments: str, profile: Profile = PROFILE) -> tuple[UnmappedCode, ...]:
    return translate(PID, *segments, profile=profile).unmapped


def obx(code: str, value: str = "5") -> str:
    return f"OBX|1|NM|{code}||{value}||||||F"


def test_a_local_code_is_told_once_a_message_with_field_system_and_text() -> None:
    assert told(obx("K^钾^LIS"), obx("K^钾^LIS"), obx("GLU^葡萄糖^LIS")) == (
        UnmappedCode(field="OBX-3", code="K", system="LIS", display="钾"),
    )


@pytest.mark.parametrize(
    "code",
    ["2345-7^Glucose^LN", "1^x^HL70001", "1^x^2.16.840.1.113883.6.1", "1^x^urn:iso:x", "K^钾^^2823-3^^LN"],
)
def test_a_code_of_a_standard_is_not_told(code: str) -> None:
    assert told(obx(code)) == ()


@pytest.mark.parametrize("system", ["1.2.156.990122.7", "http://lis.example/codes"])
def test_a_code_of_a_senders_own_system_is_told_though_it_has_an_oid_or_a_uri(system: str) -> None:
    assert told(obx(f"K^钾^{system}")) == (UnmappedCode(field="OBX-3", code="K", system=system, display="钾"),)


def test_a_code_a_table_of_the_hub_knows_is_not_told() -> None:
    assert told("PV1|1|I") == ()
    assert [each.code for each in told("PV1|1|楼上")] == ["楼上"]


def test_text_without_a_code_is_not_told() -> None:
    assert told(obx("^钾")) == ()


@pytest.mark.parametrize("text", ["990122195804120960", "电话13800000001", "0990122195804120960123", "长" * 81])
def test_what_may_be_the_number_of_a_person_or_a_tale_is_never_told(text: str) -> None:
    assert told(obx(text)) == ()
    assert [(each.code, each.display) for each in told(obx(f"K^{text}"))] == [("K", "")]


def test_values_of_results_are_told_only_where_the_profile_maps_them() -> None:
    result = "OBX|1|CE|HP^^LN||9^某^L||||||F"
    assert told(result) == ()
    watched = Profile(name="f", codes={"OBX-5": {"1": (Coding(system="urn:x", code="POS"),)}})
    assert [each.field for each in told(result, profile=watched)] == ["OBX-5"]


def test_names_numbers_and_free_texts_are_never_told() -> None:
    assert translate(*ADT.split("\r")[:1], "PID|1||7^^^^MR||张^三||19800101|1|||某路1号||13800000001").unmapped == ()


def test_a_field_blocks_where_the_profile_says_so() -> None:
    blocking = Profile(name="f", codes=GLUCOSE, unmapped={"OBX-3": "block"})
    translation = translate(PID, obx("GLU"), obx("K"), profile=blocking)
    assert translation.refusal is not None
    assert (translation.refusal.code, translation.refusal.where) == ("unmapped-code", "OBX[2]-3[1]")
    assert [each.code for each in translation.unmapped] == ["K"]
    assert translate(PID, obx("GLU"), profile=blocking).refusal is None
    assert translate(PID, obx("K"), profile=PROFILE).refusal is None


def test_a_code_that_may_not_be_told_blocks_all_the_same() -> None:
    blocking = Profile(name="f", unmapped={"OBX-3": "block"})
    translation = translate(PID, obx("990122195804120960"), profile=blocking)
    assert translation.refusal is not None
    assert translation.unmapped == ()


def test_a_blocked_message_is_converted_to_nothing_with_its_reason() -> None:
    raw = "\r".join((ADT_HEADER.format(event="A01"), PID, obx("K"))).encode()
    (line,) = convert("x", raw, Profile(name="f", unmapped={"OBX-3": "block"}))
    assert line["bundle"] is None
    assert line["report"]
    assert [issue["code"] for issue in line["issues"] if issue["severity"] == "fatal"] == ["unmapped-code"]
