"""Steps that part, drop, replace and fill, each where its condition holds, and what the report says of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.kernel.types import ReportRow
from mappings.hl7v2.parser import parse
from mappings.hl7v2.profile import Profile, Step
from mappings.hl7v2.steps import plan as plans
from mappings.hl7v2.steps.apply import STEPS, apply, mended
from mappings.hl7v2.steps.plan import Plan
from tests.mappings.engine import reported, resource, translate
from tests.mappings.messages import HEADER
from tests.mappings.profiles.files import complaints
from tests.mappings.test_profile import after


@pytest.mark.parametrize(
    ("before", "step", "expected"),
    [
        ("PID|||A~B^^^H~", Step(step="set-default", at="PID-3.4", source="MSH-4"), "PID|||A^^^F01~B^^^H~"),
        ("PID|7||A~B", Step(step="set-default", at="PID-3.5", source="PID-1"), "PID|7||A^^^^7~B^^^^7"),
        ("PID|||A", Step(step="set-default", at="PID-3.4", source="EVN-1"), "PID|||A"),
        ("PID|１１０Ｘ（甲）　a", Step(step="half-width", at="PID-1"), "PID|110X(甲) a"),
        ("PID|a＾b", Step(step="half-width", at="PID-1"), "PID|a\\S\\b"),
        ("PID|0990-1~(0990)2", Step(step="replace-text", at="PID-1", pattern=r"\D", value=""), "PID|09901~09902"),
        ("PID|V007^x", Step(step="replace-text", at="PID-1.1", pattern="^V0*(.+)", value=r"\1"), "PID|7^x"),
        ("PID|a" + "b" * 10_000, Step(step="replace-text", at="PID-1", pattern="b", value=""), "PID|a" + "b" * 10_000),
        ("PID|1/2/", Step(step="split-repetitions", at="PID-1", value="/"), "PID|1~2"),
        ("PID|x~1、2^PRN", Step(step="split-repetitions", at="PID-1.1", value="、"), "PID|x~1^PRN~2^PRN"),
        ("PID|1/2~3/4", Step(step="split-repetitions", at="PID-1[2]", value="/"), "PID|1/2~3~4"),
        ("PID|1/", Step(step="split-repetitions", at="PID-1", value="、"), "PID|1/"),
        ("PID|" + "1/" * 1000, Step(step="split-repetitions", at="PID-1", value="/"), "PID|" + "1/" * 1000),
        (
            "PID|1^^^^A~^^^^B~3^^^^C",
            Step(step="drop-repetitions", at="PID-1.5", values={"B": "", "C": ""}),
            "PID|1^^^^A",
        ),
        ("PID|~无~1", Step(step="drop-repetitions", at="PID-1", values={"无": ""}), "PID|~1"),
        ("PID|无", Step(step="drop-repetitions", at="PID-1", values={"无": ""}), "PID|"),
    ],
)
def test_a_step_changes_what_it_says_and_nothing_else(before: str, step: Step, expected: str) -> None:
    assert after(before, step) == [expected]


def test_a_segment_is_dropped_where_the_condition_holds_and_never_the_header() -> None:
    lines = "PID|1\rZDS|a\rZDS|b"
    assert after(lines, Step(step="drop-segment", at="ZDS")) == ["PID|1"]
    assert after(lines, Step(step="drop-segment", at="ZDS", when="ZDS-1 = b")) == ["PID|1", "ZDS|a"]
    assert after(lines, Step(step="drop-segment", at="MSH")) == lines.split("\r")


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("OBX-2 = ST", ["OBX||ST|NEW", "OBX||NM"]),
        ("PV1-2 = O", ["OBX||ST|NEW", "OBX||NM|NEW"]),
        ("PV1-2 = I", ["OBX||ST", "OBX||NM"]),
        ("ZZZ-1", ["OBX||ST", "OBX||NM"]),
        ("event = A01 and not PID-8", ["OBX||ST|NEW", "OBX||NM|NEW"]),
    ],
)
def test_a_condition_asks_the_segment_itself_or_the_first_of_another_name(when: str, expected: list[str]) -> None:
    step = Step(step="set-default", at="OBX-3", value="NEW", when=when)
    assert after("PID|1\rPV1||O\rOBX||ST\rOBX||NM", step)[2:] == expected


def test_an_abnormal_flag_in_the_status_is_moved_where_it_belongs() -> None:
    steps = (
        Step(step="move", source="OBX-11", at="OBX-8", when="OBX-11 in (0, 1)"),
        Step(step="map-values", at="OBX-8", values={"0": "N", "1": "H"}),
    )
    assert after("OBX||||||||||1\rOBX||||||||||F\rOBX|||||||H|||0"[:-3] + "|||0", *steps)[1] == "OBX||||||||||F"
    assert after("OBX|||||||||||1", *steps) == ["OBX||||||||H|||"]
    assert after("OBX||||||||L|||1", *steps) == ["OBX||||||||L|||1"]


def test_the_message_is_seen_as_the_steps_before_left_it() -> None:
    first = Step(step="map-values", at="PV1-2", values={"住院": "I"})
    second = Step(step="set-default", at="PID-1", value="in", when="PV1-2 = I")
    assert after("PID|\rPV1||住院", first, second)[0] == "PID|in"


def test_what_a_step_takes_out_is_told() -> None:
    steps = (
        Step(step="remove-values", at="PID-13", values={"无": ""}),
        Step(step="move", source="PID-2", at="PID-4"),
        Step(step="drop-segment", at="ZDS"),
        Step(step="map-values", at="PID-8", values={"男": "M"}),
    )
    message = parse(HEADER + "\rPID||9|||||  |男|||||无~1\rZDS|a||b\rZDS|c")
    out = "taken out by a step of the facility profile"
    assert apply(message, "ADT^A01", steps).taken_out == (
        ReportRow(
            source="PID-2", outcome="carried", targets=("PID-4",), reason="moved by a step of the facility profile"
        ),
        ReportRow(source="PID-13", outcome="refused", reason=out),
        ReportRow(source="ZDS[1]-1", outcome="refused", reason=out),
        ReportRow(source="ZDS[1]-3", outcome="refused", reason=out),
        ReportRow(source="ZDS[2]-1", outcome="refused", reason=out),
    )


def test_the_report_of_a_message_tells_it() -> None:
    steps = (Step(step="remove-values", at="PID-11", values={"同上": ""}),)
    translation = translate("PID|1||7^^^^MR||||||||同上", profile=Profile(name="f", steps=steps))
    assert "address" not in resource(translation, "Patient")
    assert reported(translation, "PID-11")[0] == "refused"


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("{step: replace-text, at: PID-1, pattern: '(', value: ''}", "steps.0.pattern: is no pattern of RE2: missing"),
        ("{step: replace-text, at: PID-1, pattern: 'a', value: '\\2'}", "steps.0.pattern: its value names a group"),
        ("{step: replace-text, at: PID-1, pattern: '(?=a)', value: ''}", "steps.0.pattern: is no pattern of RE2:"),
        ("{step: replace-text, at: PID-1, value: ''}", "steps.0: 'pattern' is a required property"),
        ("{step: strip, at: PID-1, when: 'PID'}", "steps.0.when: condition cannot be read at 'its end'"),
        ("{step: strip, at: PID-1, value: x}", "steps.0: 'value' is not one of"),
        ("{step: strip}", "steps.0: 'at' is a required property"),
        ("{step: drop-segment, at: PID-1}", "steps.0.at: 'PID-1' does not match"),
        ("{step: strip, at: PID}", "steps.0.at: 'PID' does not match"),
        ("{step: set-default, at: PID-1}", "steps.0: {'step': 'set-default', 'at': 'PID-1'} is not valid under any"),
        ("{step: split-repetitions, at: PID-1, value: ''}", "steps.0.value: '' "),
        ("{step: map-values, at: PID-1, values: [a]}", "steps.0.values: ['a'] is not of type 'object'"),
        ("{drop: x, at: PID-1}", "steps.0.at: is not known here"),
    ],
)
def test_a_step_with_a_slip_is_refused_with_its_line(tmp_path: Path, step: str, said: str) -> None:
    assert complaints(tmp_path, a=f"name: a\nsteps:\n  - {step}\n")[0].startswith(f"a.yaml:3: {said}")


def test_steps_are_not_tried_again_on_segments_they_left_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []
    monkeypatch.setitem(STEPS, "strip", lambda _, step: tried.append(step.at))
    plan = Plan([Step(step="strip", at="PID-5", when="PV1-2 = I")])
    for text in ("PID|1\rPV1||I\rEVN|1", "PID|1\rPV1||I\rEVN|2", "PID|1\rPV1||O", "PID|2\rPV1||I", "PID|1^\rPV1||I"):
        message = parse(f"{HEADER}\r{text}")
        assert mended(message, "ADT^A01", plan).message is message
    assert len(tried) == 4
    mended(message, "ADT^A08", plan)
    mended(parse(f"{HEADER}\r{text}".replace("&|HIS", "|HIS")), "ADT^A01", plan)
    assert len(tried) == 6


def test_a_message_that_the_steps_change_is_changed_each_time_it_comes() -> None:
    plan = Plan([Step(step="remove-values", at="PID-13", values={"无": ""})])
    for text, left in [("PID|||||||||||||1", "1"), ("PID|||||||||||||无", ""), ("PID|||||||||||||1", "1")] * 2:
        found = mended(parse(f"{HEADER}\r{text}"), "ADT^A01", plan)
        assert (found.message.segments[1].raw(13), len(found.taken_out)) == (left, 0 if left else 1)


def test_an_event_or_a_condition_on_it_decides_which_steps_are_tried() -> None:
    plan = Plan(
        [
            Step(step="set-default", at="PID-1", value="1", events=("ADT^A01",)),
            Step(step="set-default", at="PID-2", value="2", when="event = A08"),
        ]
    )
    for _ in range(2):
        for event, text in (("A01", "PID|1"), ("A08", "PID||2"), ("A03", "PID")):
            message = parse(f"{HEADER.replace('A01', event)}\rPID")
            assert mended(message, f"ADT^{event}", plan).message.segments[1].text == text


def test_what_steps_left_as_it_is_is_remembered_of_few_messages_and_no_long_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(plans, "_MOST", 2)
    plan = Plan([Step(step="strip", at="PID-5")])
    meant = plan.meant("ADT^A01")
    read = [plan.read(parse(f"{HEADER}\rPID|{n}"), meant) for n in range(5)]
    for each in read:
        plan.left(each)
    assert [plan.leaves(each) for each in read] == [False, False, False, False, True]
    assert plan.read(parse(f"{HEADER}\rPID|{'1' * 4096}"), meant) is None
    assert not plan.leaves(None)


@pytest.mark.parametrize("raw", ["\\X" + "无".encode().hex() + "\\", "1~无"])
def test_a_text_is_found_however_it_is_written(raw: str) -> None:
    steps = (Step(step="remove-values", at="PID-1", values={"无": ""}),)
    assert apply(parse(f"{HEADER}\rPID|{raw}"), "ADT^A01", steps).message.segments[1].raw(1) in {"", "1~"}
