"""What has changed, with what stood before: for those who look for events. Nothing of it leaves the hub from here.

Looking at a change is internal processing; who is told of it is decided later, for each one alone, by
hub.gate.notices.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hub.db.database import Tx
from hub.gate.door import Door
from hub.kernel.ids import reference_key
from hub.mpi.lookup import members
from hub.store.exact import Exact
from hub.store.values import Change, Outcome, Stored

Position = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """One change. `before` and `after` are the bodies around it, empty where there was nothing, or nothing is left.

    `patient` is the id of the source patient it is about, `person` that of the person this source belongs to now.
    Both are None for what is about nobody; `person` also for a source of which the patient index knows nothing.
    """

    position: Position
    type: str
    id: str
    version: int
    outcome: Outcome
    updated: datetime
    before: bytes
    after: bytes
    patient: str | None
    person: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Changes of the wanted types, and the position up to which there are no others; None when nothing was new."""

    changes: list[Changed]
    end: Position | None


async def stretch(door: Door, tx: Tx, after: Position, limit: int, types: Collection[str]) -> Stretch:
    """At most `limit` changes behind a position, in the order of the outbox; three queries whatever their number."""
    found = await door.store.changes(tx, after, limit)
    wanted = [change for change in found if change.type in types]
    known = {(row.pkey, row.reference, row.version): row for row in await door.store.load_exact(tx, _around(wanted))}
    persons = await members(tx, sorted({change.pkey for change in wanted})) if wanted else {}
    return Stretch(
        changes=[_changed(change, known, persons) for change in wanted],
        end=found[-1].position if found else None,
    )


def _around(changes: Collection[Change]) -> list[Exact]:
    """The version each change made, and the one before it."""
    keys = [(change, reference_key(change.type, change.id)) for change in changes]
    return [(c.pkey, key, version) for c, key in keys for version in (c.version - 1, c.version) if version > 0]


def _changed(
    change: Change, known: dict[tuple[UUID, tuple[str, str], int], Stored], persons: dict[UUID, str]
) -> Changed:
    reference = (change.type, change.id)
    before = known.get((change.pkey, reference, change.version - 1))
    after = known.get((change.pkey, reference, change.version))
    about = after or before
    return Changed(
        position=change.position,
        type=change.type,
        id=change.id,
        version=change.version,
        outcome=change.outcome,
        updated=change.updated,
        before=b"" if before is None else before.body,
        after=b"" if after is None else after.body,
        patient=None if about is None else about.patient,
        person=persons.get(change.pkey),
    )
