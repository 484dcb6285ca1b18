"""Ways to one resource: read, version read, instance history.

An address that holds nothing and one that holds something denied take the same steps and end alike.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from hub.db.database import Tx
from hub.gate.door import Door, not_found
from hub.gate.pages import binding_of
from hub.gate.recorder import Asked
from hub.gate.release import decide, decide_version
from hub.gate.released import Released, ReleasedPage, released
from hub.store.resource_types import NUMBERS
from hub.store.values import Stored

_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}\Z")
_MOST_VERSIONS: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Address:
    """Type and id of one resource, both well formed."""

    type: str
    id: str


async def read(door: Door, asked: Asked) -> Released:
    """The current version, which may be a deletion."""
    address = address_of(asked)
    await door.admit(asked, "r")
    async with door.database.connection() as tx:
        current = await _current(door, tx, address)
    return await _answer(door, asked, current, current)


async def vread(door: Door, asked: Asked, version: int) -> Released:
    """One version, judged by the stricter of what held then and what holds now."""
    address = address_of(asked)
    if not 0 < version < _MOST_VERSIONS:
        raise not_found()
    await door.admit(asked, "r")
    async with door.database.connection() as tx:
        current = await _current(door, tx, address)
        then = await door.store.load_version(tx, address.type, address.id, version)
    return await _answer(door, asked, then, current)


async def history(door: Door, asked: Asked, count: int | None, cursor: str | None) -> ReleasedPage:
    """Versions of one resource, newest first, each judged on its own."""
    address = address_of(asked)
    await door.admit(asked, "r")
    binding = binding_of(asked.actor, f"{address.type}/{address.id}/_history", ())
    below = None if cursor is None else int.from_bytes(door.seal.open(cursor, binding))
    size = max(1, door.size(count))
    async with door.database.connection() as tx:
        current = await _current(door, tx, address)
        kept = await _permitted_versions(door, tx, asked, address, current, below, size)
    _, ground = await _permitted(door, asked, current, current)
    page = kept[:size]
    await door.recorder.released(asked, page, [ground])
    more = door.seal.close(page[-1].version.to_bytes(4), binding) if len(kept) > size else None
    return ReleasedPage(matches=tuple(map(released, page)), next=more)


def address_of(asked: Asked) -> Address:
    """Raises HubError NOT_FOUND for what can be no address in any store."""
    if asked.type is None or asked.type not in NUMBERS or asked.id is None or not _ID.match(asked.id):
        raise not_found()
    return Address(asked.type, asked.id)


async def _current(door: Door, tx: Tx, address: Address) -> Stored | None:
    reference = (address.type, address.id)
    return (await door.store.load(tx, [reference])).get(reference)


async def _answer(door: Door, asked: Asked, then: Stored | None, now: Stored | None) -> Released:
    version, ground = await _permitted(door, asked, then, now)
    await door.recorder.released(asked, [version], [ground])
    return released(version)


async def _permitted(door: Door, asked: Asked, then: Stored | None, now: Stored | None) -> tuple[Stored, str]:
    """The version and what permits it; or record that nothing does, and raise what an absent resource raises."""
    if then is None or now is None:
        await door.recorder.absent(asked)
        raise not_found()
    decision = decide_version(asked.actor, door.directory, then, now)
    if not decision.permit:
        await door.recorder.refused(asked, decision.reason)
        raise not_found()
    return then, decision.reason


async def _permitted_versions(
    door: Door, tx: Tx, asked: Asked, address: Address, now: Stored | None, below: int | None, size: int
) -> list[Stored]:
    """Permitted versions under `below`, newest first: one more than `size` when there are more.

    One look is taken in any case, so that what is denied costs what is absent costs.
    """
    kept: list[Stored] = []
    while True:
        chunk = await door.store.versions(tx, address.type, address.id, below=below, limit=size + 1)
        if now is None or not decide(asked.actor, door.directory, now).permit:
            return []
        kept += [then for then in chunk if decide_version(asked.actor, door.directory, then, now).permit]
        if len(chunk) <= size or len(kept) > size:
            return kept
        below = chunk[-1].version
