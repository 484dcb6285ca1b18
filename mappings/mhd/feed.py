"""What a feed of submissions needs: its translator, what can be known beforehand, and a submission taken apart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from hub.fhir.json import loads
from hub.kernel.errors import Category, HubError
from hub.kernel.ports import Translator
from hub.kernel.types import Envelope, Part
from mappings.mhd.about import numbers_of
from mappings.mhd.case import Sender, case_of
from mappings.mhd.submission import read
from mappings.mhd.translate import translate

KIND: Final = "ITI-65"
_LONGEST: Final = 20_000


def translator(sender: Sender) -> Translator:
    """The translator of one feed. What it returns raises HubError UNREADABLE or INVALID."""
    return lambda raw: translate(case_of(read(loads(raw)), sender))


def read_envelope(raw: bytes) -> Envelope:
    """Identity (the uniqueId of the submission) and the patient's numbers as lanes. Never raises."""
    try:
        submission = read(loads(raw))
    except HubError as error:
        return Envelope(kind=KIND, problem=error)
    numbers = [str(one["value"]).upper() for one in numbers_of(submission) if one.get("value")]
    lanes = dict.fromkeys([*numbers, submission.subject.get("reference", "")])
    return Envelope(identity="|".join(submission.unique), kind=KIND, lanes=tuple(lane for lane in lanes if lane)[:16])


def messages(raw: bytes) -> Iterator[tuple[str, bytes]]:
    """A body is one submission. Raises HubError UNREADABLE for what is no JSON object."""
    if not isinstance(loads(raw), dict):
        raise HubError(Category.UNREADABLE, "is no Bundle", where="body", todo="send a Provide Document Bundle in JSON")
    yield "submission", raw


def take_apart(raw: bytes) -> tuple[Part, ...]:
    """Every element, for people. Raises HubError UNREADABLE."""
    bundle = loads(raw)
    return tuple(_part(one, f"Bundle.entry[{i}]") for i, one in enumerate(bundle.get("entry", ())))


def _part(value: Any, at: str) -> Part:
    name = at.rpartition(".")[2]
    if isinstance(value, dict):
        return Part(at=at, name=name, parts=tuple(_part(each, f"{at}.{key}") for key, each in value.items()))
    if isinstance(value, list):
        return Part(at=at, name=name, parts=tuple(_part(each, f"{at}[{i}]") for i, each in enumerate(value)))
    text = str(value)[:_LONGEST]
    return Part(at=at, name=name, text=text, field=text)
