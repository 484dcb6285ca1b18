"""Entries for tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from hub.audit.entry import Entry, Interaction, Origin, Outcome, Requester

NOW: Final = datetime(2026, 5, 20, 1, 0, 0, 123000, tzinfo=UTC)

REQUESTER: Final = Requester(
    role="clinician",
    organization="F01",
    reference="Practitioner/fang",
    client="his",
    token_id="t1",
    purpose=("TREAT",),
    form="identified",
)


def read(number: int = 1, **changes: Any) -> Entry:
    """A read of one Observation of patient w, released; `number` makes the id."""
    facts: dict[str, Any] = {
        "id": UUID(int=number),
        "time": NOW,
        "requester": REQUESTER,
        "interaction": Interaction.READ,
        "outcome": Outcome.RELEASED,
        "origin": Origin(address="192.0.2.7", request="r-1"),
        "resource_type": "Observation",
        "resource_id": "a1c",
        "grounds": ("author-organisation",),
        "patients": ("w",),
        "types": {"Observation": 1},
    }
    return Entry(**(facts | changes))


def write(interaction: Interaction, number: int = 1, **changes: Any) -> Entry:
    """A write that made version 3 of an Observation of patient w, or deleted it then."""
    return read(number, **({"interaction": interaction, "version": 3} | changes))


def search(number: int = 1, **changes: Any) -> Entry:
    """A search for the Observations of two patients, released."""
    facts: dict[str, Any] = {
        "interaction": Interaction.SEARCH_TYPE,
        "resource_id": None,
        "query": "code=4548-4&_include=Observation%3Asubject",
        "patients": ("w", "v"),
        "types": {"Observation": 3, "Patient": 2},
    }
    return read(number, **(facts | changes))
