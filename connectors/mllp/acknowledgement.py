"""General acknowledgements: MSH, MSA and, for a refusal, ERR (HL7 v2.5.1 section 2.14.1, ERR 2.15.5; v2.4 2.16.4).

An acknowledgement speaks as the message did: its delimiters, character set and version, sender and receiver swapped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Final

from hub.kernel.errors import ACK, HubError
from hub.kernel.types import Envelope

#: Header of the answer to something whose own header cannot be read.
_STANDARD: Final[Mapping[str, str]] = {"MSH-1": "|", "MSH-2": "^~\\&", "MSH-11": "P", "MSH-12": "2.5.1"}

#: Errors of table 0357 that say more than their category: by `HubError.code`.
_ERRORS: Final = {
    "required-field": ("101", "Required field missing"),
    "version": ("203", "Unsupported version id"),
}

#: Acknowledgements state China's time, with its offset where its sign is no delimiter.
_ZONE: Final = timezone(timedelta(hours=8))

_VERSION: Final = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?")
_WHERE: Final = re.compile(r"([A-Z][A-Z0-9]{2})(?:\[(\d+)\])?(?:-(\d+)(?:\[(\d+)\])?(?:\.(\d+))?(?:\.(\d+))?)?\Z")


def acknowledgement(
    envelope: Envelope,
    code: str,
    *,
    error: HubError | None = None,
    at: datetime,
    control: str,
    enhanced: bool = False,
    kind: str = "",
) -> bytes:
    """An ACK in the bytes of the sender's character set, segments ended by CR.

    `code` is MSA-1; `control` its own MSH-10; `at` its time; `enhanced` asks for no acknowledgement of itself. `kind`
    is MSH-9 of what is more than an ACK and begins like one: an answer to a query.
    """
    header = envelope.header if envelope.header.get("MSH-2") else _STANDARD
    answer = _Answer(header)
    segments = [answer.msh(at, control, enhanced, kind), answer.msa(code, error)]
    if error is not None:
        segments.append(answer.err(error))
    return "".join(segment + "\r" for segment in segments).encode(envelope.charset, "replace")


class _Answer:
    """Writes the segments of one acknowledgement with the delimiters of the message it answers."""

    def __init__(self, header: Mapping[str, str]) -> None:
        self.header = header
        self.field = header["MSH-1"]
        self.component, self.escape, self.subcomponent, self.letters = _delimiters(self.field, header["MSH-2"][:5])
        self.version = _version(header.get("MSH-12", ""))

    def msh(self, at: datetime, control: str, enhanced: bool, kind: str) -> str:
        told = self.header.get
        none, wanted = "", "NE" if enhanced else ""
        return self._segment(
            "MSH" + self.field + self.header["MSH-2"],
            *(told("MSH-5", ""), told("MSH-6", ""), told("MSH-3", ""), told("MSH-4", "")),
            _stamp(int(at.timestamp()), "" if "+" in self.letters else "%z"),
            *(none, kind.replace("^", self.component) or self._type(), control),
            *(told("MSH-11") or "P", told("MSH-12") or "2.5.1", none, none, wanted, wanted, none, told("MSH-18", "")),
        )

    def _type(self) -> str:
        """`ACK`, with the event from 2.3 on and with the structure from 2.3.1 on."""
        parts = self.header.get("MSH-9", "").split(self.component) if self.component else []
        event = parts[1] if len(parts) > 1 else ""
        if not event or self.version < (2, 3):
            return "ACK"
        return self.component.join(["ACK", event] + (["ACK"] if self.version >= (2, 3, 1) else []))

    def msa(self, code: str, error: HubError | None) -> str:
        text = self._plain(_sentence(error)) if error is not None and self.version < (2, 5) else ""
        return self._segment("MSA", code, self.header.get("MSH-10", ""), text)

    def err(self, error: HubError) -> str:
        number, name = _ERRORS.get(error.code) or (ACK[error.category].error, ACK[error.category].error_text)
        if self.version < (2, 5):
            coded = (self.subcomponent or " ").join([number, name, "HL70357"])
            segment, sequence, field, *_ = _location(error.where)
            return self._segment("ERR", self._joined(segment, sequence, field, coded))
        return self._segment(
            "ERR",
            "",
            self._joined(*_location(error.where)),
            self._joined(number, name, "HL70357"),
            ACK[error.category].severity,
            self._plain(error.code),
            "",
            "",
            self._plain(_sentence(error)),
        )

    def _segment(self, name: str, *fields: str) -> str:
        return self.field.join([name, *fields]).rstrip(self.field)

    def _joined(self, *parts: str) -> str:
        return (self.component or " ").join(parts).rstrip(self.component)

    def _plain(self, text: str) -> str:
        """Text of ours as a leaf: delimiters escaped, or blanked where the sender has no escape character."""
        return "".join(self._escaped(self.letters[c]) if c in self.letters else c for c in text)

    def _escaped(self, letter: str) -> str:
        return f"{self.escape}{letter}{self.escape}" if self.escape else " "


@lru_cache(maxsize=64)
def _delimiters(field: str, encoding: str) -> tuple[str, str, str, Mapping[str, str]]:
    """Component separator, escape character, subcomponent separator, and the letter of each delimiter in an escape."""
    characters = list(encoding)
    if characters[2:] == ["&"]:  # a sender without an escape character
        characters.insert(2, "")
    component, repetition, escape, subcomponent, truncation = (characters + [""] * 5)[:5]
    delimiters = (field, component, repetition, escape, subcomponent, truncation)
    letters = {character: letter for character, letter in zip(delimiters, "FSRETP", strict=True) if character}
    return component, escape, subcomponent, letters


@lru_cache(maxsize=4)
def _stamp(second: int, zone: str) -> str:
    return datetime.fromtimestamp(second, _ZONE).strftime("%Y%m%d%H%M%S" + zone)


def _version(text: str) -> tuple[int, ...]:
    """(2, 5, 1); that of the standard header if none can be read."""
    match = _VERSION.match(text)
    return tuple(int(part) for part in match.groups() if part) if match else (2, 5, 1)


def _location(where: str) -> tuple[str, ...]:
    """Segment, sequence, field, repetition, component, subcomponent of a position such as `PID-3[2].4`."""
    match = _WHERE.match(where)
    if match is None:
        return ("", "", "")
    segment, sequence, field, *rest = match.groups(default="")
    return (segment, sequence or "1", field, *rest)


def _sentence(error: HubError) -> str:
    return "; ".join(part for part in (error.what, error.todo) if part)
