"""15. Z segments and Z events, batches, several messages in one file, odd framing."""

from __future__ import annotations

import pytest

from mappings.hl7v2.convert import convert
from tests.mappings.engine import PID, codes, drafts, reported, resource, translate

HEADER = "MSH|^~\\&|HIS|F01|HUB|YUNZE|20260301083000||{kind}|{control}|P|2.4"


def message(control: str, kind: str = "ADT^A08") -> str:
    return HEADER.format(kind=kind, control=control) + f"\rPID|1||{control}^^^^MR||沈桂兰\r"


@pytest.mark.parametrize("kind", ["ADT^ZP1", "ZMG^Z30", "XYZ", "ORU^R99"])
def test_an_event_nobody_defined_gives_what_its_known_segments_say_and_says_so(kind: str) -> None:
    found = translate(HEADER.format(kind=kind, control="1"), PID, "PV1|1|I" + "|" * 17 + "ZY1", "OBX|1|NM|GLU||5")
    assert "event-not-covered" in codes(found)
    for rtype in ("Patient", "Encounter", "Observation"):
        assert drafts(found, rtype)


def test_a_z_segment_is_accounted_for_field_by_field_and_disturbs_nobody() -> None:
    found = translate(PID, "ZPD|1|医保^职工~自费", "PV1|1|I" + "|" * 17 + "ZY1", "ZZZ")
    for source in ("ZPD-1[1]", "ZPD-2[1].1", "ZPD-2[1].2", "ZPD-2[2]"):
        assert reported(found, source)[0] == "refused"
    assert resource(found, "Encounter")["identifier"][0]["value"] == "ZY1"


BATCHES = {
    "file and batch headers": "FHS|^~\\&|A\rBHS|^~\\&|A\r{0}{1}BTS|2\rFTS|1\r",
    "a batch alone": "BHS|^~\\&|A\r{0}{1}BTS|2\r",
    "one after another": "{0}{1}",
    "frames": "\x0b{0}\x1c\r\x0b{1}\x1c\r",
    "blank lines between": "\r\r{0}\r\r{1}",
}


@pytest.mark.parametrize("shape", BATCHES)
@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_every_message_of_a_file_comes_out_once_and_in_order(shape: str, end: str) -> None:
    raw = BATCHES[shape].format(message("1"), message("2")).replace("\r", end).encode()
    lines = list(convert("batch", raw))
    values = [line["bundle"]["entry"][0]["resource"]["identifier"][0]["value"] for line in lines]
    assert values == ["1", "2"]
    assert [line["index"] for line in lines] == [0, 1]


def test_a_message_nobody_can_read_costs_the_others_nothing() -> None:
    raw = (message("1") + "MSH|a\r" + message("2")).encode()
    lines = list(convert("batch", raw))
    assert [bool(line["bundle"]) for line in lines] == [True, False, True]
    assert not [issue for line in lines for issue in line["issues"] if issue["code"] == "fault"]
