"""Rows a profile changes or adds are refused at load, at their line, and added ones fill what they say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hub.kernel.types import Json
from mappings.hl7v2.datatypes.registry import DATATYPES
from mappings.hl7v2.profile import Profile
from mappings.hl7v2.profiles.row_checks import GIVES, faults
from mappings.hl7v2.rowfile import row_files
from tests.mappings.engine import PID, drafts, reported, resource, translate
from tests.mappings.profiles.files import complaints, loaded


def test_the_rows_of_the_hub_itself_have_no_faults() -> None:
    assert [(row.key, what) for file in row_files() for row in file.rows for what in faults(row)] == []
    assert GIVES.keys() <= DATATYPES.keys()


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("PID5:Patient.name[]: null", "rows: 'PID5:Patient.name[]' does not match"),
        ("PID-5:Patient.nam[]: null", "rows.PID-5:Patient.nam[]: there is no such row to remove"),
        ("PID-5:Patient.nam[]: {as: XPN}", "rows.PID-5:Patient.nam[]: Patient has no element nam"),
        ("PID-5:Patient.name: {as: XPN}", "rows.PID-5:Patient.name: Patient.name is a list: write name[]"),
        ("PID-7:Patient.birthDate[]: {as: date}", "rows.PID-7:Patient.birthDate[]: Patient.birthDate is no list"),
        ("PID-7:Patient.birthDate.x: {as: date}", "rows.PID-7:Patient.birthDate.x: birthDate has no parts"),
        (
            "PID-7:Patient.birthDate: {as: XPN}",
            "rows.PID-7:Patient.birthDate: XPN does not fit an element of type date",
        ),
        ("PID-7:Patient.birthDate: {as: DATUM}", "rows.PID-7:Patient.birthDate.as: no datatype map 'DATUM' (there are"),
        ("PID-8:Patient.gender: {as: code, table: sexes}", "rows.PID-8:Patient.gender.table: no such code table"),
        ("PID-8:Patient.gender: {as: code, when: and}", "rows.PID-8:Patient.gender.when: condition cannot be read at"),
        ("PID-8:Patient.gender: {}", "rows.PID-8:Patient.gender: row needs at, to and one of as and value"),
        ("PID-8:Patient.gender: {as: code, tabel: x}", "rows.PID-8:Patient.gender.tabel: is not known here; is table"),
        ("PID-8:Patien.gender: {as: code}", "rows.PID-8:Patien.gender: R4 has no resource Patien"),
        (
            "ZPD-1:Patient.extension[].valueString: {as: text}",
            "rows.ZPD-1:Patient.extension[].valueString: an extension",
        ),
        ("ZPD-1:Patient.active: {value: true}", ""),
        ("PV1-3:Encounter.location[].location: {as: PL}", ""),
    ],
)
def test_a_mistake_in_a_row_is_told_before_any_message(tmp_path: Path, row: str, said: str) -> None:
    key, _, change = row.partition(": ")
    text = f'name: a\nrows:\n  "{key}": {change}\n'
    if said:
        (line,) = complaints(tmp_path, a=text)
        assert line.startswith(f"a.yaml:3: {said}")
    else:
        loaded(tmp_path, a=text)


def extension(url: str = "urn:x", **row: Any) -> Json:
    return {"as": "text", "with": {"url": url}, **row}


def stated(found: Json) -> list[tuple[str, str]]:
    return [(each["url"], each["valueString"]) for each in found.get("extension", ())]


def test_a_z_segment_fills_the_patient() -> None:
    profile = Profile(name="f", rows={"ZPD-3:Patient.extension[].valueString": extension()})
    translation = translate(PID, "ZPD|1||三级~二级|x", profile=profile)
    assert stated(resource(translation, "Patient")) == [("urn:x", "三级"), ("urn:x", "二级")]
    assert reported(translation, "ZPD-3[1]")[:2] == ("mapped", ("Patient.extension[].valueString",))
    assert reported(translation, "ZPD-4[1]")[0] == "refused"


def test_a_row_of_its_own_works_beside_those_of_its_segment() -> None:
    profile = Profile(name="f", rows={"PID-31:Patient.extension[].valueString": extension(when="PID-8 = 2")})
    said = "PID|1||000123^^^^MR||沈桂兰||19580412|{}" + "|" * 23 + "Y"
    assert stated(resource(translate(said.format(2), profile=profile), "Patient")) == [("urn:x", "Y")]
    assert stated(resource(translate(said.format(1), profile=profile), "Patient")) == []


def test_a_segment_belongs_to_the_nearest_resource_before_it_else_behind_it() -> None:
    profile = Profile(name="f", rows={"ZBX-1:Observation.extension[].valueString": extension()})
    lines = ("ZBX|first", "OBX|1|NM|A||1||||||F", "ZBX|a", "OBX|2|NM|B||2||||||F", "ZBX|b")
    found = {
        d.resource["code"]["coding"][0]["code"]: stated(d.resource)
        for d in drafts(translate(PID, *lines, profile=profile), "Observation")
    }
    assert found == {"A": [("urn:x", "first"), ("urn:x", "a")], "B": [("urn:x", "b")]}


def test_a_segment_never_fills_a_resource_of_another_patient() -> None:
    profile = Profile(name="f", rows={"ZPV-1:Encounter.extension[].valueString": extension()})
    lines = ("PID|1||1^^^^MR", "PV1|1|I" + "|" * 17 + "V1", "PID|2||2^^^^MR", "ZPV|of the second", "ZPV|too")
    translation = translate(*lines, event="A17", profile=profile)
    assert [stated(draft.resource) for draft in drafts(translation, "Encounter")] == [[]]
    assert reported(translation, "ZPV[1]-1[1]")[2] == "the message states no Encounter this segment could belong to"
    others = ("PID|1||1^^^^MR", "ZPV|of the first", "PID|2||2^^^^MR", "PV1|1|I" + "|" * 17 + "V2")
    translation = translate(*others, event="A17", profile=profile)
    assert [stated(draft.resource) for draft in drafts(translation, "Encounter")] == [[]]


def test_several_rows_of_one_key_are_replaced_by_one() -> None:
    row = {"as": "PL", "with": {"status": "reserved"}}
    profile = Profile(name="f", rows={"PV1-3:Encounter.location[].location": row})
    (place,) = resource(translate(PID, "PV1|1|I|W1^1^2", profile=profile), "Encounter")["location"]
    assert place["status"] == "reserved"
