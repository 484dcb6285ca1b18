"""Which changes an outbound feed tells of, by kind of message; and whom a message is for. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from hub.events.topics import FINAL, TOPICS, Topic
from hub.events.triggers import changes, is_amended, is_taken_back, stands_or_falls
from hub.gate.dispatches import Shown

RESULTS: Final = "ORU^R01"

#: Elements of a Patient whose change is news for others.
_DEMOGRAPHICS: Final = (
    "identifier",
    "name",
    "telecom",
    "gender",
    "birthDate",
    "deceasedBoolean",
    "deceasedDateTime",
    "address",
    "maritalStatus",
)

#: Kinds of message by what they tell of. A result that is amended alone has its report sent again.
TELLS: Final[Mapping[str, tuple[Topic, ...]]] = {
    RESULTS: (
        Topic(
            name="outbound-report",
            title="A report is final, is amended, or is no longer final",
            type="DiagnosticReport",
            holds=stands_or_falls(FINAL),
        ),
        Topic(
            name="outbound-result",
            title="A result that was final says something else",
            type="Observation",
            holds=is_amended(FINAL),
        ),
    ),
    "MDM^T02": (TOPICS["document-available"],),
    "MDM^T11": (
        Topic(
            name="outbound-document-taken-back",
            title="A document that could be read was stated in error",
            type="DocumentReference",
            holds=is_taken_back,
        ),
    ),
    "REF^I12": (TOPICS["referral-changed"],),
    "ADT^A31": (
        Topic(
            name="outbound-demographics",
            title="The demographics or numbers of a patient change",
            type="Patient",
            holds=changes(*_DEMOGRAPHICS),
        ),
    ),
    "ADT^A40": (TOPICS["patient-replaced"],),
}


def is_for(kind: str, shown: Shown, receiver: Collection[str]) -> bool:
    """Whether a message is for a receiver: the facilities of one legal entity.

    What it answers for itself it knows. A referral is for who is asked, or who asked; a merge needs the number that
    stands now, a document must still be current; all else is for who knows the patient, by a Patient of its own.
    """
    if shown.author in receiver:
        return False
    rule = _RULES.get(kind)
    return bool(shown.own) if rule is None else rule(shown, receiver)


def _referred(shown: Shown, receiver: Collection[str]) -> bool:
    named = [shown.focus.get("requester"), *shown.focus.get("performer", ())]
    return (shown.about is not None or bool(shown.own)) and any(_code(one) in receiver for one in named)


def _replaced(shown: Shown, _: Collection[str]) -> bool:
    links = [one.get("other") for one in shown.focus.get("link", ()) if one.get("type") == "replaced-by"]
    return bool(shown.own) and any(_reference(one) in shown.others for one in links)


def _current(shown: Shown, _: Collection[str]) -> bool:
    return bool(shown.own) and shown.focus.get("status") == "current"


def _taken_back(shown: Shown, _: Collection[str]) -> bool:
    return bool(shown.own) and shown.focus.get("status") == "entered-in-error"


_RULES: Final[Mapping[str, Callable[[Shown, Collection[str]], bool]]] = {
    "MDM^T02": _current,
    "MDM^T11": _taken_back,
    "REF^I12": _referred,
    "ADT^A40": _replaced,
}


def _reference(reference: Any) -> str:
    return str(reference.get("reference", "")) if isinstance(reference, dict) else ""


def _code(reference: Any) -> str:
    text = _reference(reference)
    return text.removeprefix("Organization/") if text.startswith("Organization/") else ""
