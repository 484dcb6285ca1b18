"""The header of a Part 10 file (PS3.10): everything up to the pixels, which are not read.

Files without preamble, without meta information, with stray bytes before the first element, cut off, deflated, in any
byte order: what can be read is read, and the issues say what was wrong. Large values are left where they are, but for
those the mapping carries (`CARRIED`).
"""

from __future__ import annotations

import io
import logging
import re
import warnings
import zlib
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from pydicom.dataelem import RawDataElement
from pydicom.dataset import FileDataset
from pydicom.filereader import read_partial
from pydicom.tag import BaseTag

from hub.kernel.errors import Category, HubError
from hub.kernel.types import Issue

#: Values longer than this are not read, bytes.
DEFER: Final = 65_536
#: Values carried whatever their length up to `LARGEST`: EncapsulatedDocument.
CARRIED: Final = frozenset({0x00420011})
LARGEST: Final = 64 << 20
#: A deflated data set may not grow beyond this, bytes.
_INFLATED: Final = 128 << 20
#: No data set has more elements at its top.
_ELEMENTS: Final = 20_000
_PIXELS: Final = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})
_DEFLATED: Final = b"1.2.840.10008.1.2.1.99"
_TRANSFER_SYNTAX: Final = re.compile(rb"\x02\x00\x10\x00UI(..)", re.DOTALL)
#: The first element of a data set: group 8, an element and a VR, in either byte order; or group 8 with a short length.
_FIRST: Final = re.compile(
    rb"\x08\x00[\x00-\x90]\x00(?:UL|CS|DA|UI|SH|LO|TM)|\x00\x08\x00[\x00-\x90](?:UL|CS|DA|UI|SH)"
)
_HEAD: Final = 4096
_UNDEFINED: Final = 0xFFFFFFFF
#: Bytes of an element without a value.
_SHORTEST: Final = 8
# The reader warns with the values of elements, which are no matter for a log.
logging.getLogger("pydicom").addHandler(logging.NullHandler())
logging.getLogger("pydicom").propagate = False


@dataclass(frozen=True, slots=True)
class Header:
    """A data set without its pixels, and what was wrong with the file."""

    dataset: FileDataset
    issues: tuple[Issue, ...] = ()


def is_part_10(raw: bytes) -> bool:
    """Whether a file that begins so says that it is DICOM."""
    return raw[128:132] == b"DICM"


def read_header(file: BinaryIO) -> Header:
    """Read a seekable file. Raises HubError UNREADABLE or TOO_LARGE where nothing of it is DICOM."""
    head = file.read(_HEAD)
    file.seek(0)
    if not is_part_10(head):
        return _without_beginning(file, head)
    return _read(_inflated(file, head))


def _without_beginning(file: BinaryIO, head: bytes) -> Header:
    """A file that does not say that it is DICOM: read from its first element, if there is one."""
    issues = [_issue("no-preamble", "the file has no DICOM preamble")]
    found = _attempt(file)
    first = _FIRST.search(head)
    if found is None and first is not None and first.start():
        issues.append(_issue("stray-bytes", f"{first.start()} bytes stand before the first element"))
        file.seek(first.start())
        found = _attempt(io.BytesIO(file.read()))
    if found is None:
        raise HubError(Category.UNREADABLE, "no DICOM data set begins in this file", code="no-dicom")
    return Header(found.dataset, (*issues, *found.issues))


def _attempt(file: BinaryIO) -> Header | None:
    try:
        found = _read(file)
    except HubError as error:
        if error.category is Category.TOO_LARGE:
            raise
        return None
    return found if _plausible(found.dataset) else None


def _plausible(dataset: FileDataset) -> bool:
    """Whether what was read as a data set is one: it begins in the groups that every data set begins in."""
    tags = list(dataset.keys())
    return bool(tags) and len(tags) < _ELEMENTS and all(_known(tag) for tag in tags[:3])


def _known(tag: BaseTag) -> bool:
    return tag.group in {0x0002, 0x0004, 0x0008, 0x0009, 0x0010, 0x0018, 0x0020, 0x0040}


def _read(file: BinaryIO) -> Header:
    begin, seen = file.tell(), list[BaseTag]()
    try:
        return _until(file, _PIXELS, seen)
    except HubError as error:
        if error.code != "unreadable" or not seen:
            raise
        file.seek(begin)
    found = _until(file, _PIXELS | {seen[-1]}, [])  # what stands before the element that cannot be read
    return Header(found.dataset, (*found.issues, _TRUNCATED)) if len(found.dataset) else found


def _until(file: BinaryIO, ends: Collection[int], seen: list[BaseTag]) -> Header:
    """The data set up to one of some elements; `seen` is told each tag. Raises HubError UNREADABLE or TOO_LARGE."""

    def stop(tag: BaseTag, _vr: str | None, _length: int) -> bool:
        seen.append(tag)
        return tag in ends

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset = read_partial(file, stop, defer_size=DEFER, force=True)
    except RecursionError:
        raise HubError(Category.TOO_LARGE, "sequences are nested too deeply", code="nested-too-deeply") from None
    except Exception as error:  # the reader raises whatever its helpers raise on bytes that are none
        what = f"the data set cannot be read ({type(error).__name__})"
        raise HubError(Category.UNREADABLE, what, code="unreadable") from None
    _carry(dataset, file)
    return Header(dataset, _cut_off(dataset, file))


def _carry(dataset: FileDataset, file: BinaryIO) -> None:
    """Read the large values that are carried."""
    for tag in CARRIED & set(dataset.keys()):
        element: Any = dataset.get_item(tag, keep_deferred=True)
        if isinstance(element, RawDataElement) and element.value is None and 0 < element.length <= LARGEST:
            file.seek(element.value_tell)
            dataset[tag] = element._replace(value=file.read(element.length))


def _inflated(file: BinaryIO, head: bytes) -> BinaryIO:
    """The file itself, or its data set inflated: a small file must not become an endless one."""
    named = _TRANSFER_SYNTAX.search(head, 132)
    if named is None:
        return file
    end = named.end() + int.from_bytes(named[1], "little")
    if head[named.end() : end].rstrip(b"\0 ") != _DEFLATED:
        return file
    file.seek(_end_of_meta(head))
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        data = inflater.decompress(file.read(), _INFLATED)
    except zlib.error:
        raise HubError(Category.UNREADABLE, "the deflated data set is damaged", code="deflate") from None
    if inflater.unconsumed_tail:
        raise HubError(Category.TOO_LARGE, "the deflated data set grows beyond the limit", code="deflate-bomb")
    return io.BytesIO(data)


def _end_of_meta(head: bytes) -> int:
    """Where the data set begins: behind the length that (0002,0000) states."""
    return 144 + int.from_bytes(head[140:144], "little")


def _cut_off(dataset: FileDataset, file: BinaryIO) -> tuple[Issue, ...]:
    """Whether the file ends within an element, or leaves bytes that are too few for one."""
    last: Any = dataset.get_item(max(dataset.keys()), keep_deferred=True) if len(dataset) else None
    if not isinstance(last, RawDataElement) or last.length in {0, _UNDEFINED}:
        return ()
    left = file.seek(0, io.SEEK_END) - last.value_tell - last.length
    if left == 0 or left >= _SHORTEST:
        return ()
    return (_TRUNCATED,)


def _issue(code: str, text: str) -> Issue:
    return Issue(severity="warning", where="", code=code, text=text)


_TRUNCATED: Final = _issue("truncated", "the file ends within an element; what stands before it was read")
