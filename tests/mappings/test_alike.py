"""Messages that say what was said before, but for number and time, are not mapped again; what comes is the same."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from hub.fhir.json import dumps
from hub.kernel.errors import HubError
from hub.kernel.ids import PUBLIC_KEY, keyed_ids
from hub.kernel.ports import Translator
from hub.kernel.types import Coded, Json, Translation
from mappings.hl7v2.alike import Alike, told
from mappings.hl7v2.batch import split_messages
from mappings.hl7v2.charset import decode
from mappings.hl7v2.engine import Rules, compile_rules
from mappings.hl7v2.habits import CANONICAL_BASE, Habits, NoMaps
from mappings.hl7v2.parser import Message, parse
from mappings.hl7v2.profile import Profile, Step
from mappings.hl7v2.translator import translated, translator
from tests.mappings.messages import ADT

LATER = ADT.replace("|20260105083000|", "|20260106101500|").replace("F01-000001", "F01-000002")
#: Digits of a date and, maybe, a time; what follows them stays.
_DIGITS = re.compile(r"\d{8}(?:\d{4}(?:\d\d)?)?")


def feed(profile: Profile | None = None) -> Translator:
    return translator(profile or Profile(zone="+08:00"), "F01", keyed_ids(PUBLIC_KEY))


def resources(said: Translation) -> bytes:
    return dumps([draft.resource for draft in said.drafts])


@pytest.fixture
def mapped(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A word for each message that was mapped."""
    found: list[str] = []

    def parsed(text: str, charset: str = "utf-8") -> Message:
        found.append("mapped")
        return parse(text, charset)

    monkeypatch.setattr("mappings.hl7v2.translator.parse", parsed)
    return found


def test_a_message_that_was_said_before_is_not_mapped_again_and_says_when_it_happened_itself(mapped: list[str]) -> None:
    translate = feed()
    first, second = translate(ADT.encode()), translate(LATER.encode())
    assert mapped == ["mapped"]
    assert first.event_time == datetime(2026, 1, 5, 0, 30, tzinfo=UTC)
    assert second == replace(feed()(LATER.encode()), event_time=datetime(2026, 1, 6, 2, 15, tzinfo=UTC))
    assert resources(second) == resources(first)


def test_whoever_changes_what_was_said_changes_it_for_nobody_else() -> None:
    translate = feed()
    translate(ADT.encode())
    translate(LATER.encode()).drafts[0].resource["gender"] = "wrong"
    assert resources(translate(LATER.encode())) == resources(feed()(LATER.encode()))


@pytest.mark.parametrize(
    ("change", "to"),
    [
        ("0990-5550101", "0990-5550102"),  # what it says
        ("|20260106101500||", "|20260106101500+0900||"),  # the offset of times that state none
        ("|20260106101500||", "|2026010610||"),  # a time with less in it
        ("ADT^A01^ADT_A01", "ADT^A08^ADT_A01"),
        ("|||0148^方^知远\rPID", "|||0149^周^知远\rPID"),  # who made the entry
    ],
)
def test_a_message_that_says_something_else_is_mapped(mapped: list[str], change: str, to: str) -> None:
    other = LATER.replace(change, to, 1)
    assert other != LATER
    translate = feed(Profile())
    translate(ADT.encode())
    assert translate(other.encode()) == feed(Profile())(other.encode())
    assert len(mapped) == 3


def test_a_stay_that_is_known_by_its_message_alone_is_another_one_in_the_next_message(mapped: list[str]) -> None:
    translate = feed()
    nameless = [re.sub(r"ZY20260001|20260105083000(?=\rAL1)", "", text).encode() for text in (ADT, LATER)]
    stays = [[d for d in translate(raw).drafts if d.resource["resourceType"] == "Encounter"] for raw in nameless]
    assert stays[0][0].resource["id"] != stays[1][0].resource["id"]
    assert len(mapped) == 2


