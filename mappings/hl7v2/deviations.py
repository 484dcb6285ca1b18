"""Where messages depart from the version they declare, by the tables of hl7apy: segments, fields, types, codes.

Only positions and what is wrong are told, never values. hl7apy's own parser is not used: it fails on what it does not
know, and here nothing may. Needs the package hl7apy (extra `check`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import Any, Final, NamedTuple

from hl7apy import SUPPORTED_LIBRARIES

from hub.kernel.errors import HubError
from mappings.hl7v2.charset import decode
from mappings.hl7v2.leaves import field
from mappings.hl7v2.parser import Message, Repetition, Segment, parse
from mappings.hl7v2.profile import DEFAULT, Profile
from mappings.hl7v2.steps.apply import apply
from mappings.hl7v2.translator import event_of

#: What a leaf of a base type must look like; other types take any text.
_FORMS: Final[Mapping[str, re.Pattern[str]]] = {
    "NM": re.compile(r"[+-]?(\d+\.?\d*|\.\d+)\Z", re.ASCII),
    "SI": re.compile(r"\d{1,4}\Z", re.ASCII),
    "DT": re.compile(r"\d{4}(\d\d(\d\d)?)?\Z", re.ASCII),
    "TM": re.compile(r"\d\d(\d\d(\d\d(\.\d{1,4})?)?)?([+-]\d{4})?\Z", re.ASCII),
    "TS": re.compile(r"\d{4}(\d\d(\d\d(\d\d(\d\d(\d\d(\.\d{1,4})?)?)?)?)?)?([+-]\d{4})?\Z", re.ASCII),
}
_FORMS_OF: Final = {"DTM": "TS"}
#: Components that hold a time though hl7apy knows them as a text.
_TIMES: Final = frozenset({"TIME_OF_AN_EVENT", "TIME"})
#: Tables whose codes HL7 defines, and a sender may not add to (those of type ID).
_DEFINED: Final = "ID"


class Deviation(NamedTuple):
    """A place (`PID-8`, `PID-3.5`, a segment, or the message) and what is wrong there."""

    where: str
    what: str


def deviations(raw: bytes, profile: Profile = DEFAULT, *, mended: bool = False) -> tuple[str, Counter[Deviation]]:
    """The version a message declares, and what departs from it, `mended`: after the steps of the profile.

    Never raises.
    """
    text, charset, _ = decode(raw, profile.charset)
    try:
        message = parse(text, charset)
        if mended:
            message = apply(message, event_of(message), profile.steps).message
    except HubError as error:
        return "", Counter([Deviation(error.where or "message", error.what)])
    version = field(message.segments[0], 12)
    if version not in SUPPORTED_LIBRARIES:
        return "", Counter([Deviation("MSH-12", "declares no version of HL7 v2")])
    return version, Counter(_of_message(message, version))


def _of_message(message: Message, version: str) -> Iterator[Deviation]:
    yield from _of_structure(message, version)
    for segment in message.segments:
        yield from _of_segment(segment, version)


def _of_structure(message: Message, version: str) -> Iterator[Deviation]:
    name = _structure_name(message, version)
    if not name:
        yield Deviation("MSH-9", f"is no message of version {version}")
        return
    required, known = _segments_of(name, version)
    there = {segment.name for segment in message.segments}
    for missing in sorted(required - there):
        yield Deviation(missing, f"is missing and required in {name}")
    for segment in message.segments:
        if segment.name not in known and not segment.name.startswith("Z"):
            yield Deviation(segment.name, f"does not belong to {name}")


def _structure_name(message: Message, version: str) -> str:
    """The message structure: as stated, by its event, or that of the events alike; "" for an unknown one."""
    msh, messages = message.segments[0], _library(version).MESSAGES
    kind, event, stated = field(msh, 9), field(msh, 9, 2) or field(message.first("EVN"), 1), field(msh, 9, 3)
    alike = f"{kind}_{_ALIKE.get(f'{kind}_{event}', '')}"
    return next((name for name in (stated, f"{kind}_{event}", alike, kind) if name in messages), "")


#: Events that share the structure of another (HL7 v2.5.1 appendix A, message structures).
_ALIKE: Final = {
    **{f"ADT_A{event}": "A01" for event in ("04", "08", "13")},
    **{f"ADT_A{event}": "A05" for event in ("14", "28", "31")},
    **{f"ADT_A{event}": "A09" for event in ("10", "11", "12")},
    **{f"ADT_A{event}": "A21" for event in ("22", "23", "25", "26", "27", "29", "32", "33")},
    **{f"ADT_A{event}": "A39" for event in ("40", "41", "42")},
    **{f"ADT_A{event}": "A43" for event in ("44",)},
    **{f"ADT_A{event}": "A50" for event in ("51",)},
    **{
        f"SIU_S{event}": "S12"
        for event in ("13", "14", "15", "16", "17", "18", "19", "20", "21", "22", "23", "24", "26")
    },
    **{f"MDM_T{event}": "T01" for event in ("03", "05", "07", "09", "11")},
    **{f"MDM_T{event}": "T02" for event in ("04", "06", "08", "10")},
}


@cache
def _segments_of(name: str, version: str) -> tuple[frozenset[str], frozenset[str]]:
    """The segments a structure must have, and all it may have."""
    required: set[str] = set()
    known: set[str] = set()

    def walk(children: Any, needed: bool) -> None:
        for child, reference, (least, _), kind in children:
            if kind == "GRP":
                walk(reference[1], needed and least > 0)
                continue
            known.add(child)
            if needed and least > 0:
                required.add(child)

    walk(_library(version).MESSAGES[name][1], True)
    return frozenset(required), frozenset(known)


def _of_segment(segment: Segment, version: str) -> Iterator[Deviation]:
    name = segment.name
    if name.startswith("Z"):
        return
    reference = _library(version).SEGMENTS.get(name)
    if reference is None:
        yield Deviation(name, f"is no segment of version {version}")
        return
    fields = _numbered(reference[1])
    for n, raw in enumerate(segment.fields()):
        if n and raw and n not in fields:
            yield Deviation(f"{name}-{n}", f"is no field of version {version}")
    for n, (_, (least, most)) in fields.items():
        if segment.raw(n) in {"", '""'}:
            if least > 0:
                yield Deviation(f"{name}-{n}", "is empty and required")
        elif not (name == "MSH" and n < 3):
            yield from _of_field(segment, n, fields[n][0], most, version)


def _numbered(children: Any) -> dict[int, tuple[Any, tuple[int, int]]]:
    """Definition and cardinality by number: `PID_3` is 3."""
    return {int(name.rpartition("_")[2]): (reference, counts) for name, reference, counts, _ in children}


def _of_field(segment: Segment, n: int, reference: Any, most: int, version: str) -> Iterator[Deviation]:
    where = f"{segment.name}-{n}"
    repetitions = [each for each in segment.repetitions(n) if each.text]
    if most == 1 and len(repetitions) > 1:
        yield Deviation(where, "repeats and may not")
    for repetition in repetitions:
        yield from _of_repetition(repetition, where, reference, version)


def _of_repetition(repetition: Repetition, where: str, reference: Any, version: str) -> Iterator[Deviation]:
    parts = repetition.components()
    if reference[0] != "sequence":
        if reference[2] == "varies":
            return
        if len(parts) > 1 and reference[2] not in {"TX", "FT", "ST"}:
            yield Deviation(where, f"has components, and type {reference[2]} has none")
        yield from _of_leaf(repetition.get(1), where, reference, version)
        return
    components = _numbered(reference[1])
    for n, raw in enumerate(parts, 1):
        if raw and n not in components:
            yield Deviation(f"{where}.{n}", f"is no component of type {reference[2]}")
    for n, (component, (least, _)) in components.items():
        text = repetition.get(n)
        if text and component[0] != "sequence":
            yield from _of_leaf(text, f"{where}.{n}", component, version)
        elif not text and least > 0:
            yield Deviation(f"{where}.{n}", "is empty and required")


def _of_leaf(text: str, where: str, reference: Any, version: str) -> Iterator[Deviation]:
    kind, name, coded = reference[2], reference[3], reference[4]
    form = "TS" if name in _TIMES else _FORMS_OF.get(kind, kind)
    pattern = _FORMS.get(form)
    if text != '""' and pattern is not None and not pattern.match(text):
        yield Deviation(where, f"is no {'time' if form == 'TS' else kind}")
    if kind == _DEFINED and coded and text != '""':
        tables = getattr(_library(version), "TABLES", {})  # the versions before 2.3.1 come without
        codes = tables.get(coded, ("", ()))[1]
        if codes and text not in codes:
            yield Deviation(where, f"is no code of table {coded.removeprefix('HL7')}")


@cache
def _library(version: str) -> Any:
    return import_module(SUPPORTED_LIBRARIES[version])
