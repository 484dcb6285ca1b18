"""Bytes of a message to text: by the profile, by MSH-18 where it tells the truth, else by what the bytes are.

Chinese senders leave MSH-18 empty, write `UNICODE`, `false` or `GB2312`, and send UTF-8 or GBK whatever they wrote.
Messages are framed on bytes, decoded here, and only then split: the second byte of a GBK character may look like a
delimiter. Nothing is refused here: bytes that are no character become U+FFFD and an issue (the raw bytes are kept).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from hub.kernel.types import Issue
from mappings.hl7v2.charset_names import GB, UTF_8, codec_named

_HEADER: Final = re.compile(r"MSH([^\w\s])([^\r\n]*)")
#: Bytes in which MSH is looked for when the text cannot be read yet.
_HEAD: Final = 4096
_HIGH_BYTES: Final = bytes(range(0x80, 0x100))
_HIGH_RUNS: Final = re.compile(rb"[\x80-\xff]+")
#: What every hanzi of GB 2312 has; an accented Latin letter before ASCII, read as GBK, has not.
_HIGH_PAIR: Final = re.compile(rb"[\x80-\xff]{2}")
_UTF_8_HANZI: Final = re.compile(rb"[\xe3-\xe9][\x80-\xbf]{2}")
#: Characters of UTF-8 that hanzi of GB 18030 may be by accident: of two bytes, and of planes that hold none.
_ACCIDENTS: Final = re.compile("[\x80-\u07ff\U00040000-\U0010ffff]")
_CERTAIN: Final = re.compile("[\u0800-\U0003ffff]")
#: ISO 2022 escapes to JIS X 0208 or 0212 (MSH-18 repetitions 2 and on name them, MSH-20 is empty for want of others).
_JAPANESE: Final = re.compile(rb"\x1b\$(?:[@B]|\(D)")
_UNKNOWN: Final = "\ufffd"
_LATIN_1: Final = "iso8859-1"


class Decoded(NamedTuple):
    """Text of a message, the Python codec it was read with, and what deserves a look."""

    text: str
    charset: str
    issues: tuple[Issue, ...]


def decode(raw: bytes, profile_charset: str | None = None) -> Decoded:
    """Read `raw` as text; `profile_charset` (a codec) overrules both MSH-18 and the bytes. Never raises."""
    if profile_charset is not None:
        return _settled(raw, profile_charset, ())
    if raw.isascii():
        if _JAPANESE.search(raw):
            return _settled(raw, "iso2022_jp_2", ())
        text = raw.decode("ascii")
        return Decoded(text, codec_named(_declaration(text)) or UTF_8, ())
    if raw[:2] in {b"\xff\xfe", b"\xfe\xff"}:  # the mark of UTF-16: it comes in files, never in MLLP frames
        return _settled(raw, "utf-16", ())
    return _found_out(raw)


def _found_out(raw: bytes) -> Decoded:
    as_utf_8 = _strict(raw, UTF_8)
    declaration = _declaration(raw[:_HEAD].decode(_LATIN_1) if as_utf_8 is None else as_utf_8)
    declared = codec_named(declaration)
    charset, text = _of_bytes(raw, as_utf_8, declared)
    issues = []
    if declared is not None and charset != declared:
        issues.append(_issue("charset-mismatch", f"MSH-18 declares {declared}, the bytes are {charset}"))
    elif declaration and declared is None and declaration.upper() != "UNICODE":
        issues.append(_issue("charset-unknown", f"MSH-18 names no character set; read as {charset}", "information"))
    return _settled(raw, charset, tuple(issues), text)


def _of_bytes(raw: bytes, as_utf_8: str | None, declared: str | None) -> tuple[str, str | None]:
    """The codec the bytes are in, and the text if that is known already."""
    if as_utf_8 is not None and not _accidental(as_utf_8, raw, declared):
        return UTF_8, as_utf_8
    kept_word = declared == GB and _strict(raw, GB) is not None
    if as_utf_8 is None and not kept_word and _is_damaged_utf_8(raw):
        return UTF_8, None
    if declared not in {None, UTF_8, GB, "ascii"} and not (_is_single_byte(declared) and _looks_chinese(raw)):
        as_declared = _strict(raw, declared)
        if as_declared is not None:
            return declared, as_declared
    as_gb = _strict(raw, GB)
    if as_gb is None:
        return _western(raw) or _least_damage(raw, declared), None
    return (GB, as_gb) if declared == GB or _HIGH_PAIR.search(raw) else (_LATIN_1, None)


def _settled(raw: bytes, charset: str, issues: tuple[Issue, ...], text: str | None = None) -> Decoded:
    """Decode with the codec that was chosen, and add what is wrong with the result."""
    if text is None:
        text = raw.decode(charset, "replace")
    return Decoded(text, charset, issues + tuple(_defects(raw, text, charset)))


def _defects(raw: bytes, text: str, charset: str) -> Iterator[Issue]:
    if _UNKNOWN in text and _strict(raw, charset) is None:
        yield _issue(
            "charset-bytes", f"{text.count(_UNKNOWN)} places hold bytes that are no {charset} character", "error"
        )
    if charset == GB and _delimiter_like().search(text):
        yield _issue("charset-delimiter", "a character ends in the byte of a delimiter: was a field cut within one?")


def _declaration(text: str) -> str:
    """First repetition of MSH-18 as it stands, or ""."""
    header = _HEADER.search(text)
    if header is None:
        return ""
    fields = header[2].split(header[1])
    if len(fields) < 17:
        return ""
    repetition = fields[0][1:2]
    return (fields[16].split(repetition)[0] if repetition else fields[16]).strip()


def _accidental(text: str, raw: bytes, declared: str | None) -> bool:
    """Whether bytes that are valid UTF-8 are rather GB 18030.

    Characters of three bytes do not come about by accident. Two hanzi of GB 2312 in five are also a valid two-byte
    character when alone, so a message with one short Chinese name can be both: with fewer than four different
    such characters it is UTF-8 only if MSH-18 says so, or if they are what laboratories write (Latin-1, Greek).
    """
    if declared == UTF_8 or _CERTAIN.search(text) or _strict(raw, GB) is None:
        return False
    characters = set(_ACCIDENTS.findall(text))
    return declared == GB or (
        len(characters) < 4 and not all("\xa0" <= c <= "\xff" or "\u0391" <= c <= "\u03c9" for c in characters)
    )


def _is_damaged_utf_8(raw: bytes) -> bool:
    """Whether most bytes above ASCII are whole UTF-8 hanzi: a sender cut a field within one. GB 18030 would often
    read such bytes without complaint, and wrongly."""
    hanzi = len(_UTF_8_HANZI.findall(raw))
    return hanzi > 0 and 6 * hanzi > len(raw) - len(raw.translate(None, _HIGH_BYTES))


def _looks_chinese(raw: bytes) -> bool:
    """Whether the bytes above ASCII stand in pairs, four or more, as in GB 2312 and hardly ever in Latin text."""
    runs = [len(run) for run in _HIGH_RUNS.findall(raw)]
    return sum(runs) >= 4 and all(length % 2 == 0 for length in runs) and _strict(raw, "gb2312") is not None


def _is_single_byte(charset: str | None) -> bool:
    """Whether it is one that Chinese senders declare and do not send: Latin and its like, not Korean or Japanese."""
    return charset is not None and charset.startswith(("iso8859", "cp125"))


def _western(raw: bytes) -> str | None:
    """Windows-1252 or ISO 8859-1 if most bytes above ASCII stand alone, as accented letters do and hanzi never."""
    runs = [len(run) for run in _HIGH_RUNS.findall(raw)]
    if 2 * runs.count(1) <= len(runs):
        return None
    return "cp1252" if _strict(raw, "cp1252") is not None else _LATIN_1


def _least_damage(raw: bytes, declared: str | None) -> str:
    """The declared codec or else UTF-8 or GB 18030, whichever leaves fewest bytes unread."""
    candidates = dict.fromkeys([codec for codec in (declared, UTF_8, GB) if codec not in {None, "ascii"}])
    return min(candidates, key=lambda codec: raw.decode(codec or UTF_8, "replace").count(_UNKNOWN)) or UTF_8


def _strict(raw: bytes, charset: str) -> str | None:
    try:
        return raw.decode(charset)
    except UnicodeDecodeError:
        return None


@lru_cache(maxsize=1)
def _delimiter_like() -> re.Pattern[str]:
    """GBK characters whose second byte is `|`, `^`, `~` or the backslash."""
    pairs = (bytes([lead, trail]) for lead in range(0x81, 0xFF) for trail in b"|^~\\")
    return re.compile("[" + "".join(filter(None, (_strict(pair, GB) for pair in pairs))) + "]")


def _issue(code: str, text: str, severity: Literal["error", "warning", "information"] = "warning") -> Issue:
    return Issue(severity=severity, where="MSH-18", code=code, text=text)
