"""An encoded data set cut before its pixels (PS3.5 7.1), and the Part 10 file around what is left (PS3.10 7.1)."""

from __future__ import annotations

import struct
from typing import Final

from hub.kernel.errors import Category, HubError

IMPLICIT: Final = "1.2.840.10008.1.2"
BIG_ENDIAN: Final = "1.2.840.10008.1.2.2"
DEFLATED: Final = "1.2.840.10008.1.2.1.99"
_PIXELS: Final = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})
#: Value representations whose length takes four bytes (PS3.5 7.1.2).
_LONG: Final = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"})
_UNDEFINED: Final = 0xFFFFFFFF
_ITEM: Final = 0xFFFEE000
_ENDS: Final = frozenset({0xFFFEE00D, 0xFFFEE0DD})
#: Sequences nested deeper are no object of anybody's.
_DEEPEST: Final = 100
#: Implementation class: who wrote the file.
_IMPLEMENTATION: Final = "1.2.826.0.1.3680043.8.498.990122"


def before_pixels(encoded: memoryview, syntax: str) -> int:
    """How many bytes of a data set stand before its pixels. Raises HubError UNREADABLE where it is no data set."""
    at, depth, found = _walked(encoded, syntax)
    if not found and (at != len(encoded) or depth < 0):
        raise HubError(Category.UNREADABLE, "the data set ends within an element", code="truncated")
    return at


def pixels_at(encoded: memoryview, syntax: str) -> int | None:
    """Where the pixels of a data set begin that has come in part; None where they have not, or it is none."""
    try:
        at, _, found = _walked(encoded, syntax)
    except HubError:
        return None
    return at if found else None


def _walked(encoded: memoryview, syntax: str) -> tuple[int, int, bool]:
    """How far the elements go, in how many sequences that ends, and whether pixels come next."""
    implicit, order = syntax == IMPLICIT, ">" if syntax == BIG_ENDIAN else "<"
    at, depth = 0, 0
    size = len(encoded)
    while at + 8 <= size:
        group, element = struct.unpack_from(f"{order}HH", encoded, at)
        tag = group << 16 | element
        if depth == 0 and tag in _PIXELS:
            return at, depth, True
        length, begins = _length(encoded, at, tag, implicit=implicit, order=order)
        if tag in _ENDS:
            depth -= tag == 0xFFFEE0DD
            at = begins
        elif tag == _ITEM and length == _UNDEFINED:
            at = begins
        elif length == _UNDEFINED:
            depth += 1
            at = begins
            if depth > _DEEPEST:
                raise HubError(Category.TOO_LARGE, "sequences are nested too deeply", code="nested-too-deeply")
        else:
            at = begins + length
    return at, depth, False


def _length(encoded: memoryview, at: int, tag: int, *, implicit: bool, order: str) -> tuple[int, int]:
    """Length of the value at a place, and where it begins."""
    if implicit or tag >> 16 == 0xFFFE:
        return struct.unpack_from(f"{order}I", encoded, at + 4)[0], at + 8
    if bytes(encoded[at + 4 : at + 6]) in _LONG:
        if at + 12 > len(encoded):
            raise HubError(Category.UNREADABLE, "the data set ends within an element", code="truncated")
        return struct.unpack_from(f"{order}I", encoded, at + 8)[0], at + 12
    return struct.unpack_from(f"{order}H", encoded, at + 6)[0], at + 8


def file_without_pixels(raw: bytes) -> bytes:
    """A Part 10 file cut before its pixels; what is no such file, or is compressed as a whole, as it is."""
    begins = 144 + int.from_bytes(raw[140:144], "little")
    named = raw.find(b"\x02\x00\x10\x00UI", 144, begins)
    if raw[128:132] != b"DICM" or named < 0:
        return raw
    syntax = (
        raw[named + 8 : named + 8 + int.from_bytes(raw[named + 6 : named + 8], "little")]
        .rstrip(b"\0 ")
        .decode("latin-1")
    )
    if syntax == DEFLATED:
        return raw
    try:
        return raw[: begins + before_pixels(memoryview(raw)[begins:], syntax)]
    except HubError:
        return raw


def part_10(encoded: bytes, syntax: str, sop_class: str, sop_instance: str) -> bytes:
    """The file of a data set: the same data set gives the same bytes."""
    meta = b"".join(
        (
            b"\x02\x00\x01\x00OB\0\0\x02\0\0\0\x00\x01",
            _uid(0x02, sop_class),
            _uid(0x03, sop_instance),
            _uid(0x10, syntax),
            _uid(0x12, _IMPLEMENTATION),
        )
    )
    return bytes(128) + b"DICM\x02\x00\x00\x00UL\x04\x00" + struct.pack("<I", len(meta)) + meta + encoded


def _uid(element: int, value: str) -> bytes:
    raw = value.encode("ascii", "replace")
    raw += b"\0" * (len(raw) % 2)
    return struct.pack("<HH2sH", 2, element, b"UI", len(raw)) + raw