def test_when_it_happened_by_evn_6_stays_what_the_sender_says() -> None:
    late = LATER.replace("|||0148^方^知远\rPID", "|||0148^方^知远|20260104120000\rPID")
    assert told(late.encode()) is None
    assert feed()(late.encode()).event_time == datetime(2026, 1, 4, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize("place", ["20260106101500||ADT", "A01|20260106101500"])
def test_a_time_that_stands_for_none_is_told_of_the_message_that_says_it_and_of_no_other(place: str) -> None:
    timeless = LATER.replace(place, place.replace("20260106101500", "19000101000000"), 1)
    assert timeless != LATER
    for before, then in ((ADT, timeless), (timeless, LATER)):
        translate = feed()
        translate(before.encode())
        assert translate(then.encode()) == feed()(then.encode())


@pytest.mark.parametrize(
    "step",
    [
        Step(step="copy", at="PV1-44", source="EVN-2"),
        Step(step="copy", at="PV1-44", source="EVN-02.1"),
        Step(step="copy", at="EVN-6", source="PV1-44"),  # when it happened
        Step(step="drop-segment", at="EVN"),
    ],
)
def test_a_profile_that_reads_number_or_time_has_every_message_mapped(mapped: list[str], step: Step) -> None:
    profile = Profile(steps=(step,))
    translate = feed(profile)
    translate(ADT.encode())
    assert translate(LATER.encode()) == feed(profile)(LATER.encode())
    assert len(mapped) == 3


class Maps(NoMaps):
    """A map that is approved between two messages."""

    def targets(self, _url: str, code: str, _source: str = "") -> tuple[Coded, ...]:
        return (Coded("urn:x", "hypertension"),) if self.revision and code == "I10.x00" else ()


def test_a_map_that_changed_counts_from_the_next_message_on() -> None:
    def codes(said: Translation) -> list[Json]:
        return next(d.resource["code"]["coding"] for d in said.drafts if d.resource["resourceType"] == "Condition")

    maps = Maps()
    translate = translator(Profile(), "F01", keyed_ids(PUBLIC_KEY), maps=maps, approved="urn:approved")
    before = codes(translate(ADT.encode()))
    maps.revision = 1
    after = codes(translate(LATER.encode()))
    assert "hypertension" not in [one["code"] for one in before]
    assert "hypertension" in [one["code"] for one in after]


def test_what_was_not_said_again_for_the_longest_time_is_forgotten_first() -> None:
    said = feed()(ADT.encode())
    alike = Alike(Profile(), most=2)
    keys = [told(ADT.replace("0990-5550101", f"0990-555010{n}").encode()) for n in range(3)]
    for key in (keys[0], keys[1], keys[0], keys[2]):
        assert key is not None
        if alike.find(key, 0) is None:
            alike.keep(key, said)
    assert [key is not None and alike.find(key, 0) is not None for key in keys] == [True, False, True]


def test_no_sample_depends_on_its_number_or_time_that_is_not_told_to(shared: Path) -> None:
    habits, rules = Habits(facility="F01", ids=keyed_ids(PUBLIC_KEY)), compile_rules(CANONICAL_BASE, {})
    kept = 0
    for path in sorted((shared / "hl7v2-samples").glob("*/*.hl7"))[::2]:
        raw = next(iter(split_messages(path.read_bytes())))
        if len(raw) > 8192:
            continue
        first, again = (_said(each, habits, rules) for each in (raw, _at_another_time(raw)))
        if first is not None and again is not None:
            kept += 1
            assert again == replace(first, event_time=again.event_time), path.name
    assert kept > 100


def _said(raw: bytes, habits: Habits, rules: Rules) -> Translation | None:
    """What a message says; None if it cannot be read, or is known by its number or time."""
    text, charset, issues = decode(raw)
    try:
        said, dated = translated(parse(text, charset), habits, rules, issues, with_report=True)
    except HubError:
        return None
    return None if dated else said


def _at_another_time(raw: bytes) -> bytes:
    """The message with another MSH-10, MSH-7 and EVN-2 of the same form."""
    lines = raw.decode("latin-1").replace("\n", "\r").split("\r")
    for at, line in enumerate(lines):
        separator = line[3:4]
        places = {"MSH": (6, 9), "EVN": (2,)}.get(line[:3], ()) if separator else ()
        fields = line.split(separator) if places else []
        for n in places:
            if n < len(fields) and fields[n]:
                is_time = _DIGITS.match(fields[n]) and n != 9
                fields[n] = _DIGITS.sub(_other, fields[n], count=1) if is_time else f"Z{n}" if n == 9 else fields[n]
        lines[at] = separator.join(fields) if places else line
    return "\r".join(lines).encode("latin-1")


def _other(found: re.Match[str]) -> str:
    return "20190307112233"[: len(found[0])]
