"""Files that are damaged, unusual or hostile."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ImplicitVRLittleEndian

from hub.fhir.json import dumps
from mappings.dicom import header
from mappings.dicom.header import read_header
from tests.mappings.dicom.objects import codes, dataset, line, lines, part_10, resource

PLAIN = part_10(dataset())


class _Counted(io.BytesIO):
    """A file that counts the bytes that are read of it."""

    count = 0

    def read(self, size: int | None = -1, /) -> bytes:
        found = super().read(size)
        self.count += len(found)
        return found


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian])
def test_every_transfer_syntax_is_read(syntax: UID) -> None:
    assert resource(line(part_10(dataset(), syntax)), "ImagingStudy")["numberOfInstances"] == 1


def test_big_endian_is_read() -> None:
    made = dataset(Rows=2)
    buffer = io.BytesIO()
    made.save_as(buffer, implicit_vr=False, little_endian=False)
    found = line(buffer.getvalue())
    assert codes(found) == ["no-preamble"]
    assert resource(found, "Patient")["birthDate"] == "1980-01-01"


def test_a_file_without_preamble_or_with_stray_bytes_is_read() -> None:
    bare = PLAIN[144 + int.from_bytes(PLAIN[140:144], "little") :]
    assert codes(line(bare)) == ["no-preamble"]
    assert codes(line(b"\x20" + bare)) == ["no-preamble", "stray-bytes"]


def test_a_file_that_is_cut_off_gives_what_stands_before() -> None:
    found = line(PLAIN[:-3])
    assert "truncated" in codes(found)
    assert resource(found, "ImagingStudy")["started"] == "2026-03-02T08:30:15+08:00"


def test_a_file_that_is_cut_off_within_a_sequence_gives_what_stands_before() -> None:
    item = struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF) + b"\x40\x00\x07\x00LO\x02\x00ab"
    sequence = struct.pack("<HH2sHI", 0x0040, 0x0275, b"SQ", 0, 0xFFFFFFFF) + item
    found = line(part_10(dataset()) + sequence)
    assert codes(found) == ["truncated"]
    assert resource(found, "ImagingStudy")["numberOfInstances"] == 1


def test_pixels_are_never_read() -> None:
    made = dataset(Rows=1, Columns=1, BitsAllocated=16)
    made.add_new(0x7FE00010, "OW", b"\x01" * 100_000)
    file = _Counted(part_10(made))
    assert 0x7FE00010 not in read_header(file).dataset
    assert file.count < 10_000


def test_private_elements_and_words_about_pixels_reach_no_resource() -> None:
    """Attack 56: what a device keeps for itself, and that names may be burned in, is nothing the record says."""
    made = dataset(BurnedInAnnotation="YES")
    block = made.private_block(0x0099, "A DEVICE", create=True)
    block.add_new(0x01, "PN", "Jinsique^Yi")
    block.add_new(0x02, "LO", "990122196001010019")
    found = dumps(line(part_10(made)))
    assert b"Ceshi" in found
    assert not [word for word in (b"Jinsique", b"990122196001010019", b"A DEVICE") if word in found]


@pytest.mark.parametrize(
    "raw", [b"", b"hello", b"%PDF-1.7\n", b"\x89PNG\r\n\x1a\n" * 20, b"\0" * 400, bytes(range(256)) * 4]
)
def test_what_is_no_dicom_has_one_fatal_issue(raw: bytes) -> None:
    found = line(raw)
    assert found["bundle"] is None
    assert [issue["severity"] for issue in found["issues"]] == ["fatal"]


def test_a_deflated_file_may_not_grow_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(header, "_INFLATED", 10_000)
    whole = part_10(dataset(), DeflatedExplicitVRLittleEndian)
    end = 144 + int.from_bytes(whole[140:144], "little")
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    bomb = whole[:end] + squeeze.compress(b"\0" * 1_000_000) + squeeze.flush()
    assert codes(line(bomb)) == ["deflate-bomb"]


def test_sequences_nested_without_end_are_refused_or_read() -> None:
    inner = Dataset()
    for _ in range(150):
        outer = Dataset()
        outer.ContentSequence = Sequence([inner])
        inner = outer
    assert len(lines(part_10(dataset(ContentSequence=Sequence([inner]))))) == 1


def test_a_study_uid_that_is_none_is_refused() -> None:
    made = dataset()
    made.add_new(0x0020000D, "LO", "../../etc/passwd")
    assert codes(line(part_10(made))) == ["no-study"]


@settings(max_examples=80, deadline=None)
@given(st.integers(0, len(PLAIN) - 1), st.binary(min_size=1, max_size=8), st.integers(0, len(PLAIN)))
def test_no_damage_raises(at: int, bytes_: bytes, end: int) -> None:
    damaged = (PLAIN[:at] + bytes_ + PLAIN[at + len(bytes_) :])[:end]
    (found,) = lines(damaged)
    assert "fault" not in codes(found)


def test_every_sample_is_converted_or_refused_with_a_reason(shared: Path) -> None:
    for path in sorted((shared / "dicom-samples").glob("*.dcm")):
        (found,) = lines(path.read_bytes())
        assert "fault" not in codes(found)
        assert found["bundle"] or [issue["severity"] for issue in found["issues"]] == ["fatal"]
