"""Code maps: by field or coding system, in the profile or in a CSV file beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.kernel.errors import HubError
from mappings.hl7v2.profile import Coding, Profile
from mappings.hl7v2.profiles.codes import read_codes
from tests.mappings.engine import PID, codes, resource, translate
from tests.mappings.profiles.files import complaints, loaded, written

HEADER = "local,system,code,display\n"
LOINC = "http://loinc.org"
GLUCOSE = Coding(system=LOINC, code="2345-7", display="Glucose")


def test_a_file_is_read_with_quotes_blanks_and_a_byte_order_mark(tmp_path: Path) -> None:
    text = "\ufeff" + HEADER + f'GLU , {LOINC},2345-7,"Glucose, blood"\n\n01,{LOINC},2823-3,\n'
    found = read_codes(written(tmp_path, items_csv=text))
    assert found["GLU"][0].display == "Glucose, blood"
    assert found["01"] == (Coding(system=LOINC, code="2823-3"),)


def test_several_lines_of_a_code_are_its_codings_in_order(tmp_path: Path) -> None:
    text = HEADER + "20,urn:v3,M,Married\n20,urn:gb,20,已婚\n"
    assert [coding.system for coding in read_codes(written(tmp_path, items_csv=text))["20"]] == ["urn:v3", "urn:gb"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("code,system\n", "items.csv:1: the first line must be local,system,code,display"),
        ("", "items.csv:1: the first line must be local,system,code,display"),
        (HEADER + "GLU,loinc,1\n", "items.csv:2: system: is no URI"),
        (HEADER + "K,urn:x,1,\n,urn:x,1,\n", "items.csv:3: local: is empty"),
        (HEADER + "K,urn:x,,\n", "items.csv:2: code: is no code"),
        (HEADER + "K,urn:x\n", "items.csv:2: has 2 cells, not local,system,code,display"),
        (HEADER + 'K,urn:x,1,"a"b\n', "items.csv:2: is no CSV: ',' expected after '\"'"),
    ],
)
def test_a_mistake_in_a_file_is_told_with_both_places(tmp_path: Path, text: str, said: str) -> None:
    (line,) = complaints(tmp_path, items_csv=text, a="name: a\ncodes:\n  OBX-3: items.csv\n")
    assert line.startswith(f"a.yaml:3: codes.OBX-3: {said}")


def test_every_mistake_of_a_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(HubError) as refusal:
        read_codes(written(tmp_path, items_csv=HEADER + "K,x,1\nNA,urn:x,\n"))
    assert len(refusal.value.what.splitlines()) == 2


def test_a_file_that_is_not_there_or_no_text_is_told(tmp_path: Path) -> None:
    assert "gone.csv: cannot be read" in complaints(tmp_path, a="name: a\ncodes: {OBX-3: gone.csv}\n")[0]
    (tmp_path / "items.csv").write_bytes(HEADER.encode() + "葡萄糖".encode("gb18030"))
    assert (
        "items.csv: is not UTF-8; save it as UTF-8" in complaints(tmp_path, a="name: a\ncodes: {OBX-3: items.csv}\n")[0]
    )
    assert "not an absolute path" in complaints(tmp_path, a="name: a\ncodes: {OBX-3: /etc/items.csv}\n")[0]


def test_a_file_and_the_profile_may_both_speak_of_a_field_and_one_map_may_serve_several(tmp_path: Path) -> None:
    text = f"""\
name: a
codes:
  OBX-3, OBR-4:
    - items.csv
    - NA: [{{system: "{LOINC}", code: 2951-2}}, {{system: "urn:own", code: N}}]
  OBX-3:
    K: {{system: "{LOINC}", code: 2823-3}}
