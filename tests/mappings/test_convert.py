"""`yilian convert hl7v2`: one object per message, golden bundles, and nothing that raises."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.fhir.json import dumps, loads
from hub.kernel.types import Json
from mappings.hl7v2.convert import convert
from tests.mappings.messages import ADT, oru

GOLDEN = Path(__file__).parent / "golden"


def line(raw: bytes) -> Json:
    (only,) = convert("a.hl7", raw)
    return only


@pytest.mark.parametrize(("name", "text"), [("adt_a01", ADT), ("oru_r01", oru(2))])
def test_a_message_gives_the_golden_bundle(name: str, text: str) -> None:
    found = msgspec.json.format(dumps(line(text.encode())["bundle"]), indent=1)
    assert found.decode() == (GOLDEN / f"{name}.json").read_text(encoding="utf-8").rstrip("\n")


def test_every_entry_is_a_put_under_its_own_id() -> None:
    for entry in line(ADT.encode())["bundle"]["entry"]:
        resource = entry["resource"]
        url = f"{resource['resourceType']}/{resource['id']}"
        assert entry["request"] == {"method": "PUT", "url": url}
        assert entry["fullUrl"].endswith(url)


def test_the_same_file_gives_the_same_ids_and_two_senders_never_share_one() -> None:
    def ids(text: str) -> set[str]:
        return {entry["request"]["url"] for entry in line(text.encode())["bundle"]["entry"]}

    assert ids(ADT) == ids(ADT)
    assert not ids(ADT) & ids(ADT.replace("|HIS|F01|", "|HIS|F02|"))


def test_a_file_of_several_messages_gives_one_line_each() -> None:
    lines = list(convert("b.hl7", f"FHS|^~\\&\r{ADT}\r{oru(1)}\rFTS|1\r".encode()))
    assert [(each["source"], each["index"]) for each in lines] == [("b.hl7", 0), ("b.hl7", 1)]
    assert all(each["bundle"]["type"] == "transaction" for each in lines)


@pytest.mark.parametrize("raw", [b"hello", b"%PDF-1.7\r\n", b"PID|1||7^^^^MR", b"\0\1\2", b"MSH"])
def test_what_is_no_message_has_no_bundle_and_a_fatal_issue(raw: bytes) -> None:
    found = line(raw)
    assert found["bundle"] is None
    assert [(issue["severity"], issue["code"]) for issue in found["issues"]] == [("fatal", "no-msh")]


@pytest.mark.parametrize("marks", ["{0}", "^~00", "0000", "\ufffd", "", "^^^^", "^~\\&#@", "^~\\&|"])
def test_a_message_whose_delimiters_nobody_can_use_is_read_with_the_standard_ones(marks: str) -> None:
    found = line(ADT.replace("^~\\&", marks, 1).encode())
    (person,) = [e["resource"] for e in found["bundle"]["entry"] if e["resource"]["resourceType"] == "Patient"]
    assert person["identifier"][0]["value"] == "00012345"
    if "|" not in marks:
        assert [i["severity"] for i in found["issues"] if i["code"] == "delimiters"] == ["error"]


def test_an_unusable_field_separator_that_is_a_standard_delimiter_too_stays_the_field_separator() -> None:
    found = line(b"MSH^00^HIS^F01^^^^^ADT\rPID^1^^7~8")
    (person,) = [each["resource"] for each in found["bundle"]["entry"] if each["resource"]["resourceType"] == "Patient"]
    assert [each["value"] for each in person["identifier"]] == ["7", "8"]


def test_utf_16_without_a_byte_order_mark_is_read() -> None:
    for codec in ("utf-16-le", "utf-16-be"):
        assert line(ADT.encode(codec))["bundle"] == line(ADT.encode())["bundle"]


def test_a_message_about_nobody_has_its_header_and_where_it_comes_from() -> None:
    found = line(b"MSH|^~\\&|HIS|F01|||||ACK|1|P|2.4\rMSA|AA|7")
    kinds = [entry["resource"]["resourceType"] for entry in found["bundle"]["entry"]]
    assert kinds == ["MessageHeader", "Organization", "Provenance", "Provenance"]
    assert found["bundle"]["entry"][0]["resource"]["response"] == {"code": "ok", "identifier": "7"}
    assert found["report"]


def test_what_must_not_be_reset_still_stands_in_a_bundle_of_its_own() -> None:
    found = line(ADT.replace("ADT^A01^ADT_A01", "ADT^A08").encode())
    stays = [e["resource"] for e in found["bundle"]["entry"] if e["resource"]["resourceType"] == "Encounter"]
    assert [stay["status"] for stay in stays] == ["in-progress"]


def test_gbk_bytes_without_a_charset_give_the_same_bundle_as_utf_8() -> None:
    assert line(ADT.encode("gb18030"))["bundle"] == line(ADT.encode())["bundle"]


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_make_it_fail_and_every_line_is_json(body: bytes) -> None:
    for found in convert("x", b"MSH|^~\\&|A|B||||||ADT^A01|1|P|2.4\rPID|1||" + body):
        assert loads(dumps(found))["index"] >= 0
        assert all(issue["code"] != "fault" for issue in found["issues"])
