"""A facility profile is read as written, refused with line numbers, and its steps mend messages."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.kernel.errors import Category, HubError
from mappings.hl7v2.edit import Editable
from mappings.hl7v2.names import split_name
from mappings.hl7v2.parser import parse
from mappings.hl7v2.place import Place, place
from mappings.hl7v2.profile import DEFAULT, Coding, IdentifierRule, Profile, Step
from mappings.hl7v2.profiles.load import load
from mappings.hl7v2.profiles.schema_steps import NAMES
from mappings.hl7v2.steps.apply import STEPS, apply
from tests.mappings.messages import ADT, HEADER

WHOLE = """\
name: yunze-his
charset: GBK
zone: "+08:00"
null_policy: ignore
accept:
  events: [ADT^A01, SIU^*]
  versions: ["2.4"]
identifiers:
  ignore: ["NONE"]
  rules:
    - {kind: SFZH, system: "urn:oid:2.16.156.10011.1.3", type: NNCHN}
    - {authority: BLH, system: "urn:yunze:blh", type: MR, patient_key: true}
    - {at: PV1-19, system: "urn:yunze:visit", type: VN}
    - {system: "urn:yunze:other", patient_key: true}
steps:
  - {step: move, from: PID-2, at: PID-3}
  - {step: map-values, at: PID-8, values: {男: M, 女: F}}
  - {step: remove-values, at: PID-11.1, values: [无, 同上], events: [ADT^A08]}
codes:
  OBX-3:
    GLU: {system: "http://loinc.org", code: 2345-7, display: Glucose}
rows:
  "PID-30:Patient.deceasedBoolean": null
