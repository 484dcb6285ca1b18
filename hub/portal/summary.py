"""What a clinician wants to see first: alerts, allergies, active conditions, current medication. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from hub.portal.elements import code, text
from hub.portal.entries import problems, treatment
from hub.portal.entry import Entry, Reading, newest_first
from hub.portal.record import Item

_OVER: Final = frozenset({"inactive", "resolved", "remission"})
_FALSE: Final = frozenset({"refuted", "entered-in-error"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Each the newest entry of its name, newest first."""

    alerts: tuple[Entry, ...]
    allergies: tuple[Entry, ...]
    conditions: tuple[Entry, ...]
    medications: tuple[Entry, ...]


def summary_of(reading: Reading) -> Summary:
    """The summary of a record."""
    items = reading.record.items
    holding = [item for item in items if _holds(item)]
    return Summary(
        alerts=_named(problems.alert(item, reading) for item in items if _is_raised(item)),
        allergies=_named(problems.allergy(item, reading) for item in holding if item.type == "AllergyIntolerance"),
        conditions=_named(problems.condition(item, reading) for item in holding if item.type == "Condition"),
        medications=_named(treatment.medication(item, reading) for item in items if _is_current(item)),
    )


def recent(entries: Sequence[Entry], kinds: Iterable[str], count: int) -> list[Entry]:
    """The newest entries of some kinds."""
    wanted = set(kinds)
    return [entry for entry in entries if entry.kind in wanted][:count]


def _holds(item: Item) -> bool:
    """Whether a condition or allergy is not over and not false."""
    clinical, verified = code(item.resource.get("clinicalStatus")), code(item.resource.get("verificationStatus"))
    return clinical not in _OVER and verified not in _FALSE


def _is_raised(item: Item) -> bool:
    return item.type == "Flag" and text(item.resource, "status") == "active"


def _is_current(item: Item) -> bool:
    return item.type in {"MedicationRequest", "MedicationStatement"} and text(item.resource, "status") == "active"


def _named(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    found: dict[str, Entry] = {}
    for entry in newest_first(entries):
        found.setdefault(entry.title, entry)
    return tuple(found.values())
