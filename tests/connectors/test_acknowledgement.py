"""An acknowledgement speaks as the message it answers did: delimiters, version, character set, sides swapped."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connectors.mllp.acknowledgement import acknowledgement
from connectors.mllp.mode import mode_of
from connectors.mllp.server import control_ids
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Envelope
from mappings.hl7v2.envelope import read_envelope
from mappings.hl7v2.parser import parse
from tests.connectors.harness import NOW, adt

ERROR = HubError(Category.INVALID, "must be ^ or |", where="PID-3[2].4", todo="mend it")


def ack(raw: bytes, code: str = "AA", error: HubError | None = None) -> list[str]:
    data = acknowledgement(read_envelope(raw), code, error=error, at=NOW, control="N1")
    return data.decode(read_envelope(raw).charset).split("\r")[:-1]


def test_sender_and_receiver_are_swapped_and_the_control_id_is_named() -> None:
    assert ack(adt("C7")) == [
        "MSH|^~\\&|HUB|YUNZE|HIS|F01|20260105083000+0800||ACK^A01^ACK|N1|P|2.4",
        "MSA|AA|C7",
    ]


@pytest.mark.parametrize(
    ("version", "msh_9"),
    [("2.2", "ACK"), ("2.3", "ACK^A01"), ("2.3.1", "ACK^A01^ACK"), ("2.5.1", "ACK^A01^ACK"), ("2.6^^x", "ACK^A01^ACK")],
)
def test_the_message_type_is_written_as_the_version_has_it(version: str, msh_9: str) -> None:
    fields = ack(adt(version=version))[0].split("|")
    assert (fields[8], fields[11]) == (msh_9, version)


def test_from_2_5_on_err_says_where_what_and_how_bad() -> None:
    *_, msa, err = ack(adt(version="2.5.1"), "AE", ERROR)
    assert msa == "MSA|AE|C1"
    assert err == "ERR||PID^1^3^2^4|102^Data type error^HL70357|E|invalid|||must be \\S\\ or \\F\\; mend it"


def test_up_to_2_4_err_1_holds_place_and_code_and_msa_3_the_text() -> None:
    *_, msa, err = ack(adt(version="2.4"), "AE", ERROR)
    assert msa == "MSA|AE|C1|must be \\S\\ or \\F\\; mend it"
    assert err == "ERR|PID^1^3^102&Data type error&HL70357"


@pytest.mark.parametrize(
    ("error", "number"),
    [
        (HubError(Category.INVALID, "x", code="required-field"), "101"),
        (HubError(Category.UNSUPPORTED, "x", code="event"), "201"),
        (HubError(Category.UNSUPPORTED, "x", code="version"), "203"),
        (HubError(Category.UNAVAILABLE, "x"), "207"),
    ],
)
def test_errors_have_the_codes_of_table_0357(error: HubError, number: str) -> None:
    assert f"||{number}^" in ack(adt(version="2.5"), "AE", error)[-1].replace("ERR||", "ERR|")


@pytest.mark.parametrize("codec", ["gb18030", "utf-8"])
def test_the_answer_is_in_the_bytes_of_the_sender_and_says_what_the_sender_said(codec: str) -> None:
    raw = adt(sender="医院|东区", more="||||||GB2312").decode().encode(codec)
    msh = parse(acknowledgement(read_envelope(raw), "AA", at=NOW, control="N1").decode(codec)).segments[0]
    assert (msh.get(5), msh.get(6), msh.get(18)) == ("医院", "东区", "GB2312")


def test_the_delimiters_are_those_of_the_message() -> None:
    raw = b"MSH#!@%*#HIS#F01#HUB#Y#2026##ADT!A01#C1#P#2.4\rPID#1\r"
    lines = ack(raw, "AE", ERROR)
    assert lines[0] == "MSH#!@%*#HUB#Y#HIS#F01#20260105083000+0800##ACK!A01!ACK#N1#P#2.4"
    assert lines[2] == "ERR#PID!1!3!102*Data type error*HL70357"


@pytest.mark.parametrize("encoding", ["^~&", "^~", "^"])
def test_a_sender_without_escape_character_gets_no_delimiters_in_text(encoding: str) -> None:
    raw = f"MSH|{encoding}|HIS|F01|HUB|Y|2026||ADT^A01|C1|P|2.5\r".encode()
    err = ack(raw, "AE", ERROR)[-1]
    assert err.split("|")[8] == "must be   or  ; mend it"


@pytest.mark.parametrize("raw", [b"", b"junk", b"MSH|0000|A"])
def test_what_has_no_readable_header_is_answered_in_the_standard_form(raw: bytes) -> None:
    msh, msa, err = ack(raw, "AE", HubError(Category.UNREADABLE, "no MSH segment", where="MSH"))
    assert msh == "MSH|^~\\&|||||20260105083000+0800||ACK|N1|P|2.5.1"
    assert (msa, err) == ("MSA|AE", "ERR||MSH^1|100^Segment sequence error^HL70357|E|unreadable|||no MSH segment")


def test_an_answer_in_enhanced_mode_wants_no_answer_itself() -> None:
    data = acknowledgement(Envelope(header={"MSH-1": "|", "MSH-2": "^~\\&"}), "CA", at=NOW, control="N", enhanced=True)
    assert parse(data.decode()).segments[0].raw(15) == parse(data.decode()).segments[0].raw(16) == "NE"


@pytest.mark.parametrize(
    ("msh_15", "msh_16", "accepts", "applications"),
    [
        ("", "", ["AA", "AE", "AR"], []),
        ("AL", "NE", ["CA", "CE", "CR"], []),
        ("al", "AL", ["CA", "CE", "CR"], ["AA", "AE"]),
        ("NE", "AL", [], ["AA", "AE"]),
        ("ER", "SU", ["CE", "CR"], ["AA"]),
        ("SU", "ER", ["CA"], ["AE"]),
        ("NE", "NE", [], []),
        ("", "AL", [], ["AA", "AE"]),
    ],
)
def test_the_conditions_of_msh_15_and_16_are_honoured(
    msh_15: str, msh_16: str, accepts: list[str], applications: list[str]
) -> None:
    mode = mode_of({"MSH-15": msh_15, "MSH-16": msh_16})
    codes = [mode.accept_code(code) for code in ("AA", "AE", "AR")]
    assert [code for code in codes if mode.wants_accept(code)] == accepts
    assert [code for code in ("AA", "AE") if mode.wants_application(code)] == applications
    assert mode.waits is bool(applications)


@given(st.binary(max_size=200), st.sampled_from(list(Category)))
@example(b"+!", Category.INVALID)
def test_any_bytes_can_be_answered_and_the_answer_read(body: bytes, category: Category) -> None:
    for raw in (body, b"MSH|^~\\&" + body, b"MSH" + body):
        envelope = read_envelope(raw)
        error = HubError(category, "a|b^c~d\\e&f#g", where="OBX[2]-5[3].1.2", todo="x")
        data = acknowledgement(envelope, "AE", error=error, at=NOW, control="N1").decode(envelope.charset)
        answer = parse(data)
        assert [segment.name for segment in answer.segments] == ["MSH", "MSA", "ERR"]
        assert (answer.segments[0].get(10), answer.segments[1].get(1)) == ("N1", "AE")


def test_control_ids_are_fresh_and_as_long_as_every_version_allows() -> None:
    one, other = control_ids(), control_ids()
    made = [each() for each in (one, one, other, other) for _ in range(100)]
    assert len({*made}) == 400
    assert {len(each) for each in made} == {20}