"""
    profile = loaded(tmp_path, items_csv=HEADER + f"GLU,{LOINC},2345-7,Glucose\n", a=text)
    assert profile.codings("OBX-3", "GLU") == profile.codings("OBR-4", "GLU") == (GLUCOSE,)
    assert [coding.code for coding in profile.codings("OBR-4", "NA") or ()] == ["2951-2", "N"]
    assert profile.codings("OBX-3", "K") is not None
    assert profile.codings("OBR-4", "K") is None


def test_codes_are_texts_as_they_are_written(tmp_path: Path) -> None:
    entries = ", ".join(
        f'{local}: {{system: "urn:x", code: {n}}}' for local, n in (("01", "A"), ("NO", "B"), ("1", "C"))
    )
    text = f"name: a\ncodes: {{OBX-3: {{{entries}}}}}\n"
    profile = loaded(tmp_path, a=text)
    assert [(profile.codings("OBX-3", code) or [GLUCOSE])[0].code for code in ("01", "NO", "1")] == ["A", "B", "C"]


@pytest.mark.parametrize(
    ("codes", "said"),
    [
        ('{OBX-3.1: {K: {system: "urn:x", code: A}}}', "a.yaml:2: codes: 'OBX-3.1' does not match"),
        ("{OBX-3: {K: {code: A}}}", "a.yaml:2: codes.OBX-3.K: 'system' is a required property"),
        ("{OBX-3: {K: {system: x, code: A}}}", "a.yaml:2: codes.OBX-3.K.system: 'x' does not match"),
        ('{OBX-3: {K: {system: "urn:x", code: 1}}}', "a.yaml:2: codes.OBX-3.K.code: 1 is not of type 'string'"),
        ("{OBX-3: items.txt}", "a.yaml:2: codes.OBX-3: 'items.txt' does not match"),
        ("{OBX-3: 7}", "a.yaml:2: codes.OBX-3: 7 is not of type 'string', 'object', 'array'"),
    ],
)
def test_a_mistake_in_a_map_is_told_where_it_stands(tmp_path: Path, codes: str, said: str) -> None:
    (line,) = complaints(tmp_path, a=f"name: a\ncodes: {codes}\n")
    assert line.startswith(said)


def of(**maps: object) -> Profile:
    """A profile whose maps are for OBX-3, or for a coding system of that name."""
    made = {key: {code: tuple(codings) for code, codings in each.items()} for key, each in maps.items()}  # type: ignore[attr-defined]
    return Profile(name="f", codes={"OBX-3": made.pop("obx3", {})}, code_systems=made)


def sent(code: str, profile: Profile) -> list[str | None]:
    """The codes an observation of that OBX-3 has."""
    observation = resource(translate(PID, f"OBX|1|NM|{code}||5|mmol/L|||||F", profile=profile), "Observation")
    return [coding.get("code") for coding in observation["code"].get("coding", ())]


def test_a_map_of_a_coding_system_serves_every_field_that_names_it() -> None:
    profile = of(LIS={"G": [GLUCOSE]})
    assert sent("G^葡萄糖^LIS", profile) == ["2345-7", "G"]
    assert sent("G^葡萄糖^OTHER", profile) == ["G"]


def test_a_map_of_the_field_comes_before_that_of_the_system() -> None:
    own = Coding(system="urn:own", code="X")
    assert sent("G^^LIS", of(LIS={"G": [GLUCOSE]}, obx3={"G": [own]})) == ["X", "G"]


def test_a_code_without_an_entry_is_looked_up_by_its_text() -> None:
    profile = of(obx3={"葡萄糖": [GLUCOSE]})
    assert sent("77^葡萄糖", profile) == ["2345-7", "77"]
    assert sent("^葡萄糖", profile) == ["2345-7"]


def test_a_code_whose_text_says_something_else_is_not_believed() -> None:
    potassium = Coding(system=LOINC, code="2823-3")
    profile = of(obx3={"17": [potassium], "葡萄糖": [GLUCOSE]})
    found = translate(PID, "OBX|1|NM|17^葡萄糖||5|mmol/L|||||F", profile=profile)
    assert "code-and-text-disagree" in codes(found)
    assert sent("17^葡萄糖", profile) == ["17"]
    assert sent("17^钾", profile) == ["2823-3", "17"]


def test_values_and_units_are_mapped_too() -> None:
    maps = {
        "OBX-5": {"1": (Coding(system="urn:x", code="POS"),)},
        "OBX-6": {"次/分": (Coding(system="http://unitsofmeasure.org", code="/min"),)},
    }
    profile = Profile(name="f", codes=maps)
    value = resource(translate(PID, "OBX|1|CE|HP||1^阳性||||||F", profile=profile), "Observation")
    assert value["valueCodeableConcept"]["coding"][0] == {"system": "urn:x", "code": "POS"}
    rate = resource(translate(PID, "OBX|1|NM|HR||72|次/分|||||F", profile=profile), "Observation")
    assert rate["valueQuantity"] | {"value": 72} == {
        "value": 72,
        "unit": "次/分",
        "system": "http://unitsofmeasure.org",
        "code": "/min",
    }
