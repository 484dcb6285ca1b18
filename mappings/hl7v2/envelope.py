"""What an inbox and an acknowledgement need to know of a message, peeked from its bytes without a full parse.

Identity is MSH-10 with MSH-7. A message without MSH-10 is identified by the hash of its bytes, so that the same bytes
are a duplicate and nothing is a conflict; so is one that has a problem, because it will come again, mended, under the
MSH-10 it has. Lanes are the values of all identifiers of the patient: PID-2 to PID-4 and
MRG-1, MRG-2, MRG-4. The assigning authority is no part of a lane, because senders leave it out in one message and
state it in the next, most of all in merges: two patients who share a number wait for each other once in a while, one
patient's messages never overtake each other.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from hub.kernel.errors import Category, HubError
from hub.kernel.ports import EnvelopeReader
from hub.kernel.types import Envelope
from mappings.hl7v2.charset import decode
from mappings.hl7v2.parser import find_header
from mappings.hl7v2.profile import DEFAULT, Profile
from mappings.hl7v2.separators import Separators

_IDENTIFYING: Final = {"PID": (2, 3, 4), "MRG": (1, 2, 4)}
#: Identifiers of one message that an inbox has to keep in order; no patient has nearly as many.
MOST_LANES: Final = 256

#: Fields of MSH an acknowledgement may need, as `Envelope.header` names them.
_NAMES: Final = tuple(f"MSH-{n}" for n in range(1, 22))


def read_envelope(raw: bytes, profile: Profile = DEFAULT) -> Envelope:
    """Peek at a message. Never raises: `Envelope.problem` says why it cannot be read or is refused.

    Problems: UNREADABLE (no header, unusable delimiters, two messages in one), INVALID (no message type),
    UNSUPPORTED (an event or a version the profile does not take), TOO_LARGE (identifiers beyond all reason).
    """
    text, charset, _ = decode(raw, profile.charset)
    try:
        header = find_header(text, charset)
    except HubError as error:
        return Envelope(identity=_hash(raw), charset=charset, problem=error)
    fields = dict(zip(_NAMES, [header.separators.field, *header.fields], strict=False))
    body = text[header.end :]
    if "\n" in body:
        body = body.replace("\n", "\r")
    kind = _kind(fields, body, header.separators)
    lanes = tuple(dict.fromkeys(_lanes(body, header.separators, profile)))
    problem = _problem(kind, fields, body, header.separators, profile) or _too_many(lanes)
    return Envelope(
        identity=(problem is None and _identity(fields)) or _hash(raw),
        kind=kind,
        lanes=lanes[:MOST_LANES],
        charset=charset,
        header=fields,
        problem=problem,
    )


def envelope_reader(profile: Profile) -> EnvelopeReader:
    """The reader of one feed."""

    def read(raw: bytes) -> Envelope:
        return read_envelope(raw, profile)

    return read


def _identity(fields: dict[str, str]) -> str:
    control = fields.get("MSH-10", "").strip()
    return f"{control}|{fields.get('MSH-7', '').strip()}" if control else ""


def _hash(raw: bytes) -> str:
    return "sha256:" + hashlib.sha256(raw).hexdigest()


def _kind(fields: dict[str, str], body: str, separators: Separators) -> str:
    """`ADT^A01` from MSH-9; the event from EVN-1 where MSH-9 has none (versions before 2.3)."""
    parts = _split(fields.get("MSH-9", ""), separators.component)
    event = parts[1] if len(parts) > 1 else ""
    if parts[0] and not event:
        event = next((row[1] for row in _segments(body, "EVN", separators.field) if len(row) > 1), "")
    return f"{parts[0]}^{event}" if event else parts[0]


def _lanes(body: str, separators: Separators, profile: Profile) -> Iterator[str]:
    for name, numbers in _IDENTIFYING.items():
        for row in _segments(body, name, separators.field):
            for n in numbers:
                if n < len(row) and row[n]:
                    yield from _values(row[n], separators, profile)


def _values(field: str, separators: Separators, profile: Profile) -> Iterator[str]:
    for repetition in _split(field, separators.repetition):
        value = _split(_split(repetition, separators.component)[0], separators.subcomponent)[0].strip()
        if profile.identifies(value):
            yield value


def _segments(body: str, name: str, separator: str) -> Iterator[list[str]]:
    """The fields of all segments of that name, indented or in small letters as the parser takes them too."""
    for match in _lines_of(name, separator).finditer(body):
        yield match[1].split(separator)


@lru_cache(maxsize=256)
def _lines_of(name: str, separator: str) -> re.Pattern[str]:
    return re.compile(rf"\r[ \t]*((?i:{name}){re.escape(separator)}[^\r]*)")


def _problem(kind: str, fields: dict[str, str], body: str, separators: Separators, profile: Profile) -> HubError | None:
    if any(_segments(body, "MSH", separators.field)):
        return HubError(Category.UNREADABLE, "a second MSH", where="MSH", todo="frame each message", code="second-msh")
    if not kind:
        return HubError(Category.INVALID, "states no message type", where="MSH-9", code="required-field")
    if not profile.takes_event(kind):
        return HubError(Category.UNSUPPORTED, "this feed does not take the event", where="MSH-9", code="event")
    if not profile.takes_version(_split(fields.get("MSH-12", ""), separators.component)[0]):
        return HubError(Category.UNSUPPORTED, "this feed does not take the version", where="MSH-12", code="version")
    return None


def _too_many(lanes: tuple[str, ...]) -> HubError | None:
    if len(lanes) <= MOST_LANES:
        return None
    return HubError(Category.TOO_LARGE, f"more than {MOST_LANES} identifiers", where="PID-3", code="identifiers")


def _split(text: str, separator: str) -> list[str]:
    return text.split(separator) if separator else [text]
