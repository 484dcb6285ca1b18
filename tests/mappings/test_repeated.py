"""What fields mean that come again is remembered; nothing is said of a message otherwise than the first time."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest

from hub.kernel.errors import HubError
from hub.kernel.ids import PUBLIC_KEY, keyed_ids
from hub.kernel.types import Json, Translation
from mappings.hl7v2.absent import DATA_ABSENT
from mappings.hl7v2.batch import split_messages
from mappings.hl7v2.charset import decode
from mappings.hl7v2.codetables import table
from mappings.hl7v2.datatypes import coded, identifiers, names, places, references
from mappings.hl7v2.engine import Rules, compile_rules
from mappings.hl7v2.habits import CANONICAL_BASE, Habits
from mappings.hl7v2.parser import parse
from mappings.hl7v2.profile import DEFAULT, Profile
from mappings.hl7v2.repeated import NOTHING, Meant, Repeated, Together
from mappings.hl7v2.separators import Separators
from mappings.hl7v2.told import Told
from mappings.hl7v2.translator import translate_message, translator
from tests.mappings.messages import ADT, oru

#: Elements whose values are remembered by the text of their field, and hold no constant of a row.
REMEMBERED = ("code", "interpretation", "method", "name", "address", "telecom", "requester")


def test_a_code_is_read_once_for_as_long_as_a_sender_repeats_it(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    concept = coded.concept

    def counted(rep: Any, context: Any) -> Any:
        read.append(rep.text)
        return concept(rep, context)

    monkeypatch.setattr(coded, "concept", counted)
    translate = translator(DEFAULT, "F01", keyed_ids(PUBLIC_KEY))
    first = translate(oru(3).encode())
    assert read
    read.clear()
    again = translate(oru(3).encode())
    assert not read
    assert again == first
    assert again.unmapped


def test_no_sample_says_something_else_after_others(shared: Path) -> None:
    """Resources too are a message's own: what somebody does to them is not seen in the next."""
    rules = compile_rules(CANONICAL_BASE, {})
    before = habits()
    for path in sorted((shared / "hl7v2-samples").glob("*/*.hl7"))[::2]:
        raw = next(iter(split_messages(path.read_bytes())))
        if len(raw) > 16384:
            continue
        alone = _said(raw, habits(), replace(rules, told=Told()))
        assert "spoilt" not in str(alone), path.name
        for _ in range(2):
            said = _said(raw, before, rules)
            assert said == alone, path.name
            for draft in said.drafts if said is not None else ():
                _spoil([draft.resource.get(name) for name in REMEMBERED])


