"""The store's one face. Every method takes the connection first; transactions are begun and ended by the caller."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Collection, Iterable, Sequence
from contextlib import aclosing
from datetime import timedelta
from typing import Final, Literal
from uuid import UUID

from asyncpg import Record
from msgspec.structs import replace

from hub.db.database import Tx
from hub.fhir.json import loads
from hub.kernel.clock import Clock, system_clock
from hub.kernel.ports import Terms
from hub.kernel.types import Json
from hub.store import (
    claims,
    commonness,
    compartment,
    exact,
    explain,
    histories,
    latest,
    moving,
    named,
    outbox,
    read,
    relations,
    search,
    walk,
    write,
)
from hub.store.criteria import Beside, Query
from hub.store.explain import Explained
from hub.store.phrases import Phrases
from hub.store.registry import Registry
from hub.store.search import Sought
from hub.store.terminology import resolved
from hub.store.values import Change, Found, Portion, Relation, Saved, Span, Stored, Visible, Write
from hub.store.walk import Stretch

VALUE_SET: Final = "ValueSet"
_VALUE_SETS: Final = Visible(types=frozenset({VALUE_SET}))


class Store:
    """Resources, their history and their index in PostgreSQL. Without `terms`, no search may name a value set."""

    def __init__(self, clock: Clock = system_clock, *, full_text: bool = True, terms: Terms | None = None) -> None:
        self._clock: Final = clock
        self._terms: Final = terms
        #: Whether what `_text` and `_content` search is kept.
        self.full_text: Final = full_text
        self._phrases: Final = Phrases()
        #: The installation's own search parameters.
        self.registry: Final = Registry()

    async def load(
        self, tx: Tx, refs: Sequence[tuple[str, str]], *, lock: bool = False
    ) -> dict[tuple[str, str], Stored]:
        """Current versions by (type, id), deletions included, in one query.

        `lock` waits for whoever is changing one of them, and keeps others waiting until the transaction ends.
        """
        return await read.load(tx, refs, lock=lock)

    async def load_facts(self, tx: Tx, refs: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Stored]:
        """As `load`, with an empty `body` for every one: to decide about what is not going to leave."""
        return await read.load_facts(tx, refs)

    async def load_version(self, tx: Tx, rtype: str, rid: str, version: int) -> Stored | None:
        """One version of a resource, current or superseded; None if there never was one."""
        return await read.load_version(tx, rtype, rid, version)

    async def load_exact(self, tx: Tx, wanted: Iterable[exact.Exact]) -> list[Stored]:
        """Versions named by (source-patient key, key, version), those that there are, in one query and no order."""
        return await exact.load(tx, wanted)

    async def load_deletions(self, tx: Tx, wanted: Iterable[exact.Exact]) -> list[Stored]:
        """Those of the superseded versions named so that were deletions."""
        return await exact.load_deletions(tx, wanted)

    async def versions(
        self, tx: Tx, rtype: str, rid: str, *, below: int | None = None, limit: int = 100
    ) -> list[Stored]:
        """Versions of one resource, newest first; continue with the last version given as `below`.

        Those from before it moved stand in the record of the patient it was about then, and say so.
        """
        return await read.versions(tx, rtype, rid, below=below, limit=limit)

    async def all_versions(self, tx: Tx, refs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], list[Stored]]:
        """Every version of each of some resources by (type, id), oldest first, in one query; as of `versions`."""
        return await read.all_versions(tx, refs)

    async def formerly(self, tx: Tx, rtype: str, rid: str) -> list[UUID]:
        """The keys of the source patients a resource was about before it moved; most never did."""
        return await read.formerly(tx, rtype, rid)

    async def save(self, tx: Tx, writes: Sequence[Write], *, answered: bool = True) -> list[Saved]:
        """Apply writes in their order: one answer each, if `answered`. Several to one resource make one version each.

        Sets meta.versionId and meta.lastUpdated. A write that says what already stands (but for those two and
        meta.source) is `unchanged` and writes nothing; so is deleting what is deleted. Of a thousand writes or so the
        number of round trips does not depend on how many they are, of more it rises with each thousand.
        Raises HubError CONFLICT (code `race`) if `current` is no longer what stands: roll back, load, try again;
        INVALID if a write that is no move changes the patient a resource belongs to; NOT_FOUND if it deletes what
        never was; UNAVAILABLE (code `race`) if search parameters were added or ended meanwhile: roll back and try
        again.
        """
        now = self._clock()
        return await write.save(
            tx, writes, now, self._phrases, self.registry, full_text=self.full_text, answered=answered
        )

    async def search(
        self,
        tx: Tx,
        query: Query,
        visible: Visible,
        *,
        count: int = search.DEFAULT_COUNT,
        after: bytes | None = None,
        total: Literal["none", "accurate"] = "none",
        beside: Beside | None = None,
    ) -> Found:
        """One page of at most `count` matches that may be seen (0: none, for the total alone).

        `after` is `next` of the page before, with the same query and predicate. Rows that do not change while
        somebody pages are neither missed nor repeated; a row written since the first page is left out. The total is
        that of the first page. What is included is subject to the same predicate. `beside` is asked for in the
        statement of the matches: where there are none, nothing is known of it.
        Raises HubError INVALID for an `after` that is none, TOO_LARGE when too much is included.
        """
        return await self.find(
            tx, await self.sought(tx, query, visible, count=count, after=after, total=total, beside=beside)
        )

    async def find(self, tx: Tx, page: Sought) -> Found:
        """The page that is sought, over one connection."""
        return await search.found(tx, page, await search.rows(tx, page))

    async def sought(
        self,
        tx: Tx,
        query: Query,
        visible: Visible,
        *,
        count: int,
        after: bytes | None,
        total: Literal["none", "accurate"],
        beside: Beside | None,
    ) -> Sought:
        """What `search` is going to ask; the arguments are its own."""
        query = await self._resolved(tx, query, visible)
        return search.sought(query, visible, count=count, after=after, total=total, beside=beside)

    async def found(self, tx: Tx, page: Sought, rows: list[Record]) -> Found:
        """The page that is sought, of these rows."""
        return await search.found(tx, page, rows)

    async def explain(self, tx: Tx, query: Query, visible: Visible) -> Explained:
        """How the first page of a search would be found; `tx` is a transaction. Nothing of any row is told."""
        return await explain.explain(tx, await self._resolved(tx, query, visible), visible)

    async def everything(
        self, tx: Tx, portion: Portion, visible: Visible, *, count: int, after: bytes | None = None
    ) -> Found:
        """One page of a patient's record, of at most `count` resources (at least 1) that may be seen.

        The Patients come first, then the rows of one source patient after another by type and date, then (as
        `included`) what they refer to that is about no patient, each once. `after` is `next` of the page before, with
        the same portion and predicate; it promises what it does in `search`.
        Raises HubError INVALID for an `after` that is none.
        """
        return await compartment.page(tx, portion, visible, count=count, after=after)

    async def history(
        self, tx: Tx, types: Iterable[str], visible: Visible, span: Span, *, count: int, after: bytes | None = None
    ) -> Found:
        """One page of at most `count` versions (at least 1) of resources of some types, newest first, with deletions.

        A version may be seen if it and the current version of its resource may be. `after` is `next` of the page
        before, with the same types, predicate and span; it promises what it does in `search`.
        Raises HubError INVALID for an `after` that is none.
        """
        return await histories.page(tx, types, visible, span, count=count, after=after)

    async def running(self, tx: Tx) -> timedelta:
        """How long the oldest transaction of others has been at work: what is older than that has been committed.

        Asked before a snapshot, it tells which versions a later look at what is new cannot bring any more.
        """
        return await histories.running(tx)

    async def latest(
        self, tx: Tx, query: Query, visible: Visible, *, most: int, count: int, after: bytes | None = None
    ) -> Found:
        """The newest `most` Observations of each group of codes, of those that match and may be seen; a page of them.

        Group by group, newest first; all of one time, more than `most` if need be. Sort, includes and count of the
        query play no part; `after` is as in `search`. Ask it in a transaction that sees one state of the database.
        """
        query = await self._resolved(tx, query, visible)
        return await latest.latest(tx, query, visible, most=most, count=count, after=after)

    async def named(self, tx: Tx, refs: Iterable[tuple[str, str]], visible: Visible) -> dict[tuple[str, str], Stored]:
        """Current versions by (type, id), without deletions, of those among `refs` that may be seen."""
        return await named.named(tx, refs, visible)

    async def holders(
        self, tx: Tx, named_ones: Collection[tuple[str, str]], rtype: str, holder: str
    ) -> dict[str, list[tuple[str, str, int]]]:
        """Which resources of type `holder` name resources of `rtype`, as far as both are about one source patient.

        `named_ones` are (patient, id). By id: type, id and version of the current versions that name it.
        """
        return await named.holders(tx, named_ones, rtype, holder)

    async def holds(self, tx: Tx, patients: Sequence[str], types: frozenset[str], visible: Visible) -> bool:
        """Whether the record of one of some source patients holds anything of these types that may be seen."""
        return await compartment.holds(tx, patients, types, visible)

    async def walk(self, tx: Tx, stretch: Stretch, visible: Visible) -> AsyncGenerator[list[Stored], None]:
        """All rows of a stretch that may be seen, in slices of about a megabyte, by date and key.

        `tx` is in a transaction; in one snapshot no row is missed or repeated. A step may take an hour.
        """
        queries = tuple([await self._resolved(tx, query, visible) for query in stretch.queries])
        members = tuple([await self._resolved(tx, query, visible) for query in stretch.members])
        async with aclosing(walk.walk(tx, replace(stretch, queries=queries, members=members), visible)) as slices:
            async for rows in slices:
                yield rows

    async def types(self, tx: Tx) -> list[str]:
        """The types of which anything is stored."""
        return await walk.types(tx)

    def patients(self, tx: Tx) -> AsyncIterator[list[UUID]]:
        """The keys of all source patients whose Patient stands, in order, some at a time. `tx` is in a transaction."""
        return walk.patients(tx)

    async def matching(self, tx: Tx, query: Query) -> AsyncGenerator[list[UUID], None]:
        """The keys of source patients of whom a query finds anything at all, in order, some at a time.

        No predicate is part of it: whoever asks decides about each of them, and tells of none. `tx` as for `patients`.
        """
        query = await self._resolved(tx, query, _VALUE_SETS)
        async with aclosing(walk.matching(tx, query)) as keys:
            async for some in keys:
                yield some

    async def common_codings(
        self, tx: Tx, rtype: str, wanted: Collection[tuple[str, str]], least: int
    ) -> set[tuple[str, str]]:
        """Those (system, code) that at least `least` persons have in resources of this type."""
        return await commonness.common_codings(tx, rtype, wanted, least)

    async def common_births(self, tx: Tx, band: int, least: int) -> set[tuple[str, int]]:
        """(gender, first year) of the bands of `band` years that at least `least` persons were born in."""
        return await commonness.common_births(tx, band, least)

    async def snapshot(self, tx: Tx) -> str:
        """What `tx` sees, as a horizon that stays valid."""
        return await walk.snapshot(tx)

    async def changed_since(
        self, tx: Tx, refs: Sequence[tuple[str, str]], horizon: str
    ) -> dict[tuple[str, str], Stored]:
        """Those of the current versions by (type, id) that a horizon did not see."""
        return await read.changed_since(tx, refs, horizon)

    async def put_relations(self, tx: Tx, rows: Sequence[Relation]) -> None:
        """Store the relations that follow from the versions that `save` left standing in this transaction.

        They stand until their resource is written anew or deleted: `save` takes them away with the version.
        """
        await relations.put(tx, rows)

    async def relations(self, tx: Tx, pkeys: Sequence[UUID]) -> list[Relation]:
        """The relations of some source patients, by key, of whatever time."""
        return await relations.of(tx, pkeys)

    async def claim(self, tx: Tx, kind: str, value: str, rtype: str, rid: str) -> tuple[str, str] | None:
        """Claim a value that may belong to one resource only: None if it is ours now, else who holds it."""
        return await claims.claim(tx, kind, value, rtype, rid)

    async def aliases(self, tx: Tx, ids: Sequence[str]) -> dict[str, str]:
        """The id first given, for those of `ids` whose key was corrected."""
        return await claims.aliases(tx, ids)

    async def add_alias(self, tx: Tx, old_id: str, rid: str) -> None:
        """Let `old_id` stand for `rid`. Raises HubError CONFLICT if it stands for something already."""
        await claims.add_alias(tx, old_id, rid)

    async def referring(self, tx: Tx, patient: str, refs: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
        """The resources (type, id) about a patient that refer to one of `refs`; a move takes them along."""
        return await moving.referring(tx, patient, refs)

    async def changes(self, tx: Tx, after: tuple[int, int] = outbox.START, limit: int = 1000) -> list[Change]:
        """Changes after a position, in an order in which none can be missed; continue from the last `position`."""
        return await outbox.changes(tx, after, limit)

    async def _resolved(self, tx: Tx, query: Query, visible: Visible) -> Query:
        async def stored(rid: str) -> Json | None:
            found = await named.named(tx, [(VALUE_SET, rid)], visible)
            return loads(found[VALUE_SET, rid].body) if found else None

        return await resolved(self._terms, query, stored)
