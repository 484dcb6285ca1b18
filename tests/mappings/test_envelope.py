"""An envelope names a message, its lanes and its refusals from the bytes alone, and never raises."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.kernel.errors import ACK, Category
from mappings.hl7v2.envelope import envelope_reader, read_envelope
from mappings.hl7v2.profile import Profile
from tests.mappings.messages import ADT, HEADER


def test_identity_is_the_control_id_with_the_time() -> None:
    assert read_envelope(ADT.encode()).identity == "F01-000001|20260105083000"


def test_a_message_without_a_control_id_is_identified_by_its_bytes() -> None:
    raw = ADT.replace("F01-000001", "").encode()
    assert read_envelope(raw).identity == "sha256:" + hashlib.sha256(raw).hexdigest()
    assert read_envelope(raw).problem is None


@pytest.mark.parametrize("codec", ["utf-8", "gb18030"])
def test_kind_header_and_charset_are_read(codec: str) -> None:
    envelope = read_envelope(ADT.replace("HIS|", "医院|", 1).encode(codec))
    assert (envelope.kind, envelope.charset, envelope.header["MSH-3"]) == ("ADT^A01", codec, "医院")
    assert (envelope.header["MSH-1"], envelope.header["MSH-2"], envelope.header["MSH-12"]) == ("|", "^~\\&", "2.4")
    assert "MSH-18" not in envelope.header


@pytest.mark.parametrize(
    ("msh_9", "kind"),
    [
        ("ADT^A08", "ADT^A08"),
        ("ADT^A08^ADT_A01", "ADT^A08"),
        ("ADT", "ADT^A01"),
        ("ACK", "ACK^A01"),
        ("ORU^", "ORU^A01"),
    ],
)
def test_the_event_comes_from_evn_where_the_type_has_none(msh_9: str, kind: str) -> None:
    assert read_envelope(ADT.replace("ADT^A01^ADT_A01", msh_9).encode()).kind == kind


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_lanes_are_all_identifiers_of_the_patient(end: str) -> None:
    rows = [
        HEADER,
        "PID|1|EXT1|A1^^^H^MR~A2&x^^^^PI~~0^^^^X~000^^^^Y|ALT",
        "MRG|B1^^^H||ACC|B4",
        "PV1||I",
        "PID|2||C1~A1",
    ]
    assert read_envelope(end.join(rows).encode()).lanes == ("EXT1", "A1", "A2", "ALT", "C1", "B1", "B4")


def test_a_profile_can_say_which_values_are_no_identifier() -> None:
    read = envelope_reader(Profile(ignored_identifiers=frozenset({"NONE"})))
    assert read((HEADER + '\rPID|||NONE~""~7').encode()).lanes == ("7",)


def test_the_same_patient_has_the_same_lane_with_and_without_an_authority() -> None:
    stated = read_envelope((HEADER + "\rPID|||7^^^H&1.2.3&ISO^MR").encode())
    assert stated.lanes == read_envelope((HEADER + "\rPID|||9\rMRG|7").encode()).lanes[1:]


@pytest.mark.parametrize(
    ("raw", "category", "code"),
    [
        (b"", Category.UNREADABLE, "no-msh"),
        (b"GET / HTTP/1.1", Category.UNREADABLE, "no-msh"),
        (b"\x00\xff" * 99, Category.UNREADABLE, "no-msh"),
        (b"MSH|0000|A", Category.UNREADABLE, "delimiters"),
        ((ADT + "\r" + ADT).encode(), Category.UNREADABLE, "second-msh"),
        (b"MSH|^~\\&|A|B", Category.INVALID, "required-field"),
        ((HEADER + "\rPID|||" + "~".join(map(str, range(1, 258)))).encode(), Category.TOO_LARGE, "identifiers"),
    ],
)
def test_what_is_no_message_has_a_problem_and_is_identified_by_its_bytes(
    raw: bytes, category: Category, code: str
) -> None:
    envelope = read_envelope(raw)
    assert envelope.problem is not None
    assert (envelope.problem.category, envelope.problem.code) == (category, code)
    assert envelope.identity == "sha256:" + hashlib.sha256(raw).hexdigest()


@pytest.mark.parametrize(
    ("profile", "code"),
    [
        (Profile(events=("ADT^A08",)), "event"),
        (Profile(versions=("2.5.1",)), "version"),
        (Profile(events=("ADT^*",), versions=("2.4",)), None),
        (Profile(events=("ADT^A01",)), None),
    ],
)
def test_events_and_versions_the_profile_does_not_take_are_rejected(profile: Profile, code: str | None) -> None:
    problem = read_envelope(ADT.encode(), profile).problem
    assert (problem and problem.code) == code
    assert problem is None or ACK[problem.category].code == "AR"


@given(st.binary(max_size=400))
def test_any_bytes_have_an_envelope(body: bytes) -> None:
    for raw in (body, b"MSH|^~\\&" + body, ADT.encode() + body):
        assert read_envelope(raw).identity


def test_lanes_are_read_from_indented_segments_and_names_in_small_letters() -> None:
    for text in (ADT.replace("\r", "\r\n  "), ADT.replace("PID|", "pid|"), ADT.replace("MSH|", "msh|")):
        assert read_envelope(text.encode()).lanes == read_envelope(ADT.encode()).lanes != ()


def test_a_message_whose_delimiters_cannot_be_used_is_still_refused_here() -> None:
    problem = read_envelope(ADT.replace("^~\\&", "{0}", 1).encode()).problem
    assert problem is not None
    assert problem.code == "delimiters"
