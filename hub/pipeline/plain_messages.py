"""Messages that are as nearly all are, stored by one statement: it is the whole transaction, and one round trip.

What waits for an acknowledgement waits for this. Everything else goes through `hub.pipeline.inbox` step by step.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hub.db.database import Tx
from hub.kernel.types import Accepted, State
from hub.pipeline.entries import Entry
from hub.sealing.keyring import keyring_of

#: Bytes of messages one statement takes: a parameter may not be of any size.
_MOST: Final = 8 * 1024 * 1024

# Identities go in by key, so that two processes never wait for each other crosswise; the first of each key wins.
_STORE: Final = """
WITH sent AS MATERIALIZED (
  SELECT nextval((SELECT pg_get_serial_sequence('inbox', 'id')::regclass)) AS id, new.*
  FROM unnest(
    $1::text[], $2::text[], $3::timestamptz[], $4::bytea[], $5::bytea[], $6::bytea[], $7::text[], $8::text[],
    $9::text[], $10::text[], $11::text[]
  ) WITH ORDINALITY
    AS new (feed, facility, received_at, raw, sha256, claim, identity, kind, charset, peer, lanes, place)
), claimed AS (
  INSERT INTO message_identity (feed, identity, sha256, message)
  SELECT feed, claim, sha256, id FROM sent WHERE claim IS NOT NULL ORDER BY feed, claim, id
  ON CONFLICT DO NOTHING
  RETURNING message
), stored AS (
  INSERT INTO inbox (id, feed, facility, received_at, raw, sha256, identity, kind, charset, peer, lanes, state)
  SELECT id, feed, facility, received_at, raw, sha256, identity, kind, charset, peer, lanes::bigint[], 'queued'
  FROM sent WHERE claim IS NULL OR id IN (SELECT message FROM claimed)
  ORDER BY id
  RETURNING id
)
SELECT sent.place - 1 AS place, sent.id, stored.id IS NOT NULL AS stored
FROM sent LEFT JOIN stored ON stored.id = sent.id ORDER BY sent.place
"""


def are_plain(connection: Tx, entries: Sequence[Entry]) -> bool:
    """Whether nothing is to be sealed, no message is refused or tells of a new state of its thing, and none is huge."""
    return (
        keyring_of(connection).suite is None
        and not any(one.received.envelope.problem or one.received.envelope.revises for one in entries)
        and sum(len(one.received.raw) for one in entries) <= _MOST
    )


async def store_plain(connection: Tx, entries: Sequence[Entry]) -> tuple[list[int], dict[int, Accepted]]:
    """Queue plain messages outside of a transaction; the number of each, and what was accepted by place in `entries`.

    Those whose identity is taken are left out: nothing of them is stored, and their numbers are theirs to be stored by.
    """
    columns = zip(*map(_values, entries), strict=True)
    rows = await connection.fetch(_STORE, *map(list, columns))
    accepted = {row["place"]: Accepted(message=row["id"], state=State.QUEUED) for row in rows if row["stored"]}
    return [row["id"] for row in rows], accepted


def _values(entry: Entry) -> tuple[object, ...]:
    received = entry.received
    lanes = "{" + ",".join(map(str, entry.lanes)) + "}"
    return (
        received.feed,
        entry.facility,
        received.received_at,
        received.raw,
        entry.sha256,
        entry.claim,
        *entry.texts,
        lanes,
    )
