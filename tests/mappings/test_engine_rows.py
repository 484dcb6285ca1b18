"""The rows themselves: they compile, and profiles change them by key."""

from __future__ import annotations

import pytest

from hub.fhir.structure import RESOURCE_TYPES
from hub.kernel.errors import HubError
from mappings.hl7v2.engine import compile_row, compile_rules
from mappings.hl7v2.profile import Coding, Profile
from mappings.hl7v2.rowfile import Row, row_files, row_of
from tests.mappings.engine import PID, patient, pid, resource, translate


def test_every_row_compiles_and_names_a_resource_of_r4() -> None:
    assert compile_rules("https://base.example", {}).programs
    assert {row.resource for file in row_files() for row in file.rows} <= RESOURCE_TYPES


def test_no_field_has_both_a_row_and_a_refusal() -> None:
    for file in row_files():
        fixed = set(file.refused) | set(file.carried)
        # What MSH says of the exchange is written by `yilian convert`; a feed keeps it with the message.
        assert file.segment == "MSH" or not fixed & {row.at for row in file.rows}, file.segment


@pytest.mark.parametrize(
    "row",
    [
        Row(segment="PID", resource="Patient", at=5, to="name[]", datatype="NOPE"),
        Row(segment="PID", resource="Patient", at=5, to="name[]", datatype="XPN", table="nope"),
        Row(segment="PID", resource="Patient", at=5, to="na me", datatype="XPN"),
        Row(segment="PID", resource="Patient", at=5, to="name[]", datatype="XPN", when="PID-5 and"),
    ],
)
def test_a_row_that_says_what_nobody_knows_is_refused_when_it_is_compiled(row: Row) -> None:
    with pytest.raises(HubError):
        compile_row(row, "https://base.example")


@pytest.mark.parametrize("raw", [{"at": 5, "to": "name[]"}, {"at": 5, "to": "name[]", "as": "XPN", "tabel": "x"}])
def test_a_row_with_a_slip_in_its_keys_is_refused(raw: dict[str, object]) -> None:
    with pytest.raises(HubError, match="PID-5"):
        row_of("PID", "Patient", raw, {})


def test_a_profile_replaces_and_removes_rows_by_key() -> None:
    rows = {
        "PID-9:Patient.name[]": None,
        "PID-23:Patient.extension[birthPlace].valueAddress.text": {"to": "contact[].name.text", "as": "text"},
    }
    profile = Profile(name="f", rows=rows)
    found = patient(pid(f9="旧名", f23="云泽县"), profile=profile)
    assert "name" not in found
    assert found["contact"] == [{"name": {"text": "云泽县"}}]


def test_a_change_of_a_row_that_does_not_exist_is_refused_before_any_message() -> None:
    with pytest.raises(HubError, match="no such mapping row"):
        translate(PID, profile=Profile(name="f", rows={"PID-5:Patient.nam": None}))


def test_a_local_code_of_the_profile_comes_before_the_code_as_sent() -> None:
    codes = {"OBX-3": {"3020010101": (Coding(system="http://loinc.org", code="2345-7", display="Glucose"),)}}
    sent = "OBX|1|NM|3020010101^葡萄糖||5|mmol/L|||||F"
    found = resource(translate(PID, sent, profile=Profile(name="f", codes=codes)), "Observation")
    assert [each["code"] for each in found["code"]["coding"]] == ["2345-7", "3020010101"]
    assert found["code"]["text"] == "葡萄糖"
