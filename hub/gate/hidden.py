"""What released rows point to and the requester may not see: so that nothing is repeated of it (hub/gate/trimming.py).

Only rows flagged when they were written (hub/records/facts.py) are looked at; pointers to what is not there are treated
as pointers to what is denied, so that the two look alike.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from msgspec import structs
from msgspec.structs import replace

from hub.db.database import Tx
from hub.gate.cases import Cases
from hub.gate.checks import look_up_all
from hub.gate.door import Door
from hub.gate.recorder import Basis
from hub.gate.release import decide, looks_at_body
from hub.gate.released import Released, released
from hub.gate.trimming import Pointer, pointers, trimmed
from hub.store.values import Stored


async def hidden_from(door: Door, tx: Tx, cases: Cases, rows: Sequence[Stored]) -> frozenset[Pointer]:
    """What the flagged ones among permitted `rows` point to without its being permitted to be seen itself."""
    flagged = [row for row in rows if row.facts.flags]
    if not flagged:
        return frozenset()
    wanted = set[Pointer]().union(*(pointers(row.body) for row in flagged)) - {row.reference for row in rows}
    found = await door.store.load_facts(tx, sorted(wanted))
    await look_up_all(tx, cases, found.values())
    found |= await door.store.load(tx, [address for address, row in found.items() if looks_at_body(cases, row)])
    seen = {address for address, row in found.items() if not row.deleted and decide(cases, row).permitted}
    return frozenset(wanted - seen)


def bound(basis: Basis, cases: Cases, rows: Sequence[Stored]) -> Basis:
    """A basis that hangs on the consents where what rows may repeat does, whatever permits the rows themselves."""
    return replace(basis, epoch=cases.epoch) if any(row.facts.flags for row in rows) else basis


def all_discreet(rows: Iterable[Stored], hidden: Collection[Pointer]) -> tuple[Released, ...]:
    """Rows as they leave."""
    return tuple([discreet(row, hidden) for row in rows] if hidden else map(released, rows))


def discreet(row: Stored, hidden: Collection[Pointer]) -> Released:
    """A row as it leaves, without what it repeats of what is hidden."""
    told = released(row)
    return structs.replace(told, body=trimmed(row.body, hidden)) if hidden and row.facts.flags else told
