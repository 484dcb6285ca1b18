"""HL7 v2 text to segments, fields, repetitions, components and leaves: lossless, and split only when asked.

Splitting goes by the message's own delimiters and comes before unescaping, so an escaped delimiter never splits.
Every list is made once and kept: reading all parts of a message is linear in its length, whatever its shape.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from hub.kernel.errors import Category, HubError
from mappings.hl7v2.escapes import unescape
from mappings.hl7v2.separators import HEADERS, Separators, declared, standard

_HEADER: Final = re.compile(r"MSH([^\w\s])([^\r\n]*)")
#: For want of a header as it should be: its name in lower case, at the start of a line.
_SMALL_HEADER: Final = re.compile(r"(?:\A|(?<=[\r\n]))[ \t]*(?i:MSH)(\|)([^\r\n]*)")
_SEGMENT_START: Final = re.compile(r"[A-Z][A-Z0-9]{2}")
#: Names that begin a segment in lower case too; other small letters in front of a delimiter are text.
_SMALL_NAMES: Final = re.compile(
    "(?i:MSH|EVN|PID|PD1|NK1|PV1|PV2|MRG|AL1|DG1|PR1|IN1|GT1|ORC|OBR|OBX|NTE|TQ1|SPM|SAC|SCH|RGS|AIS|AIG|AIL|AIP|TXA"
    "|RXA|RXE|RXO|RXR|FT1)"
)
_NULL: Final = '""'


class Repetition:
    """One repetition of a field. `text` is raw; leaves come out unescaped. Positions count from 1."""

    __slots__ = ("_components", "_leaves", "separators", "simple", "text")

    def __init__(self, text: str, separators: Separators) -> None:
        self.text = text
        self.separators = separators
        self.simple: list[str] | None = None
        self._components: list[str] | None = None
        self._leaves: dict[int, list[str]] | None = None

    @property
    def is_null(self) -> bool:
        """Whether it says "" (HL7's delete), which is another thing than being empty."""
        return self.text == _NULL

    def components(self) -> list[str]:
        """Raw texts of the components, at least one."""
        if self._components is None:
            self._components = _split(self.text, self.separators.component)
        return self._components

    def simplify(self) -> list[str]:
        """The components, if each is one leaf that stands as it is meant: without escapes, blanks and controls.

        Else an empty list. Kept as `simple`: most repetitions are such, and are asked again and again.
        """
        text, s = self.text, self.separators
        if text.isalnum():  # nothing in it divides it, or has to be made readable
            self.simple = [text]
        elif s.subcomponent in text or s.escape in text or " " in text or not text.isprintable():
            self.simple = []
        else:
            found = self.components()
            self.simple = found if _NULL not in text else ["" if each == _NULL else each for each in found]
        return self.simple

    def subcomponents(self, comp: int) -> list[str]:
        """Unescaped leaves of component `comp`; none if it is not there. Only what had to be made is kept."""
        components = self._components or self.components()
        raw = components[comp - 1] if 0 < comp <= len(components) else ""
        if not raw:
            return []
        s = self.separators
        if s.subcomponent not in raw and s.escape not in raw:
            return [raw]
        if self._leaves is None:
            self._leaves = {}
        found = self._leaves.get(comp)
        if found is None:
            found = self._leaves[comp] = self._split_leaves(raw)
        return found

    def _split_leaves(self, raw: str) -> list[str]:
        s = self.separators
        if not s.escape or s.escape not in raw:
            return _split(raw, s.subcomponent)
        return [unescape(leaf, s) for leaf in _split(raw, s.subcomponent)]

    def get(self, comp: int, sub: int = 1) -> str:
        """The unescaped leaf, or "" where there is none."""
        leaves = self.subcomponents(comp)
        return leaves[sub - 1] if 0 < sub <= len(leaves) else ""

    def plain(self) -> str:
        """The whole repetition as one text, unescaped and not split: for primitive types such as ST, TX and FT."""
        return unescape(self.text, self.separators)


class Segment:
    """One segment. `position` counts from 1 in the message, `ordinal` among the segments of its name.

    Field numbers are those of the standard: in MSH, FHS and BHS field 1 is the separator itself.
    """

    __slots__ = ("_fields", "_repetitions", "name", "ordinal", "position", "separators", "text")

    def __init__(self, name: str, text: str, position: int, ordinal: int, separators: Separators) -> None:
        self.name = name
        self.text = text
        self.position = position
        self.ordinal = ordinal
        self.separators = separators
        self._fields: list[str] | None = None
        self._repetitions: dict[int, list[Repetition]] | None = None

    def _split_fields(self) -> list[str]:
        separator = self.separators.field
        fields = self.text.split(separator)
        if self.name in HEADERS:
            fields.insert(1, separator)
        self._fields = fields
        return fields

    @property
    def fields_count(self) -> int:
        """Number of the last field that stands in the text, empty or not."""
        return len(self._fields or self._split_fields()) - 1

    def fields(self) -> list[str]:
        """All fields as `raw` gives them, the name at 0; not to be changed."""
        return self._fields or self._split_fields()

    def raw(self, n: int) -> str:
        """Field `n` as it stands, escapes and delimiters included; "" beyond the end. 0 is the segment's name."""
        fields = self._fields or self._split_fields()
        return fields[n] if n < len(fields) else ""

    def repetitions(self, n: int) -> list[Repetition]:
        """The repetitions of field `n`; an empty field has none, an empty repetition among others is kept."""
        found = self._repetitions.get(n) if self._repetitions else None
        return self._split_repetitions(n) if found is None else found

    def _split_repetitions(self, n: int) -> list[Repetition]:
        fields = self._fields or self._split_fields()
        raw = fields[n] if n < len(fields) else ""
        if not raw:
            return []
        separators = self.separators if n > 2 or self.name not in HEADERS else _UNDIVIDED
        separator = separators.repetition
        if not separator or separator not in raw:
            found = [Repetition(raw, separators)]
        else:
            found = [Repetition(text, separators) for text in raw.split(separator)]
        if self._repetitions is None:
            self._repetitions = {}
        self._repetitions[n] = found
        return found

    def forget(self) -> None:
        """Let go of all that was split; what is asked for again is split again."""
        self._fields = None
        self._repetitions = None

    def get(self, n: int, rep: int = 1, comp: int = 1, sub: int = 1) -> str:
        """The unescaped leaf at that place, or "" where there is none."""
        repetitions = self.repetitions(n)
        return repetitions[rep - 1].get(comp, sub) if 0 < rep <= len(repetitions) else ""


class Message:
    """A message: its segments in order. The text it was parsed from is not kept: a long one is large."""

    __slots__ = ("_by_name", "segments", "separators")

    def __init__(self, separators: Separators, lines: list[str]) -> None:
        self.separators = separators
        self.segments: list[Segment] = []
        self._by_name: dict[str, list[Segment]] = {}
        for position, line in enumerate(lines, 1):
            name = line[:3]
            same = self._by_name.setdefault(name, [])
            segment = Segment(name, line, position, len(same) + 1, separators)
            same.append(segment)
            self.segments.append(segment)

    def all(self, name: str) -> list[Segment]:
        """The segments of that name, in order."""
        return self._by_name.get(name, [])

    def first(self, name: str) -> Segment | None:
        """The first segment of that name."""
        same = self._by_name.get(name)
        return same[0] if same else None

    def text(self) -> str:
        """The segments as they stand, each ended by CR."""
        return "".join([segment.text + "\r" for segment in self.segments])


class Header(NamedTuple):
    """Where MSH stands in a text, its delimiters, and its fields from MSH-2 on, as they stand."""

    start: int
    end: int
    separators: Separators
    fields: list[str]


def find_header(text: str, charset: str = "utf-8") -> Header:
    """Find MSH and read it alone. Raises HubError UNREADABLE if there is none or its delimiters cannot be used."""
    found = _header(text)
    separator, rest = found.groups()
    fields = rest.split(separator)
    return Header(found.start(), found.end(), declared(separator, fields[0], charset), fields)


def _header(text: str) -> re.Match[str]:
    found = _HEADER.search(text) or _SMALL_HEADER.search(text)
    if found is None:
        raise HubError(
            Category.UNREADABLE, "no MSH segment", where="MSH", todo="send HL7 v2 in ER7 form", code="no-msh"
        )
    return found


#: The two fields that declare the delimiters are not divided by them.
_UNDIVIDED: Final = Separators("|", "", "", "", "")


def parse(text: str, charset: str = "utf-8", *, standard_delimiters: bool = False) -> Message:
    r"""Parse one message; `charset` is the Python codec of its bytes, which `\X..\` escapes refer to.

    Segments end in CR, LF or CRLF; what stands before MSH is junk, blank lines are nothing, and a line that is no
    segment belongs to the field in which a sender broke it. Segments may be indented, and known ones named in small
    letters. `standard_delimiters` overrules MSH-2. Raises HubError UNREADABLE if there is no MSH, if its delimiters
    cannot be used, or if a second MSH stands in the text.
    """
    header = _header(text)
    separator, rest = header.groups()
    if standard_delimiters:
        separators = standard(separator, charset)
    else:
        separators = declared(separator, rest.partition(separator)[0], charset)
    lines = _lines(text[header.start() :] if header.start() else text, separator)
    message = Message(separators, lines)
    if len(message.all("MSH")) > 1:
        where = f"segment {message.all('MSH')[1].position}"
        raise HubError(Category.UNREADABLE, "a second MSH", where=where, todo="frame each message", code="second-msh")
    return message


def _lines(text: str, separator: str) -> list[str]:
    if "\n" in text:
        text = text.replace("\r\n", "\r").replace("\n", "\r")
    lines = [line for line in text.split("\r") if line]
    for line in lines:
        if line[3:4] != separator or not _SEGMENT_START.match(line):
            return _joined(lines, separator)
    return lines


def _joined(lines: list[str], separator: str) -> list[str]:
    """Lines with those that do not begin a segment put back, after a line feed, to the one before."""
    groups: list[list[str]] = []
    for line in lines:
        begun = _begun(line, separator)
        if begun:
            groups.append([begun])
        elif groups and line.strip():
            groups[-1].append(line)
    return ["\n".join(group) for group in groups]


def _begun(line: str, separator: str) -> str:
    """The segment a line begins, its name as it should be written; "" if it begins none."""
    if _SEGMENT_START.match(line) and line[3:4] in {separator, ""}:
        return line
    bare = line.lstrip(" \t")
    if bare[3:4] == separator and (_SEGMENT_START.match(bare) or _SMALL_NAMES.match(bare)):
        return bare[:3].upper() + bare[3:]
    return ""


def _split(text: str, separator: str) -> list[str]:
    return text.split(separator) if separator else [text]
