"""Patient queries (QBP) read, and the body of their answers (RSP): PDQ and PIX, IHE ITI TF-2, 3.21 and 3.9.

`QBP^Q22` (find candidates) states demographics in QPD-3, as `@PID.5.1^王`; `QBP^Q23` (get corresponding identifiers) a
number. Both are read by the rows and the profile of the feed, as a PID of the same sender would be: what a field means
in a question is what it means in a message. Wildcards and continuation (DSC) are refused, not ignored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal

from hub.kernel.errors import ACK, Category, HubError
from hub.kernel.ids import PUBLIC_KEY, keyed_ids
from hub.kernel.types import AnswerBody, Candidate, Json, PatientQuery
from mappings.hl7v2.charset import decode
from mappings.hl7v2.engine import compile_rules
from mappings.hl7v2.habits import Habits
from mappings.hl7v2.leaves import field
from mappings.hl7v2.outbound import segments
from mappings.hl7v2.outbound.datatypes import Speech
from mappings.hl7v2.outbound.fields import filled
from mappings.hl7v2.outbound.style import Style
from mappings.hl7v2.parser import Message, Repetition, parse
from mappings.hl7v2.profile import Profile
from mappings.hl7v2.translator import translate_message

#: Most candidates one answer holds, as for Patient/$match.
MOST: Final = 20

_KINDS: Final[Mapping[str, Literal["find", "correspond"]]] = {"Q22": "find", "Q23": "correspond"}
_ANSWERS: Final = {"find": "RSP^K22^RSP_K21", "correspond": "RSP^K23^RSP_K23"}
_PARAMETER: Final = re.compile(r"@?PID\.(\d{1,2})(?:\.(\d{1,2}))?(?:\.(\d{1,2}))?\Z")
#: Fields of PID that may be asked by (ITI TF-2, table 3.21.4.1.2.3-2, without accounts and mothers).
_ASKED_BY: Final = frozenset({3, 5, 7, 8, 11, 13})
#: Fields of QPD that name the domains of the numbers wanted.
_DOMAINS: Final = {"find": 8, "correspond": 4}
_ANY: Final = "x"


class QbpFormat:
    """Queries of one feed. Raises HubError for those it cannot read: UNSUPPORTED, INVALID, UNREADABLE."""

    def __init__(self, profile: Profile, facility: str, canonical_base: str) -> None:
        ids = keyed_ids(PUBLIC_KEY)
        self._habits: Final = Habits(facility=facility, ids=ids, canonical_base=canonical_base, profile=profile)
        self._rules: Final = compile_rules(canonical_base, profile.rows)

    def read(self, raw: bytes) -> PatientQuery:
        """What is asked."""
        message = self._parsed(raw)
        kind = _kind(message)
        qpd = message.first("QPD")
        if qpd is None or not qpd.raw(3):
            raise _invalid("states nothing to look for", "QPD-3", "required-field")
        told = qpd.repetitions(3)
        fields = {3: told[0].text} if kind == "correspond" else _fields(told)
        patient = self._patient(message, fields)
        if kind == "correspond" and not patient.get("identifier"):
            raise _invalid("is no identifier", "QPD-3", "identifier")
        return PatientQuery(
            kind=kind,
            patient=patient,
            domains=self._domains(message, qpd.repetitions(_DOMAINS[kind])),
            limit=min(_limit(message), MOST),
        )

    def answer(self, raw: bytes, found: Sequence[Candidate], error: HubError | None) -> AnswerBody:
        """The body of the answer: QAK, the QPD that was asked, and a PID (with QRI where a score is known) for each."""
        message = self._parsed(raw)
        kind = _kind(message)
        style = Style(sender=("", ""), separators=message.separators, codec=message.separators.charset, zone=self._zone)
        qpd = message.first("QPD")
        status = ACK[error.category].code if error is not None else "OK" if found else "NF"
        asked, name = ([qpd.text], qpd.raw(1)) if qpd is not None else ([], "")
        acknowledged = {1: style.leaf(field(qpd, 2)), 2: status, 3: name, 4: "" if error else str(len(found))}
        people = (_candidate if kind == "find" else _numbers)(found, Speech(style=style, resources={}))
        lines = [style.segment("QAK", acknowledged), *asked, *people]
        return AnswerBody(kind=_ANSWERS[kind], body=style.encoded("".join(line + "\r" for line in lines)), error=error)

    @property
    def _zone(self) -> str:
        return self._habits.profile.zone or "+08:00"

    def _parsed(self, raw: bytes) -> Message:
        text, charset, _ = decode(raw, self._habits.profile.charset)
        return parse(text, charset)

    def _patient(self, asked: Message, fields: dict[int, str]) -> Json:
        """The Patient that a PID of these fields is for the feed."""
        separator = asked.separators.field
        pid = separator.join(["PID", *(fields.get(n, "") for n in range(1, max(fields) + 1))])
        text = f"{asked.segments[0].text}\r{pid}\r"
        read = translate_message(parse(text, asked.separators.charset), self._habits, self._rules, with_report=False)
        found = (draft.resource for draft in read.drafts if draft.resource["resourceType"] == "Patient")
        return {name: value for name, value in next(found).items() if name != "id"}

    def _domains(self, asked: Message, repetitions: Sequence[Repetition]) -> tuple[str, ...]:
        """The systems of identifiers that are wanted; none named: all."""
        separators = asked.separators
        rows = [rep.components() for rep in repetitions if rep.text]
        if not rows:
            return ()
        told = separators.repetition.join(separators.component.join([_ANY, *row[1:]]) for row in rows)
        numbers = self._patient(asked, {3: told}).get("identifier", ())
        return tuple(one["system"] for one in numbers if one.get("system"))


def _kind(message: Message) -> Literal["find", "correspond"]:
    event = field(message.segments[0], 9, 2)
    kind = _KINDS.get(event) if field(message.segments[0], 9) == "QBP" else None
    if kind is None:
        raise HubError(
            Category.UNSUPPORTED,
            "this query is not answered",
            where="MSH-9",
            todo="ask with QBP^Q22 or QBP^Q23",
            code="query",
        )
    if any(segment.name == "DSC" and segment.raw(1) for segment in message.segments):
        raise HubError(Category.UNSUPPORTED, "answers are not continued", where="DSC-1", code="continuation")
    return kind


def _fields(told: Sequence[Repetition]) -> dict[int, str]:
    """Fields of a PID from the parameters of QPD-3."""
    places: dict[int, dict[tuple[int, int], str]] = {}
    for number, rep in enumerate(told, 1):
        parts = [*rep.components(), ""]
        match = _PARAMETER.match(parts[0])
        if match is None or int(match[1]) not in _ASKED_BY:
            raise _unsupported("patients are not looked for by this", f"QPD-3[{number}]", "parameter")
        if "*" in parts[1]:
            raise _unsupported("wildcards are not known here", f"QPD-3[{number}]", "wildcard")
        place = (int(match[2] or 1), int(match[3] or 1))
        if parts[1]:
            places.setdefault(int(match[1]), {})[place] = parts[1]
    if not places:
        raise _invalid("states nothing to look for", "QPD-3", "required-field")
    separators = told[0].separators
    return {n: _laid(values, separators.component, separators.subcomponent) for n, values in places.items()}


def _laid(values: dict[tuple[int, int], str], component: str, subcomponent: str) -> str:
    """A field of leaves that are written already, each at its component and subcomponent."""
    rows = []
    for comp in range(1, max(comp for comp, _ in values) + 1):
        subs = {sub: text for (at, sub), text in values.items() if at == comp}
        rows.append(subcomponent.join(subs.get(sub, "") for sub in range(1, max(subs, default=0) + 1)))
    return component.join(rows)


def _limit(message: Message) -> int:
    """RCP-2: how many are wanted at most; the most there may be where nobody says."""
    text = field(message.first("RCP"), 2)
    if not text:
        return MOST
    if not text.isascii() or not text.isdecimal() or not int(text):
        raise _invalid("is no number of records", "RCP-2", "limit")
    return int(text)


def _candidate(found: Sequence[Candidate], speech: Speech) -> Iterator[str]:
    for number, one in enumerate(found, 1):
        yield segments.patient(one.patient, (), speech, number)
        yield speech.style.segment("QRI", {1: "" if one.score is None else str(one.score)})


def _numbers(found: Sequence[Candidate], speech: Speech) -> Iterator[str]:
    """Numbers alone; the name, which PID needs, is one that says nothing (ITI TF-2, 3.9.4.2.2.6)."""
    for one in found:
        fields = filled("PID", one.patient, speech)
        yield speech.style.segment("PID", {3: fields.get(3, ""), 5: _nameless(speech.style)})


def _nameless(style: Style) -> str:
    return style.separators.repetition + style.separators.component * 6 + "S"


def _invalid(what: str, where: str, code: str) -> HubError:
    return HubError(Category.INVALID, what, where=where, code=code)


def _unsupported(what: str, where: str, code: str) -> HubError:
    return HubError(Category.UNSUPPORTED, what, where=where, todo="leave it out", code=code)
