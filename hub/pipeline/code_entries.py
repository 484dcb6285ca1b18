"""Entries for local codes of the work queue: what each may mean, and what an engineer says it means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from asyncpg import Record

from hub.db.database import Database, Tx
from hub.kernel.errors import Category, HubError
from hub.kernel.ports import CodeSuggester
from hub.kernel.types import Coded, CodeSuggestion, UnmappedCode
from hub.pipeline.chosen import Filter
from hub.pipeline.deeds import Deed, Kind, Witness
from hub.pipeline.engineer import Engineer

#: Entries one request may make.
MOST: Final = 200

_KNOWN: Final = """
SELECT c.field, c.system, c.code, c.display, c.message, i.received_at
FROM unmapped_code c LEFT JOIN inbox i ON i.id = c.message WHERE c.feed = $1 ORDER BY c.field, c.system, c.code
"""


class CodeApprovals(Protocol):
    """Keeps what the codes of a feed mean."""

    async def approve(self, tx: Tx, feed: str, meanings: Mapping[UnmappedCode, Coded]) -> str:
        """Let it be in force with the transaction; the version that has it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """Codes that have an entry now: how many, in which version of the feed's map, and which messages met them first.

    `replay` chooses the messages since the first that met one of them.
    """

    codes: int
    version: str
    replay: Filter


class CodeEntries:
    """Works on the codes of the feeds in `facilities` (feed name -> facility code)."""

    def __init__(
        self,
        database: Database,
        facilities: Mapping[str, str],
        suggester: CodeSuggester,
        approvals: CodeApprovals,
        witness: Witness,
    ) -> None:
        self._database: Final = database
        self._facilities: Final = facilities
        self._suggester: Final = suggester
        self._approvals: Final = approvals
        self._witness: Final = witness

    async def suggest(self, engineer: Engineer, feed: str, local: UnmappedCode, most: int) -> Sequence[CodeSuggestion]:
        """What a code of the queue may mean, the likeliest first. Raises HubError NOT_FOUND."""
        self._facility(engineer, feed)
        async with self._database.connection() as connection:
            seen = _found(await connection.fetch(_KNOWN, feed), [local])
        return await self._suggester.suggest(seen[0][0], most)

    async def approve(self, engineer: Engineer, feed: str, meanings: Mapping[UnmappedCode, Coded]) -> Approved:
        """Say what codes of the queue mean: for messages that are converted from now on, replays among them.

        Raises HubError NOT_FOUND for a feed or a code that is not there, INVALID for no codes or more than MOST.
        """
        facility = self._facility(engineer, feed)
        if not 0 < len(meanings) <= MOST:
            raise HubError(Category.INVALID, f"are none, or more than {MOST}", where="codes", code="body")
        async with self._database.transaction() as tx:
            seen = _found(await tx.fetch(_KNOWN, feed), meanings)
            version = await self._approvals.approve(tx, feed, meanings)
            detail = {"version": version, "codes": str(len(meanings))}
            deed = Deed(kind=Kind.APPROVE, engineer=engineer, feed=feed, facility=facility, detail=detail)
            await self._witness.append(tx, deed)
        since = min((row["received_at"] for _, row in seen if row["received_at"]), default=None)
        return Approved(codes=len(meanings), version=version, replay=Filter(feed=feed, since=since))

    def _facility(self, engineer: Engineer, feed: str) -> str:
        facility = self._facilities.get(feed)
        if facility is None or not engineer.sees(facility):
            raise HubError(Category.NOT_FOUND, "no feed has this name", where="feed", todo="see consortium.yaml")
        return facility


def _found(rows: Sequence[Record], asked: Mapping[UnmappedCode, Coded] | Sequence[UnmappedCode]) -> list[_Seen]:
    """The rows of codes, with the text they were sent with. Raises HubError NOT_FOUND."""
    known = {(row["field"], row["system"], row["code"]): row for row in rows}
    found: list[_Seen] = []
    for one in asked:
        row = known.get((one.field, one.system, one.code))
        if row is None:
            todo = "see GET /api/codes, or yilian profile codes"
            raise HubError(Category.NOT_FOUND, "no such code is in the queue", where="code", todo=todo, code="no-code")
        local = UnmappedCode(field=row["field"], code=row["code"], system=row["system"], display=row["display"])
        found.append((local, row))
    return found


_Seen = tuple[UnmappedCode, Record]