"""


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    path = tmp_path / "his.yaml"
    path.write_text(WHOLE, encoding="utf-8")
    return load(path)


def complaints(tmp_path: Path, text: str) -> str:
    path = tmp_path / "his.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(HubError) as refusal:
        load(path)
    assert refusal.value.category is Category.INVALID
    return refusal.value.what.replace(str(path), "his.yaml")


def test_everything_a_profile_says_is_read(profile: Profile) -> None:
    assert (profile.name, profile.charset, profile.zone, profile.null) == ("yunze-his", "gb18030", "+08:00", "ignore")
    assert profile.steps[0] == Step(step="move", source="PID-2", at="PID-3")
    assert profile.steps[1].values == {"男": "M", "女": "F"}
    assert profile.steps[2] == Step(
        step="remove-values", at="PID-11.1", values={"无": "", "同上": ""}, events=("ADT^A08",)
    )
    assert profile.codings("OBX-3", "GLU") == (Coding(system="http://loinc.org", code="2345-7", display="Glucose"),)
    assert profile.codings("OBX-3", "HB") is profile.codings("OBR-4", "GLU") is None
    assert profile.rows == {"PID-30:Patient.deceasedBoolean": None}


def test_events_and_versions_that_are_not_named_are_not_taken(profile: Profile) -> None:
    assert [profile.takes_event(kind) for kind in ("ADT^A01", "SIU^S12", "ADT^A08", "")] == [True, True, False, False]
    assert [profile.takes_version(version) for version in ("2.4", "2.5")] == [True, False]
    assert DEFAULT.takes_event("ADT^Z99")
    assert DEFAULT.takes_version("")


@pytest.mark.parametrize(
    ("at", "authority", "kind", "system", "rank"),
    [
        ("PID-3", [], "SFZH", "urn:oid:2.16.156.10011.1.3", None),
        ("PID-3", ["", "BLH"], "", "urn:yunze:blh", 0),
        ("PID-3", ["BLH"], "SFZH", "urn:oid:2.16.156.10011.1.3", None),
        ("PV1-19", [], "", "urn:yunze:visit", None),
        ("PID-3", ["HIS"], "X", "urn:yunze:other", 1),
    ],
)
def test_the_first_rule_that_matches_names_an_identifier(
    profile: Profile, at: str, authority: list[str], kind: str, system: str, rank: int | None
) -> None:
    rule = profile.rule(at, authority, kind)
    assert rule is not None
    assert (rule.system, profile.rank(rule)) == (system, rank)


def test_an_identifier_no_rule_matches_is_not_named() -> None:
    only = Profile(identifier_rules=(IdentifierRule(system="urn:x", kind="A"),))
    assert only.rule("PID-3", [], "B") is None
    assert only.rank(None) is None


@pytest.mark.parametrize("value", ["", " ", "0", "0000", '""', "NONE"])
def test_values_that_identify_nobody_are_known(profile: Profile, value: str) -> None:
    assert not profile.identifies(value)
    assert profile.identifies("00012345")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("charset: GBK\n", "his.yaml:1: (top): 'name' is a required property"),
        ("name: a\ncharset: klingon\n", "his.yaml:2: charset: no character set the hub knows"),
        ("name: a\nzone: Shanghai\n", "his.yaml:2: zone: 'Shanghai' does not match"),
        ("name: a\nsteps:\n  - {step: explode, at: PID-3}\n", "his.yaml:3: steps.0.step: 'explode' is not one of"),
        ("name: a\nsteps:\n  - {step: move, at: PID-3}\n", "his.yaml:3: steps.0: 'from' is a required property"),
        ("name: a\nsteps:\n  - {step: strip, at: PID3}\n", "his.yaml:3: steps.0.at: 'PID3' does not match"),
        (
            "name: a\nsteps:\n  - {step: map-values, at: PID-8}\n",
            "his.yaml:3: steps.0: 'values' is a required property",
        ),
        ("name: a\n\nspeed: 1\n", "his.yaml:3: speed: is not known here"),
        (
            "name: a\nidentifiers:\n  rules:\n    - {system: 'urn:a'}\n    - {system: 'urn:b', kind: X}\n",
            "his.yaml:5: identifiers.rules.1: never reached: an earlier rule matches all of it",
        ),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, text: str, line: str) -> None:
    assert complaints(tmp_path, text).startswith(line)


def test_the_schema_names_the_steps_there_are() -> None:
    assert sorted(NAMES) == sorted(STEPS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("PID-3", Place("PID", 3)),
        ("PID-3.4", Place("PID", 3, 0, 4)),
        ("PID-3[2].4.1", Place("PID", 3, 2, 4, 1)),
        ("ZX1-12", Place("ZX1", 12)),
    ],
)
def test_places_are_read_as_people_write_them(text: str, expected: Place) -> None:
    assert place(text) == expected


@pytest.mark.parametrize("text", ["PID", "PID-", "pid-3", "PID.3", "PID-3.4.1.1", "PID-3[x]"])
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(HubError) as refusal:
        place(text)
    assert refusal.value.category is Category.INVALID


def after(segments: str, *steps: Step, kind: str = "ADT^A01") -> list[str]:
    """The segments after MSH once the steps were applied."""
    return apply(parse(HEADER + "\r" + segments), kind, steps).message.text().split("\r")[1:-1]


@pytest.mark.parametrize(
    ("before", "step", "expected"),
    [
        ("PID|1|A", Step(step="move", source="PID-2", at="PID-3"), "PID|1||A"),
        ("PID|1|A|B", Step(step="move", source="PID-2", at="PID-3"), "PID|1|A|B"),
        ("PID|1|A^^^H~B", Step(step="copy", source="PID-2.1", at="PID-4"), "PID|1|A^^^H~B||A"),
        ("PID|1|A|A", Step(step="copy", source="PID-9", at="PID-3"), "PID|1|A|A"),
        ("PID|||A~B^^^H~", Step(step="set-default", at="PID-3.4", value="X&Y"), "PID|||A^^^X\\T\\Y~B^^^H~"),
        ("PID|||", Step(step="set-default", at="PID-3.4", value="X"), "PID|||"),
        ("PID|", Step(step="set-default", at="PID-8", value="U"), "PID||||||||U"),
        ("PID|1|女|男~女^女", Step(step="map-values", at="PID-3", values={"女": "F"}), "PID|1|女|男~F^F"),
        ("PID|1|女|男~女^女", Step(step="map-values", at="PID-3[2].1", values={"女": "F"}), "PID|1|女|男~F^女"),
        ("PID|a\\T\\b|x", Step(step="map-values", at="PID-1", values={"a&b": "c^d"}), "PID|c\\S\\d|x"),
        ("PID|无^1|无", Step(step="remove-values", at="PID-1.1", values={"无": ""}), "PID|^1|无"),
        ("PID| 沈 ^\u3000桂兰 ", Step(step="strip", at="PID-1"), "PID|沈^桂兰"),
        ("PID|欧阳修~沈桂兰^~Li^Na~王^明", Step(step="split-name", at="PID-1"), "PID|欧阳^修~沈^桂兰~Li^Na~王^明"),
        ("PID|1977-01-01", Step(step="plain-time", at="PID-1"), "PID|19770101"),
        ("PID|1977-01-01 08:30:00", Step(step="plain-time", at="PID-1"), "PID|19770101083000"),
        ("PID|1977年1月", Step(step="plain-time", at="PID-1"), "PID|1977年1月"),
        ("PID|20260105083000.123+0800", Step(step="plain-time", at="PID-1"), "PID|20260105083000.123+0800"),
    ],
)
def test_a_step_changes_what_it_says_and_nothing_else(before: str, step: Step, expected: str) -> None:
    assert after(before, step) == [expected]


def test_steps_reach_from_one_segment_to_another() -> None:
    step = Step(step="set-default", at="PID-3.4", value="x")
    assert after("PID|||A\rPID|||B", step) == ["PID|||A^^^x", "PID|||B^^^x"]
    assert after("PID|||A\rPV1|1", Step(step="copy", source="MSH-4", at="PID-3.4")) == ["PID|||A^^^F01", "PV1|1"]
    assert after("PID|1\rPV1|1|V", Step(step="move", source="PV1-2", at="PID-18")) == [
        "PID|1" + "|" * 17 + "V",
        "PV1|1|",
    ]


def test_fields_of_the_header_are_counted_as_the_standard_counts_them() -> None:
    message = apply(parse(ADT), "ADT^A01", [Step(step="set-default", at="MSH-18", value="GB18030")]).message
    assert message.segments[0].text == HEADER + "||||||GB18030"
    assert message.text().partition("\r")[2] == parse(ADT).text().partition("\r")[2]


def test_steps_are_applied_in_order_and_only_for_their_events() -> None:
    first = Step(step="map-values", at="PID-1", values={"a": "b"})
    second = Step(step="map-values", at="PID-1", values={"b": "c"}, events=("ADT^A08",))
    assert after("PID|a", first, second) == ["PID|b"]
    assert after("PID|a", first, second, kind="ADT^A08") == ["PID|c"]
    assert after("PID|a", second, first, kind="ADT^A08") == ["PID|b"]
    third = Step(step="map-values", at="PID-1", values={"a": "d"}, events=("SIU^*",))
    assert [after("PID|a", third, kind=kind) for kind in ("SIU^S12", "ADT^A08")] == [["PID|d"], ["PID|a"]]


@given(st.text(st.sampled_from("ab^~&\\|\r"), max_size=60))
def test_a_message_nobody_changes_stays_as_it_is(text: str) -> None:
    message = parse(HEADER + "\rZZZ|" + text)
    assert Editable(message).message().text() == message.text()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("沈桂兰", ("沈", "桂兰")),
        ("王明", ("王", "明")),
        ("欧阳修", ("欧阳", "修")),
        ("欧阳", ("欧", "阳")),
        ("司马相如", ("司马", "相如")),
        ("沈 桂兰", ("沈", "桂兰")),
        ("Li Na", ("", "")),
        ("沈", ("", "")),
        ("张三之女二号", ("", "")),
        ("", ("", "")),
    ],
)
def test_chinese_names_are_parted_at_the_surname(text: str, expected: tuple[str, str]) -> None:
    assert split_name(text) == expected
