"""Messages against the version they declare: what departs is named by its place, and nothing makes it fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from mappings.hl7v2.batch import split_messages
from mappings.hl7v2.deviations import Deviation, deviations
from mappings.hl7v2.profile import Profile, Step

RIGHT = (
    "MSH|^~\\&|HIS|F01|HUB|YILIAN|20260302083000||ADT^A01^ADT_A01|1|P|2.5.1",
    "EVN||20260302083000",
    "PID|1||M1^^^F01^MR||Test^Anna||19800101|F",
    "PV1|1|I",
)


def found(*changes: tuple[int, str], more: tuple[str, ...] = ()) -> set[tuple[str, str]]:
    """What is said of the right message with some segments replaced and others added."""
    lines = list(RIGHT)
    for at, line in changes:
        lines[at] = line
    _, told = deviations("\r".join([*lines, *more]).encode())
    return {tuple(each) for each in told}  # type: ignore[misc]


def test_a_right_message_departs_from_nothing() -> None:
    assert deviations("\r".join(RIGHT).encode()) == ("2.5.1", {})


@pytest.mark.parametrize(
    ("at", "line", "told"),
    [
        (2, "PID|1||M1^^^F01^MR||Test^Anna||1980-01-01|F", ("PID-7.1", "is no time")),
        (2, "PID|x||M1^^^F01^MR||Test^Anna", ("PID-1", "is no SI")),
        (2, "PID|1||M1^^^F01^IDCard||Test^Anna", ("PID-3.5", "is no code of table 0203")),
        (2, "PID|1||||Test^Anna", ("PID-3", "is empty and required")),
        (2, RIGHT[2] + "||||||" + "x" * 3 + "^^^^^^^^^^^^^^^^^^^^^^^^x", ("PID-14.25", "is no component of type XTN")),
        (2, "PID|1||M1^^^F01^MR||Test^Anna|||F~M", ("PID-8", "repeats and may not")),
        (2, "PID|1||M1^^^F01^MR^^^^^^^x||Test^Anna", ("PID-3.12", "is no component of type CX")),
        (2, "PID|1||M1^^^F01^MR||Test^Anna" + "|" * 40 + "x", ("PID-45", "is no field of version 2.5.1")),
        (3, "PV1|1", ("PV1-2", "is empty and required")),
        (3, "ORC|NW", ("ORC", "does not belong to ADT_A01")),
        (3, "QQQ|1", ("QQQ", "is no segment of version 2.5.1")),
        (3, "ZPV|1", ("PV1", "is missing and required in ADT_A01")),
        (0, RIGHT[0].replace("ADT^A01^ADT_A01", "ADT^ZP1"), ("MSH-9", "is no message of version 2.5.1")),
        (0, RIGHT[0].replace("2.5.1", "3"), ("MSH-12", "declares no version of HL7 v2")),
        (0, "MSX", ("MSH", "no MSH segment")),
    ],
)
def test_what_departs_is_told_with_its_place(at: int, line: str, told: tuple[str, str]) -> None:
    assert told in found((at, line))


def test_an_event_with_the_structure_of_another_is_known() -> None:
    assert found((0, RIGHT[0].replace("ADT^A01^ADT_A01", "ADT^A08"))) == set()


def test_the_steps_of_a_profile_mend_what_they_mend() -> None:
    raw = "\r".join(RIGHT).replace("19800101", "1980-01-01").encode()
    profile = Profile(name="f", steps=(Step(step="plain-time", at="PID-7"),))
    assert deviations(raw, profile)[1] == {Deviation("PID-7.1", "is no time"): 1}
    assert deviations(raw, profile, mended=True)[1] == {}


def test_every_sample_is_compared_with_its_version(shared: Path) -> None:
    files = [path for path in (shared / "hl7v2-samples").glob("*/*.hl7") if "expected" not in path.parent.name]
    raws = [raw for path in files for raw in split_messages(path.read_bytes())]
    versions = [deviations(raw)[0] for raw in raws]
    assert len(versions) >= 678
    assert sum(map(bool, versions)) > len(versions) * 0.9
