"""Versions of a history that followed a deletion: they were created anew (R4 http.html#history, response.status).

A deletion that may not be seen itself is not told of: what follows it looks like any other update.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from msgspec import structs

from hub.db.database import Tx
from hub.gate.cases import Cases
from hub.gate.checks import look_up_all
from hub.gate.door import Door
from hub.gate.release import decide
from hub.gate.released import Released
from hub.kernel.ids import reference_key
from hub.store.values import Stored


async def deletions_before(door: Door, tx: Tx, cases: Cases, rows: Sequence[Stored]) -> list[Stored]:
    """The deletions right before these versions, as far as they may be seen."""
    wanted = [
        (row.pkey, reference_key(*row.reference), row.version - 1)
        for row in rows
        if row.version > 1 and not row.deleted
    ]
    found = await door.store.load_deletions(tx, wanted)
    await look_up_all(tx, cases, found)
    return [row for row in found if decide(cases, row).permitted]


def revived(versions: Iterable[Released], deletions: Collection[Stored]) -> tuple[Released, ...]:
    """Versions of a history, those marked that followed one of the deletions."""
    after = {(row.type, row.id, row.version + 1) for row in deletions}
    return tuple(
        structs.replace(one, revived=True) if (one.type, one.id, one.version) in after else one for one in versions
    )
