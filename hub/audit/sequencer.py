"""The one writer of the tree: takes the rows of the trail that are no leaves yet, and signs what it made of them.

A turn is one transaction: leaves, tiles and checkpoint are kept together or not at all, so it may be killed at any
point. Two sequencers exclude each other by a lock. Before it signs, it makes sure that what stands in the database is
what the last checkpoint says and that the checkpoint bears its own signature: it never lends its name to a tree that
somebody else has changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from asyncpg import Record

from hub.audit import tree
from hub.audit.entry import Entry
from hub.audit.leaves import SALT_BYTES, leaf_of
from hub.audit.merkle import EMPTY_ROOT, Edge, Place
from hub.audit.notes import Signs, checkpoint_text
from hub.audit.tables import entry_of
from hub.audit.tree import Checkpoint
from hub.db.database import Database, Tx
from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import RandomBytes

#: Most rows of one turn: some tenths of a second.
_BATCH: Final = 2000
_LOCK: Final = int.from_bytes(b"audit", "big")
_TRY_LOCK: Final = "SELECT pg_try_advisory_xact_lock($1)"
#: Every row of an older transaction can be seen from here on; `next` is above every transaction there was.
_HORIZON: Final = """
SELECT pg_snapshot_xmin(pg_current_snapshot()) AS floor, pg_snapshot_xmax(pg_current_snapshot()) AS next
"""
_PENDING: Final = """
SELECT a.* FROM audit a WHERE a.xid >= $1::xid8
    AND NOT EXISTS (SELECT FROM audit_leaf l WHERE l.number = a.number) ORDER BY a.xid, a.number LIMIT $2
"""
_LEAVES: Final = """
INSERT INTO audit_leaf (index, number, salt) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[])
"""
_TILES: Final = """
INSERT INTO audit_tile (level, index, hashes) SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bytea[])
ON CONFLICT (level, index) DO UPDATE SET hashes = excluded.hashes
"""
_CHECKPOINT: Final = "INSERT INTO audit_checkpoint (size, root, note, signed, floor) VALUES ($1, $2, $3, $4, $5::xid8)"


@dataclass(frozen=True, slots=True)
class Appended:
    """Entries that became leaves, in their order; `index` is that of the first."""

    index: int
    entries: Sequence[Entry]


class Sequencer:
    """Appends to the tree. Belongs to the event loop it is used in."""

    def __init__(
        self, database: Database, signer: Signs, clock: Clock, random_bytes: RandomBytes, *, batch: int = _BATCH
    ) -> None:
        self._database: Final = database
        self._signer: Final = signer
        self._clock: Final = clock
        self._random_bytes: Final = random_bytes
        self.batch: Final = batch
        #: The size this process has seen: the tree never gets smaller.
        self._seen = 0
        self._floor = 0
        #: What the last turn appended; None where it was nothing.
        self.appended: Appended | None = None

    async def turn(self) -> int:
        """Append what waits, at most one batch; how many leaves that were. Nothing while another process is at it.

        Raises HubError CONFLICT, code `audit-tree`, when the tree in the database is not the one that was signed.
        """
        self.appended = appended = None
        async with self._database.transaction() as tx:
            if not await tx.fetchval(_TRY_LOCK, _LOCK):
                return 0
            (horizon,) = await tx.fetch(_HORIZON)
            head = await tree.head(tx)
            floor = max(self._floor, head.floor if head else 0)
            # After a restore into another cluster transactions count anew: then nothing is known of them.
            floor = floor if floor <= horizon["next"] else 0
            rows = await tx.fetch(_PENDING, floor, self.batch)
            full = len(rows) == self.batch
            floor = min(rows[-1]["xid"], horizon["floor"]) if full else horizon["floor"]
            if rows:
                appended = await self._append(tx, head, rows, floor)
        self._floor, self.appended = floor, appended
        if appended is not None:
            self._seen = appended.index + len(appended.entries)
        return len(rows)

    async def _append(self, tx: Tx, head: Checkpoint | None, rows: Sequence[Record], floor: int) -> Appended:
        """Make leaves of the rows, and sign."""
        edge = await self._signed(tx, head)
        appended = Appended(edge.size, [entry_of(dict(row)) for row in rows])
        indexes = range(edge.size, edge.size + len(rows))
        salts = [self._random_bytes(SALT_BYTES) for _ in rows]
        await tx.execute(_LEAVES, list(indexes), [row["number"] for row in rows], salts)
        made = zip(appended.entries, indexes, salts, strict=True)
        await _keep_tiles(tx, edge.append(leaf_of(entry, index, salt).hash for entry, index, salt in made))
        root = edge.root()
        note = self._signer.note(checkpoint_text(self._signer.name, edge.size, root))
        await tx.execute(_CHECKPOINT, edge.size, root, note, self._clock(), floor)
        return appended

    async def _signed(self, tx: Tx, head: Checkpoint | None) -> Edge:
        """The edge of the tree in the database, which must be the one we signed."""
        size = head.size if head else 0
        try:
            edge = await tree.edge(tx, size)
        except ValueError:
            raise _broken("the tree is not whole") from None
        if edge.root() != (head.root if head else EMPTY_ROOT):
            raise _broken("the tree does not have the root that was signed")
        if head is not None:
            self._check_signature(head)
        if size < self._seen:
            raise _broken("the tree has become smaller")
        return edge

    def _check_signature(self, head: Checkpoint) -> None:
        text = checkpoint_text(self._signer.name, head.size, head.root)
        if not self._signer.made(head.note, text):
            raise _broken("the last checkpoint was not signed with this key")


def _broken(what: str) -> HubError:
    return HubError(
        Category.CONFLICT,
        what,
        where="audit tree",
        todo="run `yilian audit export` and `verify`, and restore database and key folder from one backup",
        code="audit-tree",
    )


async def _keep_tiles(tx: Tx, tiles: Mapping[Place, bytes]) -> None:
    levels, indexes = [place.level for place in tiles], [place.index for place in tiles]
    await tx.execute(_TILES, levels, indexes, list(tiles.values()))
