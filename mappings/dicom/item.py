"""Elements of a data set, or of an item of a sequence, as plain values. Nothing here raises for what a value is."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, Final

from pydicom.datadict import dictionary_VR, keyword_for_tag, tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag

from mappings.dicom.charset import Charset, charset

#: Value representations whose text is in the character set of the data set (PS3.5 6.1.2.2).
_TEXTS: Final = frozenset({"SH", "LO", "ST", "LT", "UC", "UT", "PN"})
#: Those whose bytes tell the character set; a code string is ASCII unless somebody has written a word into it.
_SAMPLED: Final = _TEXTS | {"CS"}
_WHOLE: Final = frozenset({"ST", "LT", "UT"})
_PAD: Final = " \0\r\n\t"
#: Characters that no R4 string may hold (R4 datatypes, string), and the mark before UTF-8 that some senders write.
_CONTROLS: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
_UID: Final = re.compile(r"[0-9]+(?:\.[0-9]+)+\Z")
_CHARACTER_SET: Final = 0x00080005


class Item:
    """A data set or an item of a sequence; `depth` counts the sequences around it."""

    __slots__ = ("charset", "dataset", "depth")

    def __init__(self, dataset: Dataset, profile: str | None, outer: Charset | None = None, depth: int = 0) -> None:
        self.dataset = dataset
        self.depth = depth
        if outer is not None and _CHARACTER_SET not in dataset:
            self.charset = outer.within(b"\n".join(_samples(dataset)))
        else:
            terms = self._bytes(_CHARACTER_SET).decode("latin-1").strip(_PAD).split("\\")
            self.charset = charset(terms, b"\n".join(_samples(dataset)), profile)

    def texts(self, keyword: str) -> list[str]:
        """The values of a text element, without padding; the empty ones too where there are several."""
        tag = _tag(keyword)
        raw = self._bytes(tag)
        if not raw:
            return []
        vr = self.vr(tag)
        text = self.charset.decode(raw) if vr in _TEXTS or vr == "UN" or not raw.isascii() else raw.decode("latin-1")
        values = [text] if vr in _WHOLE else text.split("\\")
        return [clean(value) for value in values]

    def text(self, keyword: str) -> str:
        """The first value of a text element, or ""."""
        return next((value for value in self.texts(keyword) if value), "")

    def uid(self, keyword: str) -> str:
        """A unique identifier; "" if there is none or if it is no UID (digits and dots, at most 64)."""
        value = self.text(keyword)
        return value if len(value) <= 64 and _UID.match(value) else ""

    def number(self, keyword: str) -> Decimal | None:
        """The first value of a numeric element with its digits."""
        try:
            value = Decimal(self.text(keyword)) if self.vr(_tag(keyword)) in {"DS", "IS"} else self._binary(keyword)
        except InvalidOperation:
            return None
        return value if value is not None and value.is_finite() and abs(value.adjusted()) < 20 else None

    def whole(self, keyword: str) -> int | None:
        """The first value of a numeric element, if it is a whole number from 0 to 2^31 - 1."""
        value = self.number(keyword)
        return int(value) if value is not None and value == value.to_integral_value() and 0 <= value < 2**31 else None

    def items(self, keyword: str) -> list[Item]:
        """The items of a sequence."""
        return self.items_at(_tag(keyword))

    def items_at(self, tag: int) -> list[Item]:
        if tag not in self.dataset:
            return []
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                value = self.dataset[tag].value
                return [Item(each, None, self.charset, self.depth + 1) for each in value if isinstance(each, Dataset)]
        except Exception:  # a damaged sequence is an empty one; the report says so
            return []

    def first(self, keyword: str) -> Item | None:
        """The first item of a sequence."""
        return next(iter(self.items(keyword)), None)

    def raw(self, keyword: str) -> bytes:
        """The bytes of a value; b"" where it is absent or was left in the file."""
        return self._bytes(_tag(keyword))

    def has(self, keyword: str) -> bool:
        return _tag(keyword) in self.dataset

    def tags(self) -> Iterator[BaseTag]:
        """The tags of this level that hold something."""
        return (tag for tag in sorted(self.dataset.keys()) if not self._is_empty(tag))

    def _is_empty(self, tag: BaseTag) -> bool:
        element: Any = self.dataset.get_item(tag, keep_deferred=True)
        if isinstance(element, RawDataElement):
            return element.length == 0 or (element.value is not None and not element.value.strip(b" \0"))
        return element is None or not element.value

    def vr(self, tag: int) -> str:
        """The value representation of an element, as it states or as the dictionary has it."""
        element: Any = self.dataset.get_item(tag, keep_deferred=True) if tag in self.dataset else None
        stated = element.VR if element is not None else None
        return str(stated) if stated not in {None, "UN"} else _dictionary_vr(tag)

    def _bytes(self, tag: int) -> bytes:
        element: Any = self.dataset.get_item(tag, keep_deferred=True) if tag in self.dataset else None
        value = element.value if element is not None else None
        if isinstance(value, bytes):
            return value
        return b"" if value is None or isinstance(element, RawDataElement) else _written(value)

    def _binary(self, keyword: str) -> Decimal | None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                value = self.dataset[_tag(keyword)].value
            return Decimal(str(value[0] if isinstance(value, list | tuple) else value))
        except Exception:  # absent, or no number
            return None


def clean(text: str) -> str:
    """A text without padding and without characters that no R4 string may hold."""
    return _CONTROLS.sub("", text).strip(_PAD)


def _written(value: Any) -> bytes:
    """A value that was converted already (the reader does so with the character set)."""
    if isinstance(value, str):
        return value.encode()
    try:
        return "\\".join(map(str, value)).encode()
    except TypeError:
        return str(value).encode()


def _samples(dataset: Dataset) -> Iterator[bytes]:
    """The texts of a data set that are not plain ASCII, those of its sequences as they lie in the file."""
    for tag in list(dataset.keys()):
        element: Any = dataset.get_item(tag, keep_deferred=True)
        value = element.value if isinstance(element, RawDataElement) else None
        if not isinstance(value, bytes) or (value.isascii() and b"\x1b" not in value):
            continue
        if (element.VR or _dictionary_vr(tag)) in _SAMPLED:
            yield value


@cache
def _tag(keyword: str) -> int:
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise KeyError(keyword)
    return tag


@cache
def _dictionary_vr(tag: int) -> str:
    try:
        return dictionary_VR(tag)
    except KeyError:
        return "UN"


def position(tag: BaseTag) -> str:
    """A tag as a report names it: `(0010,0010) PatientName`."""
    return f"({tag.group:04X},{tag.element:04X}) {keyword_for_tag(tag)}".rstrip()
