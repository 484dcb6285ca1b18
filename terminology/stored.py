"""What is written as a resource, compiled into editions in the transaction of the write.

An active resource is in force from its commit; one that is a draft or retired is there for who names its version. A
change to a version that is not in force leaves in force what is.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from asyncpg import Record

from hub.db.database import Tx
from hub.fhir.json import loads
from hub.kernel.clock import Clock
from hub.kernel.types import Json
from terminology import editions
from terminology.catalogue import changed, in_force, remove
from terminology.fhir_source import digest_of
from terminology.force import noted

_ACTIVE: Final = "active"
_STANDING: Final = "SELECT number, current, digest, head FROM term_edition WHERE kind = $1 AND resource = $2"
#: A process goes by a catalogue for a second: what it names is still there for this long after it was replaced.
_KEPT: Final = timedelta(minutes=1)
#: Makes room for the edition that takes the place of one.
_ASIDE: Final = """
UPDATE term_edition SET ready = false, current = false, resource = NULL, version = version || ' before ' || number,
  loaded = $2 WHERE number = $1
"""
_FORGOTTEN: Final = (
    "SELECT number FROM term_edition WHERE NOT ready AND version LIKE '% before ' || number AND loaded < $1"
)


class StoredTerminology:
    """Keeps editions as the resources of a store say (`hub.records.consequences.Vocabulary`)."""

    def __init__(self, clock: Clock, forget: Callable[[], None] = lambda: None) -> None:
        self._clock: Final = clock
        #: See `Vocabulary.committed`: what this process holds of the catalogue is forgotten.
        self.committed: Final = forget

    async def put(self, tx: Tx, resource: Json) -> None:
        """A version of a resource stands under its id now; one without url is no edition.

        Raises HubError CONFLICT where another resource has this url and version, TOO_LARGE, INVALID for a code system
        that goes round in circles or has a code twice.
        """
        kind, rid = resource["resourceType"], resource["id"]
        await changed(tx)
        standing = await tx.fetchrow(_STANDING, kind, rid)
        if standing is not None and standing["digest"] == digest_of(resource):
            return
        now = self._clock()
        if standing is not None:
            await tx.execute(_ASIDE, standing["number"], now)
        if resource.get("url"):
            current = await _shall_be_in_force(tx, resource, standing)
            await editions.made(tx, rid, resource, now, current=current)
        await noted(tx)

    async def remove(self, tx: Tx, kind: str, rid: str) -> None:
        """A resource was deleted: its edition goes too, and nothing takes its place in force."""
        await changed(tx)
        standing = await tx.fetchrow(_STANDING, kind, rid)
        if standing is not None:
            await tx.execute(_ASIDE, standing["number"], self._clock())
        await noted(tx)

    async def tidy(self, tx: Tx) -> None:
        """Drop what was set aside and nobody can be reading any more.

        Dropping a table keeps readers out until the commit, so it comes last, when all the work of `tx` is done.
        """
        for (number,) in await tx.fetch(_FORGOTTEN, self._clock() - _KEPT):
            await remove(tx, number)


async def _shall_be_in_force(tx: Tx, resource: Json, standing: Record | None) -> bool:
    if resource.get("status") != _ACTIVE:
        return False
    if standing is None or standing["current"] or loads(standing["head"]).get("status") != _ACTIVE:
        return True
    return not await in_force(tx, resource["resourceType"], resource["url"])