def test_people_and_places_are_read_once_for_as_long_as_messages_name_them(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    for module, name in ((places, "place_in"), (references, "named_in"), (identifiers, "typed")):
        real = getattr(module, name)
        monkeypatch.setattr(module, name, partial(_noting, read, name, real))
    translate = translator(DEFAULT, "F01", keyed_ids(PUBLIC_KEY))
    first = translate(ADT.encode())
    assert set(read) == {"place_in", "named_in", "typed"}
    read.clear()
    again = translate(ADT.replace("沈^桂兰", "沈^桂芝").encode())
    assert "place_in" not in read
    assert "named_in" not in read
    assert [_but_name(draft.resource) for draft in again.drafts] == [
        _but_name(draft.resource) for draft in first.drafts
    ]
    assert again.drafts != first.drafts


def test_a_person_whom_a_message_names_twice_has_what_both_fields_say_whatever_came_before() -> None:
    once = ADT.replace("PV1|1|I|05^0501^01^F01", "PV1|1|I|")
    twice = once.replace("0148^方^知远||||||||||", "0148^方^知远||||||||||0148^方^知远^^^^主任")
    before = translator(DEFAULT, "F01", keyed_ids(PUBLIC_KEY))
    for text in (once, twice, once, twice):
        assert before(text.encode()) == translator(DEFAULT, "F01", keyed_ids(PUBLIC_KEY))(text.encode())


def test_a_person_a_message_named_before_is_read_again_only_if_she_was_named_otherwise() -> None:
    """EVN-5 names whom PV1-7 names."""
    before, rules = habits(), compile_rules(CANONICAL_BASE, {})
    otherwise = ADT.replace("||||0148^方^知远", "||||0148^章^以宁")
    for text, met in ((otherwise, 0), (ADT, 1), (otherwise, 1), (ADT, 1)):
        assert translate_message(parse(text), before, rules) == translate_message(parse(text), habits(), rules)
        known = before.repeated.known(Separators(), 0, reported=True).values()
        assert sum(draft.met for each in known for draft in each.beside.drafts) == met


def test_a_time_within_a_field_is_in_the_zone_of_its_own_message() -> None:
    text = ADT.replace("^^^^BLH~", "^^^^BLH^^202601010830~")
    translate = translator(DEFAULT, "F01", keyed_ids(PUBLIC_KEY))
    for zone, said in (("+0800", "+08:00"), ("+0900", "+09:00")):
        drafts = translate(text.replace("20260105083000||ADT", f"20260105083000{zone}||ADT").encode()).drafts
        patient = next(draft.resource for draft in drafts if draft.resource["resourceType"] == "Patient")
        assert patient["identifier"][0]["period"]["start"] == f"2026-01-01T08:30:00{said}"


def test_what_is_unknown_of_one_observation_is_its_own() -> None:
    """Neither the next observation nor the next message shares what somebody may add to it."""
    nameless = re.sub(r"T00\d\^[^|]*", "", oru(2)).encode()
    said = [translator(DEFAULT, "F01", keyed_ids(PUBLIC_KEY))(nameless) for _ in range(2)]
    drafts = [draft.resource for one in said for draft in one.drafts]
    unknown = [resource["code"]["extension"] for resource in drafts if resource["resourceType"] == "Observation"]
    assert len({id(extension) for extension in unknown}) == len(unknown) == 4
    assert unknown[0] == [{"url": DATA_ABSENT, "valueCode": "unknown"}]


def test_a_code_the_profile_blocks_is_refused_each_time_it_comes() -> None:
    profile = Profile(name="f", unmapped={"OBX-3": "block"})
    translate = translator(profile, "F01", keyed_ids(PUBLIC_KEY))
    said = [translate(oru(2).encode()) for _ in range(2)]
    assert [one.refusal is not None and one.refusal.where for one in said] == ["OBX[1]-3[1]"] * 2


def test_what_is_known_counts_for_one_kind_of_delimiters_and_one_state_of_the_maps_and_is_bounded() -> None:
    repeated = Repeated(most=2)
    usual, other = Separators(), Separators(escape="")
    known = repeated.known(usual, 0, reported=True)
    known["row", "A"] = Meant(((1, "a"),))
    assert repeated.known(Separators(), 0, reported=True) is known
    assert repeated.known(other, 0, reported=True) == {}
    assert repeated.known(other, 1, reported=True) == {}
    known = repeated.known(usual, 1, reported=True)
    known |= {("row", text): Meant(()) for text in "ABC"}
    assert repeated.known(usual, 1, reported=True) == {}
    for text in "AB":
        repeated.known(usual, 1, reported=True)["row", text] = Meant(())
        repeated.stretches["stretch", "A01", text] = Together(b"{}", (), NOTHING, (1, 1))
    assert repeated.known(usual, 1, reported=True) == {}
    assert repeated.stretches == {}


def test_nothing_is_known_of_messages_that_are_reported_on_by_those_that_are_not() -> None:
    """Ways and notes of fields are recorded for the report alone."""
    before, rules = habits(), compile_rules(CANONICAL_BASE, {})
    text = ADT.replace("AL1|1|DA|^青霉素", "AL1|1|DA|^青霉素|SV|皮疹")
    for with_report in (False, True, False, True):
        said = translate_message(parse(text), before, rules, with_report=with_report)
        assert said == translate_message(parse(text), habits(), rules, with_report=with_report)


@pytest.mark.parametrize("birth", ["19580412", "19581412"])
def test_what_is_noted_of_a_field_is_noted_each_time_it_comes(monkeypatch: pytest.MonkeyPatch, birth: str) -> None:
    """By itself where it stands beside a date that is none, which is read each time with its issue; else with it."""
    read: list[str] = []
    monkeypatch.setattr(names, "table", partial(_noting, read, "table", table))
    text = ADT.replace("沈^桂兰||19580412", f"沈^桂兰^^^^^ZZ||{birth}")
    translate = translator(DEFAULT, "F01", keyed_ids(PUBLIC_KEY))
    for number in ("ZY20260001", "ZY20260002", "ZY20260003"):
        said = translate(text.replace("ZY20260001", number).encode())
        reasons = {row.source: row.reason for row in said.report}
        assert reasons["PID-5[1].7"] == "code not in the table"
        assert [issue.where for issue in said.issues if issue.where.startswith("PID-7")] == (
            ["PID-7[1].1"] if birth == "19581412" else []
        )
    assert read == ["table"]


def habits() -> Habits:
    return Habits(facility="F01", ids=_ids())


@cache
def _ids() -> Any:
    return keyed_ids(PUBLIC_KEY)


def _noting(read: list[str], name: str, real: Any, *given: Any) -> Any:
    read.append(name)
    return real(*given)


def _but_name(resource: Json) -> Json:
    return {name: value for name, value in resource.items() if (resource["resourceType"], name) != ("Patient", "name")}


def _said(raw: bytes, known: Habits, rules: Rules) -> Translation | None:
    text, charset, issues = decode(raw)
    try:
        return translate_message(parse(text, charset), known, rules, issues)
    except HubError:
        return None


def _spoil(value: Any) -> None:
    if isinstance(value, dict):
        for each in value.values():
            _spoil(each)
        value["spoilt"] = True
    elif isinstance(value, list):
        for each in value:
            _spoil(each)
        value.append("spoilt")
