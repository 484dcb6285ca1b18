"""A message taken apart for people: every segment, field, component and subcomponent that holds something, by name."""

from __future__ import annotations

from collections.abc import Iterator

from hub.kernel.ports import Dissector
from hub.kernel.types import Part
from mappings.hl7v2.charset import decode
from mappings.hl7v2.dictionary import Entry, component_entry, field_entry
from mappings.hl7v2.escapes import unescape
from mappings.hl7v2.parser import Message, Repetition, Segment, parse
from mappings.hl7v2.place import position
from mappings.hl7v2.profile import Profile


def dissector(profile: Profile) -> Dissector:
    """Takes messages of one feed apart. What it returns raises HubError UNREADABLE for what cannot be parsed."""

    def take_apart(raw: bytes) -> tuple[Part, ...]:
        text, charset, _ = decode(raw, profile.charset)
        message = parse(text, charset)
        return tuple(_segment(message, segment) for segment in message.segments)

    return take_apart


def _segment(message: Message, segment: Segment) -> Part:
    at = position(message, segment)
    fields = (part for n, raw in enumerate(segment.fields()) if n and raw for part in _field(at, segment, n))
    return Part(at=at, parts=tuple(fields))


def _field(at: str, segment: Segment, n: int) -> Iterator[Part]:
    entry = field_entry(segment.name, n)
    for number, repetition in enumerate(segment.repetitions(n), 1):
        if repetition.text:
            yield _repetition(f"{at}-{n}[{number}]", segment.raw(n), entry, repetition)


def _repetition(at: str, field: str, entry: Entry, repetition: Repetition) -> Part:
    """A field of one component is a leaf, as in the conversion report."""
    components = repetition.components()
    separator = repetition.separators.subcomponent
    if len(components) == 1 and not (separator and separator in repetition.text):
        return _leaf(at, entry, repetition.text, repetition, field)
    parts = []
    for number, raw in enumerate(components, 1):
        if raw:
            inner = component_entry(entry.type, number)
            where = f"{at}.{number}"
            if separator and separator in raw:
                parts.append(_component(where, inner, raw.split(separator), repetition, field))
            else:
                parts.append(_leaf(where, inner, raw, repetition, field))
    return Part(at=at, name=entry.name, type=entry.type, parts=tuple(parts))


def _component(at: str, entry: Entry, texts: list[str], repetition: Repetition, field: str) -> Part:
    parts = [
        _leaf(f"{at}.{n}", component_entry(entry.type, n), text, repetition, field)
        for n, text in enumerate(texts, 1)
        if text
    ]
    return Part(at=at, name=entry.name, type=entry.type, parts=tuple(parts))


def _leaf(at: str, entry: Entry, raw: str, repetition: Repetition, field: str) -> Part:
    text = unescape(raw, repetition.separators)
    return Part(at=at, name=entry.name, type=entry.type, text=text, field=field)
