"""Text of DICOM elements (PS3.3 C.12.1.1.2): as (0008,0005) says, unless the bytes say otherwise.

Escapes of ISO 2022 are obeyed wherever they stand, declared or not. Chinese senders label GBK and UTF-8 as Latin-1 or
not at all, or name two sets that exclude each other (`GB18030\\ISO_IR 192`). A whole value is decoded before it is
split: the second byte of a character may look like a delimiter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, NamedTuple

from mappings.dicom.tables import rows

UTF_8: Final = "utf-8"
GB: Final = "gb18030"
LATIN_1: Final = "iso8859-1"
#: Sets that a sender of something else writes because its software always does.
_LATIN: Final = frozenset({LATIN_1, "iso8859-15", "ascii"})
#: Sets of two bytes a character that are written without their escapes where they are declared.
_DOUBLE: Final = frozenset({GB, "euc_kr"})
#: Other scripts, and Latin ones that put one accent beside another (Čížek, Öğüt): their label is believed, because
#: Chinese senders do not write it.
_OTHER: Final = frozenset({"shift_jis", "iso8859-11", *(f"iso8859-{part}" for part in range(2, 10))})
_ESCAPE: Final = re.compile(rb"\x1b(\$\([A-Z]|\$\)[A-Z]|\$[@AB]|[(),\-][A-Za-z])")
_RUN: Final = re.compile(rb"[\x80-\xff]+")
#: Signs that Windows writes among Latin letters (code page 1252).
_QUOTES: Final = frozenset(b"\x80\x85\x91\x92\x93\x94\x96\x97"[n : n + 1] for n in range(8))
#: Signs that Unicode has among its letters; alone they are units.
_SIGNS: Final = frozenset("ªµº")
#: Places of GB 18030 where nobody has put a character.
_PRIVATE: Final = re.compile("[\ue000-\uf8ff]")
_HANZI_UTF_8: Final = re.compile(rb"[\xe3-\xe9][\x80-\xbf]{2}")
#: Bytes of an SH, the shortest of the fields that cut a text.
_SHORT_FIELD: Final = 16
_DELIMITERS: Final = re.compile(rb"([\r\n\t\f\\^=])")
_NAME: Final = re.compile(r"[^A-Z0-9]")


class _Set(NamedTuple):
    codec: str
    escape: bytes
    element: str
    width: int


@dataclass(frozen=True, slots=True)
class Charset:
    """How the texts of a data set are read: the codec of plain bytes, the label, and whether it was believed.

    `problem` is a code of an issue, or "".
    """

    codec: str
    problem: str = ""
    terms: tuple[str, ...] = ()
    given: bool = False

    def within(self, sample: bytes) -> Charset:
        """The character set of an item under the same label, whose texts may tell more than those around it."""
        return self if self.given or not sample or self.codec in {UTF_8, GB} else charset(self.terms, sample)

    def decode(self, raw: bytes) -> str:
        """The text. Never raises: bytes that are no character become U+FFFD."""
        if b"\x1b" in raw and _ESCAPE.search(raw):
            return "".join(_switched(raw, self.codec))
        return _plain(raw, self.codec)


def charset(terms: Sequence[str], sample: bytes, profile: str | None = None) -> Charset:
    """The character set of a data set: `terms` of (0008,0005), `sample` its texts, `profile` a codec that overrules."""
    if profile is not None:
        return Charset(profile, given=True)
    declared = [_declared(term) for term in terms]
    first = declared[0] if declared else ""
    codec = _chosen(terms, declared, sample)
    unknown = "charset-unknown" if None in declared else ""
    plain_label = {first or "ascii"} if first or not any(declared) else {"ascii", *declared}
    if unknown or codec in plain_label:
        return Charset(codec, unknown, tuple(terms))
    return Charset(codec, "charset-mismatch" if any(declared) else "charset-absent", tuple(terms))


def _chosen(terms: Sequence[str], declared: Sequence[str | None], sample: bytes) -> str:
    first = (declared[0] if declared else "") or ""
    plain = _ESCAPE.sub(b"", sample)
    escaped = plain != sample and any(each.escape and each.width == 2 for each in _named(terms))
    if escaped or plain.isascii():
        return first or "ascii"
    return _of_bytes(plain, first, declared)


def _of_bytes(raw: bytes, declared: str, everything: Sequence[str | None]) -> str:
    """The codec the bytes above ASCII are in."""
    if declared in _OTHER:
        return declared
    if _reads(raw, UTF_8) and (declared == UTF_8 or _HANZI_UTF_8.search(raw) or not _is_gb(raw, declared)):
        return UTF_8
    if _HANZI_UTF_8.search(whole := _uncut(raw, UTF_8)) and _reads(whole, UTF_8):
        return UTF_8
    doubles = (codec for codec in (*everything, GB if declared == UTF_8 else "") if codec in _DOUBLE)
    written = next((codec for codec in doubles if codec and _reads(raw, codec)), None)
    if written is None and declared in {UTF_8, GB}:
        return _damaged(raw, declared)
    return written or (GB if _is_gb(raw, declared) else _western(declared))


def _damaged(raw: bytes, declared: str) -> str:
    """Whichever of UTF-8 and GB 18030 leaves fewer bytes unread; Latin-1 where single bytes stand alone."""
    if not _HANZI_UTF_8.search(raw) and all(len(run[0]) == 1 for run in _RUN.finditer(raw)):
        return LATIN_1
    return min((declared or UTF_8, UTF_8, GB), key=lambda codec: raw.decode(codec, "replace").count("\ufffd"))


def _western(declared: str) -> str:
    return declared if declared not in {"", "ascii"} else LATIN_1


def _is_gb(raw: bytes, declared: str) -> bool:
    """Whether bytes labelled Latin, or not at all, are GB 18030: characters of two bytes that no letter touches.

    Accented letters stand alone or beside ASCII letters; hanzi stand in pairs between delimiters. Half of the bytes of
    hanzi are signs in a Latin set, which stand in no name.
    """
    whole = _uncut(raw, GB)
    if declared not in _LATIN | {""} or not _reads(whole, GB) or _PRIVATE.search(whole.decode(GB)):
        return declared == GB
    hanzi = letters = 0
    for run in _RUN.finditer(raw):
        before, after = raw[run.start() - 1 : run.start()], raw[run.end() : run.end() + 1]
        if _is_no_word(run[0], before, after):
            hanzi += len(run[0]) // 2 + 2
        elif _holds_signs(run[0], before, declared):
            hanzi += len(run[0]) // 2 + 1
        elif run[0][0] >= 0xE0 and len(run[0]) == 1 and after.isupper() and not before.isalpha():
            hanzi += 1
        elif len(run[0]) == 1 or (len(run[0]) == 2 and (before.islower() or after.islower())):
            letters += 1
        elif len(run[0]) % 2 == 0 or b"\x40" <= after <= b"\x7e":
            hanzi += len(run[0]) // 2
    return hanzi > letters and (hanzi > 1 or declared == "")


def _is_no_word(run: bytes, before: bytes, after: bytes) -> bool:
    """Whether bytes that stand together can be no part of a word in the west of Europe: none is two accented letters
    alone, and none begins with three. They are a surname, which is common where the rest of the name is rare.
    """
    return not (before.isalnum() or after.isalnum()) if len(run) == 2 else len(run) > 2 and not before.isalpha()


def _holds_signs(run: bytes, before: bytes, declared: str) -> bool:
    """Whether bytes that stand together, or one that begins a word, are no letters in the Latin set they are under."""
    if len(run) == 1 and (before.isalnum() or run in _QUOTES):
        return False
    text = run.decode(declared if declared in _LATIN - {"ascii"} else LATIN_1, "replace")
    return not text.isalpha() or (len(run) > 1 and not _SIGNS.isdisjoint(text))


def _uncut(raw: bytes, codec: str) -> bytes:
    """Texts without the beginning of a character at the end of one that was cut at the length of its field."""
    return b"\n".join(
        next(
            (
                text[:end]
                for end in range(len(text), max(len(text) - 4, _SHORT_FIELD - 2), -1)
                if _reads(text[:end], codec)
            ),
            text,
        )
        for text in raw.split(b"\n")
    )


def _reads(raw: bytes, codec: str) -> bool:
    try:
        raw.decode(codec)
    except UnicodeDecodeError:
        return False
    return True


def _plain(raw: bytes, codec: str) -> str:
    try:
        return raw.decode(codec)
    except UnicodeDecodeError:
        return raw.decode(UTF_8 if codec == "ascii" else codec, "replace")


def _switched(raw: bytes, initial: str) -> Iterator[str]:
    """Text with escapes: G0 and G1 as they were designated last.

    A delimiter brings back the set of the beginning (PS3.5 6.1.2.5.3), unless that has no letters above ASCII: then
    a sender who wrote its escape only once is understood.
    """
    g0, g1 = "ascii", initial
    place = 0
    for escape in _ESCAPE.finditer(raw):
        yield from _stretch(raw[place : escape.start()], g0, g1, initial)
        if g0 == "ascii" and initial not in {"ascii", "shift_jis"} and _DELIMITERS.search(raw[place : escape.start()]):
            g1 = initial
        to = _by_escape().get(escape[1])
        if to is not None and to.element == "G0":
            g0 = to.codec
        elif to is not None:
            g1 = to.codec
        place = escape.end()
    yield from _stretch(raw[place:], g0, g1, initial)


def _stretch(raw: bytes, g0: str, g1: str, initial: str) -> Iterator[str]:
    """Text of bytes between two escapes."""
    if ":" in g0:
        codec, escape = g0.split(":")
        for part, high in _parts(raw):
            yield _plain(part, g1) if high else _japanese(part, codec, bytes.fromhex(escape))
        return
    back = initial if initial not in {"ascii", "shift_jis"} else g1
    for index, part in enumerate(_DELIMITERS.split(raw)):
        yield part.decode("ascii") if index % 2 else _plain(part, g1 if index == 0 else back)


def _parts(raw: bytes) -> Iterator[tuple[bytes, bool]]:
    for found in re.finditer(rb"[\x80-\xff]+|[\x00-\x7f]+", raw):
        yield found[0], found[0][0] >= 0x80


def _japanese(raw: bytes, codec: str, escape: bytes) -> str:
    return (b"\x1b" + escape + raw + b"\x1b(B").decode(codec, "replace")


def _declared(term: str) -> str | None:
    """The codec a term of (0008,0005) names; "" for none, None for a word nobody knows."""
    if not term.strip():
        return ""
    found = _by_name().get(_key(term))
    return found.codec.split(":")[0] if found else None


def _named(terms: Sequence[str]) -> list[_Set]:
    return [found for term in terms if (found := _by_name().get(_key(term))) is not None]


def _key(term: str) -> str:
    """A term as it is compared: `ISO 2022 IR 58`, `ISO_IR 58` and `iso-ir-58` name the same characters."""
    return _NAME.sub("", term.upper()).replace("ISO2022IR", "ISOIR")


def _table(key: Callable[[str, str], object]) -> dict[object, _Set]:
    return {
        key(row["term"], row["escape"]): _Set(
            row["codec"], bytes.fromhex(row["escape"]), row["element"], int(row["width"])
        )
        for row in rows("character-sets")
    }


@cache
def _by_name() -> dict[object, _Set]:
    return _table(lambda term, _: _key(term))


@cache
def _by_escape() -> dict[object, _Set]:
    return _table(lambda _, escape: bytes.fromhex(escape))
