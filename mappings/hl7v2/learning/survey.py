"""What messages of one sender look like, as counts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from hub.kernel.citizen_id import is_citizen_id
from hub.kernel.errors import HubError
from hub.kernel.ids import PUBLIC_KEY, keyed_ids
from hub.kernel.types import UnmappedCode
from mappings.hl7v2.charset import decode
from mappings.hl7v2.datatypes.identifiers import number
from mappings.hl7v2.datatypes.names import is_chinese
from mappings.hl7v2.datatypes.statuses import is_flag
from mappings.hl7v2.engine import Rules
from mappings.hl7v2.habits import CANONICAL_BASE, Habits
from mappings.hl7v2.leaves import field as leaf_of
from mappings.hl7v2.leaves import leaf
from mappings.hl7v2.parser import Message, Repetition, Segment, parse
from mappings.hl7v2.profile import Profile
from mappings.hl7v2.translator import event_of, translate_message

#: Fields that hold identifiers of patients and visits.
_IDENTIFYING: Final = {"PID": (2, 3, 4, 18, 19), "MRG": (1, 2, 4), "PV1": (19, 50)}
_WORD: Final = re.compile(r"[\w.()/ -]{1,24}\Z")
_MANY_DIGITS: Final = re.compile(r"\d{6}")
_EVENT: Final = re.compile(r"[A-Z0-9]{3}(\^[A-Z0-9]{3})?\Z")
_VERSION: Final = re.compile(r"\d(\.\d){1,2}\Z")
_SEGMENT: Final = re.compile(r"Z[A-Z0-9]{2}\Z")
_ZONED: Final = re.compile(r"[+-]\d{4}\Z")
_POSITION: Final = re.compile(r"\[\d+\]")
#: Of a sender of ever new words so many are kept apart; the rest counts as one.
_MOST: Final = 2_000
#: Of so many messages even what came once is told.
_FEW: Final = 20


class Kind(NamedTuple):
    """How an identifier is named: its field, the kind and the authority as sent."""

    at: str
    kind: str
    authority: str


@dataclass(slots=True)
class Shape:
    """What the identifiers of a kind look like: how many, how long, how many are citizen ids by their check digit."""

    count: int = 0
    shortest: int = 0
    longest: int = 0
    numeric: int = 0
    citizens: int = 0

    def add(self, value: str) -> None:
        size = len(value)
        self.shortest = min(self.shortest or size, size)
        self.longest = max(self.longest, size)
        self.count += 1
        self.numeric += value.isascii() and value.isdigit()
        self.citizens += is_citizen_id(value)


@dataclass(slots=True)
class Survey:
    """The counts. Positions are `PID-3`; `codes` counts messages, `flags` digits in OBX-11."""

    messages: int = 0
    patients: int = 0
    unreadable: Counter[str] = field(default_factory=Counter)
    declared: Counter[str] = field(default_factory=Counter)
    charsets: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    versions: Counter[str] = field(default_factory=Counter)
    times: Counter[str] = field(default_factory=Counter)
    kinds: dict[Kind, Shape] = field(default_factory=dict)
    nulls: Counter[str] = field(default_factory=Counter)
    names: Counter[str] = field(default_factory=Counter)
    flags: Counter[str] = field(default_factory=Counter)
    z_fields: Counter[str] = field(default_factory=Counter)
    issues: Counter[tuple[str, str]] = field(default_factory=Counter)
    codes: Counter[UnmappedCode] = field(default_factory=Counter)


def look(raw: bytes, survey: Survey, profile: Profile, rules: Rules) -> None:
    """Count one message; `profile` is what is known of the sender already. Never raises."""
    survey.messages += 1
    text, charset, issues = decode(raw, profile.charset)
    try:
        message = parse(text, charset)
        translation = translate_message(message, _habits(profile), rules, issues, with_report=False)
    except HubError as error:
        survey.unreadable[error.code] += 1
        return
    except Exception as error:  # a defect of the mapping must not stop the survey
        survey.unreadable[type(error).__name__] += 1
        return
    survey.charsets[charset if not raw.isascii() else "ascii"] += 1
    _header(message, survey)
    for segment in message.segments:
        _segment(segment, survey)
    survey.issues.update({(issue.code, _POSITION.sub("", issue.where)) for issue in translation.issues})
    survey.codes.update(translation.unmapped)


def _habits(profile: Profile) -> Habits:
    return Habits(facility="F", ids=keyed_ids(PUBLIC_KEY), canonical_base=CANONICAL_BASE, profile=profile)


def _header(message: Message, survey: Survey) -> None:
    msh = message.segments[0]
    survey.events[_shown(event_of(message), _EVENT)] += 1
    survey.versions[_shown(leaf_of(msh, 12), _VERSION)] += 1
    survey.declared[_word(leaf_of(msh, 18))] += 1
    time = leaf_of(msh, 7)
    survey.times["none" if not time else "with a zone" if _ZONED.search(time) else "without a zone"] += 1


def _segment(segment: Segment, survey: Survey) -> None:
    name = segment.name
    for n, raw in enumerate(segment.fields()):
        if n and raw == '""':
            survey.nulls[f"{name}-{n}"] += 1
        if n and raw and _SEGMENT.match(name):
            _capped(survey.z_fields, f"{name}-{n}")
    for n in _IDENTIFYING.get(name, ()):
        for repetition in segment.repetitions(n):
            _identifier(f"{name}-{n}", repetition, survey)
    if name == "OBX" and leaf_of(segment, 11).isdigit() and is_flag(leaf_of(segment, 11)):
        survey.flags[leaf_of(segment, 11)] += 1
    if name == "PID":
        survey.patients += 1
        for repetition in segment.repetitions(5)[:1]:
            survey.names[_form_of_name(repetition)] += 1


def _identifier(at: str, repetition: Repetition, survey: Survey) -> None:
    found = number(repetition)
    if found is None:
        return
    authority = next((part for part in found.authority if part), "")
    kind = Kind(at, _word(found.kind), _word(authority))
    if kind in survey.kinds or len(survey.kinds) < _MOST:
        survey.kinds.setdefault(kind, Shape()).add(found.value)


def _form_of_name(name: Repetition) -> str:
    family, given = leaf(name, 1), leaf(name, 2)
    if not is_chinese(family):
        return "other"
    return "in two parts" if is_chinese(given) else "whole, with letters beside it" if given else "whole"


def _word(text: str) -> str:
    """A text that looks like a word of a vendor; what may be a number of a person is not told."""
    return "" if not text else text if _WORD.match(text) and not _MANY_DIGITS.search(text) else "(something else)"


def _shown(text: str, pattern: re.Pattern[str]) -> str:
    return text if pattern.match(text) else "(something else)" if text else "(nothing)"


def _capped(counts: Counter[str], key: str) -> None:
    if key in counts or len(counts) < _MOST:
        counts[key] += 1


def kinds_of(survey: Survey) -> Iterator[tuple[Kind, Shape]]:
    """Kinds of identifiers by field, the most frequent first; one that came once in many messages is a slip."""
    least = 1 if survey.messages <= _FEW else 2
    found = [pair for pair in survey.kinds.items() if pair[1].count >= least]
    yield from sorted(found, key=lambda pair: (pair[0].at, -pair[1].count, pair[0]))
