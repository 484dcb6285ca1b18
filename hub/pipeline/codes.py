"""The work queue of local codes: what feeds sent and their profiles have no entry for, until they have one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from hub.db.database import Database
from hub.kernel.ports import Refresh, nothing_changes
from hub.kernel.types import UnmappedCode
from hub.pipeline.engineer import Engineer
from hub.pipeline.sightings import MOST

_FIND: Final = """
SELECT feed, field, system, code, display, count, first_seen, last_seen, message FROM unmapped_code
WHERE ($1::text IS NULL OR feed = $1) AND ($2::text[] IS NULL OR feed = ANY($2))
ORDER BY feed, field, count DESC, system, code LIMIT $3
"""

_FORGET: Final = """
DELETE FROM unmapped_code AS known
USING unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS gone (feed, field, system, code)
WHERE (known.feed, known.field, known.system, known.code) = (gone.feed, gone.field, gone.system, gone.code)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenCode:
    """A local code of a feed: in how many messages it came, when, and the number of the first of them.

    `mapped`: the profile in force has an entry for it; replaying its messages brings that into the record.
    """

    feed: str
    field: str
    system: str
    code: str
    display: str
    count: int
    first_seen: datetime
    last_seen: datetime
    message: int
    mapped: bool


#: Whether the profile of a feed has an entry for a code.
Mapped = Callable[[str, UnmappedCode], bool]


class SeenCodes:
    """The codes of the feeds in `facilities` (feed name -> facility code)."""

    def __init__(
        self,
        database: Database,
        facilities: Mapping[str, str],
        mapped: Mapped,
        refresh: Refresh = nothing_changes,
    ) -> None:
        self._refresh: Final = refresh
        self._database: Final = database
        self._facilities: Final = facilities
        self._mapped: Final = mapped

    async def find(self, engineer: Engineer, *, feed: str | None = None, every: bool = False) -> Sequence[SeenCode]:
        """Codes by feed and field, the most frequent first; without `every`, only those that still have no entry."""
        await self._refresh()
        async with self._database.connection() as connection:
            rows = await connection.fetch(_FIND, feed, self._seen_by(engineer), MOST * 10)
        found = [self._code(dict(row)) for row in rows]
        return [code for code in found if every or not code.mapped]

    async def forget(self, engineer: Engineer, *, feed: str | None = None) -> int:
        """Delete the codes that have an entry by now, so that a feed's rows never run out; returns how many."""
        found = [code for code in await self.find(engineer, feed=feed, every=True) if code.mapped]
        keys = [[getattr(code, name) for code in found] for name in ("feed", "field", "system", "code")]
        async with self._database.transaction() as tx:
            await tx.execute(_FORGET, *keys)
        return len(found)

    def _seen_by(self, engineer: Engineer) -> list[str] | None:
        if engineer.facilities is None:
            return None
        return [feed for feed, facility in self._facilities.items() if engineer.sees(facility)]

    def _code(self, row: dict[str, Any]) -> SeenCode:
        told = UnmappedCode(field=row["field"], code=row["code"], system=row["system"], display=row["display"])
        return SeenCode(**row, mapped=self._mapped(row["feed"], told))
