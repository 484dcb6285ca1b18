"""The metadata of a study as an archive tells it by DICOMweb (WADO-RS; JSON of PS3.18 F), as data sets.

Its texts are UTF-8 whatever (0008,0005) names. Bulk data, in the text or by address, is left where it is.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Mapping
from typing import Any, Final

from pydicom.datadict import keyword_for_tag
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset, FileDataset
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag

from hub.fhir.json import loads
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from mappings.dicom.header import Header
from mappings.dicom.item import Item

_TAG: Final = re.compile(r"[0-9A-Fa-f]{8}")
_CHARACTER_SET: Final = BaseTag(0x00080005)
_UTF_8: Final = "ISO_IR 192"
#: Sequences nested deeper are no object of anybody's.
_DEEPEST: Final = 40
#: Value representations whose values are packed numbers (PS3.5 6.2).
_PACKED: Final = {"US": "<H", "SS": "<h", "UL": "<I", "SL": "<i", "FL": "<f", "FD": "<d", "UV": "<Q", "SV": "<q"}
#: Value representations of what C-FIND is asked for.
_TOLD: Final = frozenset({"AE", "AS", "CS", "DA", "DS", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UI", "UT"})
_GROUPS: Final = ("Alphabetic", "Ideographic", "Phonetic")


def as_json(found: Dataset, charset: str | None = None) -> Json:
    """A data set as it came (C-FIND), its texts by their bytes or by the codec given; sequences are left out."""
    item, told = Item(found, charset), {}
    for tag in item.tags():
        vr, keyword = item.vr(tag), keyword_for_tag(tag)
        values = item.texts(keyword) if keyword and vr in _TOLD else []
        if values:
            told[f"{tag:08X}"] = {"vr": vr, "Value": [_groups(each) for each in values] if vr == "PN" else values}
    return told


def _groups(name: str) -> Json:
    return {group: part for group, part in zip(_GROUPS, name.split("="), strict=False) if part}


def is_metadata(raw: bytes) -> bool:
    """Whether bytes that begin so are JSON of DICOM."""
    return raw.lstrip()[:1] == b"["


def read_metadata(raw: bytes, most: int | None = None) -> list[Header]:
    """The objects of a study, at least one, the first `most` of them.

    Raises HubError UNREADABLE, or TOO_LARGE for endless nesting.
    """
    try:
        told = loads(raw)
    except ValueError:
        raise _unreadable("is no JSON") from None
    except RecursionError:
        raise HubError(Category.TOO_LARGE, "sequences are nested too deeply", code="nested-too-deeply") from None
    if not isinstance(told, list) or not told:
        raise _unreadable("tells of no object")
    return [Header(_object(each)) for each in told[:most]]


def _object(told: Any) -> FileDataset:
    return FileDataset("", {**_elements(told, 0), _CHARACTER_SET: DataElement(_CHARACTER_SET, "CS", _UTF_8)})


def _elements(told: Any, depth: int) -> dict[BaseTag, DataElement | RawDataElement]:
    """The elements of a data set, as the library keeps them: added to one by one they cost four times as much."""
    if not isinstance(told, dict) or depth > _DEEPEST:
        raise _unreadable("holds something that is no data set")
    found: dict[BaseTag, DataElement | RawDataElement] = {}
    for name, element in told.items():
        if not _TAG.fullmatch(name) or not isinstance(element, dict):
            raise _unreadable("holds something that is no element")
        values, vr = element.get("Value", []), str(element.get("vr", ""))
        if name[:4] == "0002" or not isinstance(values, list) or int(name, 16) == _CHARACTER_SET:
            continue
        tag = BaseTag(int(name, 16))
        found[tag] = _element(tag, vr, values, depth)
    return found


def _element(tag: BaseTag, vr: str, values: list[Any], depth: int) -> DataElement | RawDataElement:
    """One element; one whose values are no values of its representation is empty."""
    if vr == "SQ":
        return DataElement(tag, "SQ", Sequence([Dataset(_elements(each or {}, depth + 1)) for each in values]))
    try:
        raw = _names(values) if vr == "PN" else _packed(_PACKED[vr], values) if vr in _PACKED else _text(values)
    except (struct.error, TypeError, ValueError):
        raw = b""
    return RawDataElement(tag, vr or None, len(raw), raw, 0, False, True)


def _text(values: list[Any]) -> bytes:
    return "\\".join("" if each is None else str(each) for each in values).encode("utf-8", "replace")


def _packed(form: str, values: list[Any]) -> bytes:
    number: Callable[[Any], float] = float if form[1] in "fd" else int
    return b"".join(struct.pack(form, number(each)) for each in values if each is not None)


def _names(values: list[Any]) -> bytes:
    return _text([_name(each) for each in values])


def _name(told: Any) -> str:
    if not isinstance(told, Mapping):
        return str(told or "")
    return "=".join(str(told.get(group, "")) for group in _GROUPS).rstrip("=")


def _unreadable(what: str) -> HubError:
    return HubError(Category.UNREADABLE, f"the metadata {what}", code="no-dicom")
