"""A draft of a profile from messages: right by the schema, right in its guesses, and without any value of a patient."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.kernel.citizen_id import check_digit
from hub.kernel.yamlfile import check
from hub.kernel.yamlfile import parse as parse_yaml
from mappings.hl7v2.batch import split_messages
from mappings.hl7v2.engine import compile_rules
from mappings.hl7v2.escapes import escape
from mappings.hl7v2.habits import CANONICAL_BASE
from mappings.hl7v2.learning.draft import draft
from mappings.hl7v2.learning.survey import Survey, look
from mappings.hl7v2.profile import Profile
from mappings.hl7v2.profiles.layers import SHIPPED
from mappings.hl7v2.profiles.load import load
from mappings.hl7v2.profiles.schema import SCHEMA
from mappings.hl7v2.separators import Separators

STANDARD = Separators()
COMMON = load(SHIPPED / "china-common.yaml")


def citizen(n: int) -> str:
    body = f"99012219800101{n:03d}"
    return body + check_digit(body)


def adt(n: int) -> bytes:
    """One of many admissions, the way a county HIS sends them."""
    lines = (
        f"MSH|^~\\&|HIS|H1|HUB|COUNTY|20260302083000||ADT^A01|{n}|P|2.4||||||GB2312",
        f"PID|1||V{n:07d}^^^^IDCard~{n:08d}^^^^ZYH~{citizen(n)}^^^^SFZH~{n}^^^&BRKH^BLH"
        f"||测试{n % 10}甲乙丙丁||1980-13-01|男|||无||0990555{n:04d}",
        f'PV1|1|住院|W1||||||||||||||||{n:06d}^^^^BLH|||||||||||||||||""',
        f"ZPD|{n}|保密|备注{n}",
        f"OBX|{n}|NM|GLU^葡萄糖^LIS||5.{n}|mmol/L|||||1",
    )
    return "\r".join(lines).encode("gb18030" if n % 3 else "utf-8")


def survey(raws: Iterable[bytes], profile: Profile = COMMON) -> Survey:
    found = Survey()
    rules = compile_rules(CANONICAL_BASE, profile.rows)
    for raw in raws:
        look(raw, found, profile, rules)
    return found


@pytest.fixture(scope="module")
def learnt() -> Survey:
    return survey(map(adt, range(30)))


def drafted(tmp_path: Path, found: Survey) -> tuple[str, Profile]:
    """The text, and the profile it is."""
    text = draft(found, "h1", "china-common")
    path = tmp_path / "h1.yaml"
    path.write_text(text, encoding="utf-8")
    return text, load(path)


def test_kinds_of_number_are_named_and_the_citizen_id_is_known_by_its_check_digit(
    tmp_path: Path, learnt: Survey
) -> None:
    _, profile = drafted(tmp_path, learnt)
    named = {
        (kind, authority): profile.rule("PID-3", ["", authority], kind)
        for kind, authority in (("SFZH", ""), ("IDCard", ""), ("ZYH", ""), ("BLH", "BRKH"))
    }
    assert {key: rule and (rule.system.startswith("urn:oid:2.16.156"), rule.type) for key, rule in named.items()} == {
        ("SFZH", ""): (True, "NNCHN"),
        ("IDCard", ""): (False, "PI"),
        ("ZYH", ""): (False, "MR"),
        ("BLH", "BRKH"): (False, "MR"),
    }
    assert len({rule.system for rule in named.values() if rule}) == 4
    assert [rule.kind for rule in profile.identifier_rules if rule.patient_key] == ["ZYH"]


def test_a_number_that_merges_name_too_is_still_what_a_patient_is_known_by(tmp_path: Path) -> None:
    raws = [
        f"MSH|^~\\&|H|H|H|H|2026||ADT^A40|{n}|P|2.4\rPID|1||{n:04}^^^HIS^MR\rMRG|9{n:03}^^^HIS^MR".encode()
        for n in range(5)
    ]
    (rule,) = drafted(tmp_path, survey(raws))[1].identifier_rules
    assert (rule.kind, rule.authority, rule.patient_key) == ("MR", "HIS", True)


def test_a_kind_without_a_name_is_a_citizen_id_if_its_check_digits_say_so(tmp_path: Path) -> None:
    raws = [
        f"MSH|^~\\&|H|H|H|H|2026||ADT^A01|{n}|P|2.4\rPID|1||{citizen(n)}^^^^01~{n}^^^^02".encode() for n in range(5)
    ]
    _, profile = drafted(tmp_path, survey(raws))
    assert [(rule.kind, rule.type) for rule in profile.identifier_rules] == [("01", "NNCHN"), ("02", "")]


def test_a_national_kind_of_number_has_its_national_system(tmp_path: Path) -> None:
    raws = [f"MSH|^~\\&|H|H|H|H|2026||ADT^A01|{n}|P|2.4\rPID|1||{n:017d}^^^^JKKH".encode() for n in range(5)]
    (rule,) = drafted(tmp_path, survey(raws))[1].identifier_rules
    assert (rule.system, rule.type) == ("urn:oid:2.16.156.10011.1.19", "HC")


def test_what_only_the_engineer_can_know_stands_in_comments(tmp_path: Path, learnt: Survey) -> None:
    text, _ = drafted(tmp_path, learnt)
    for said in (
        "# MSH-18 says: GB2312 (30). The bytes are: gb18030 (20), utf-8 (10).",
        "# MSH-7: without a zone (30).",
        '# "" was sent in PV1-36 (30).',
        "# Versions: 2.4 (30).",
        "#   OBX-3:  # 1 codes",
        '#     GLU: {system: "urn:...", code: "...", display: "葡萄糖"}  # 30 messages of LIS',
        "# OBX-11 holds 1 (30): flags where the status belongs.",
        '#   "ZPD-2:Patient.extension[].valueString"',
        "#   PID-7.1: not-a-date-or-time (30)",
    ):
        assert said in text


def test_a_character_set_all_messages_lie_about_is_stated(tmp_path: Path) -> None:
    raws = [adt(n) for n in range(30) if n % 3 == 0]
    assert drafted(tmp_path, survey(raws))[1].charset == "utf-8"


def test_no_value_of_a_patient_is_in_it(learnt: Survey) -> None:
    text = draft(learnt, "h1", "china-common")
    values = [citizen(n) for n in range(30)] + [f"{n:08d}" for n in range(30)] + [f"0990555{n:04d}" for n in range(30)]
    assert not [value for value in values if value in text]
    assert "甲乙丙丁" not in text
    assert "备注" not in text
    assert not re.search(r"\d{7}", text.replace("2.16.156.10011.1.3", ""))


def test_what_is_sent_where_a_kind_belongs_is_not_told_if_it_may_be_a_number() -> None:
    raws = [
        f"MSH|^~\\&|H|H|H|H|2026||ADT^A01|{n}|P|2.4||||||990122198001010\rPID|1||7^^^^{citizen(n)}".encode()
        for n in range(5)
    ]
    text = draft(survey(raws), "x", "")
    assert "990122" not in text
    assert "(something else) (5)" in text


def test_what_cannot_be_read_is_counted_and_stops_nothing(tmp_path: Path) -> None:
    found = survey([b"", b"noise", adt(1), b"MSH|^~\\&|\rMSH|^~\\&|"])
    assert (found.messages, sum(found.unreadable.values())) == (4, 3)
    assert drafted(tmp_path, found)[0].splitlines()[1].startswith("# 3 could not be read: no-msh (2)")


@settings(max_examples=30)
@given(st.lists(st.text(st.sampled_from("a无 :#'\"{}[]\\nXAE0&*!|>%@`-?,\u2028"), max_size=12), min_size=5, max_size=5))
def test_whatever_stands_where_words_belong_the_draft_is_a_profile(words: list[str]) -> None:
    kind, code, text, system, charset = (escape(word, STANDARD) for word in words)
    header = f"MSH|^~\\&|H|H|H|H|2026||ADT^A01|1|P|2.4||||||{charset}"
    raw = f"{header}\rPID|1||7^^^^{kind}\rOBX|1|NM|{code}^{text}^{system}||1"
    file = parse_yaml(draft(survey([raw.encode()] * 2), "h1", "china-common"), "draft")
    assert check(file, SCHEMA) == []


def test_nothing_at_all_gives_a_profile_too(tmp_path: Path) -> None:
    assert drafted(tmp_path, Survey())[1].name == "h1"


def test_the_samples_give_a_profile(tmp_path: Path, shared: Path) -> None:
    for folder in ("cn", "mirth", "nhapi"):
        files = (shared / "hl7v2-samples" / folder).glob("*.hl7")
        drafted(tmp_path, survey(raw for path in files for raw in split_messages(path.read_bytes())))
