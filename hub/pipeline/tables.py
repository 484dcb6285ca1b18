"""Tables of the inbox. Neither is sharded: the queue is read in arrival order, identities by value."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, Integer, LargeBinary, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from hub.db.metadata import metadata

#: One row per message, exactly as received; `id` is the message number, in the order of arrival.
inbox: Final = Table(
    "inbox",
    metadata,
    Column("id", BigInteger, Identity(always=False), primary_key=True),
    Column("feed", Text, nullable=False),
    Column("facility", Text, nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("raw", LargeBinary, nullable=False, comment="the bytes off the wire, never changed"),
    Column("sha256", LargeBinary, nullable=False),
    Column("identity", Text, nullable=False, comment="HL7: MSH-10 and MSH-7"),
    Column("kind", Text, nullable=False),
    Column("charset", Text, nullable=False),
    Column("peer", Text, nullable=False),
    Column("lanes", ARRAY(BigInteger), nullable=False, comment="hashes of feed and patient identifier"),
    Column("state", Text, nullable=False),
    Column("reason", JSONB, comment="why it stands where it stands; never patient data"),
    Column("attempts", Integer, nullable=False, server_default="0", comment="tries that may bring a worker down"),
    Column("processed_at", DateTime(timezone=True)),
    Column("report", LargeBinary, comment="conversion report: zstd over JSON"),
    Column("repaired", LargeBinary, comment="what is processed in place of raw, once repaired"),
    Column("repair", JSONB, comment="who repaired it, when and why"),
    info={"kind": "local"},
)
Index("ix_inbox_queued", inbox.c.id, postgresql_where=text("state = 'queued'"))
Index("ix_inbox_feed_state", inbox.c.feed, inbox.c.state, inbox.c.id)

#: The first message of each identity. Claimed with the message, so duplicates never rest on a race.
message_identity: Final = Table(
    "message_identity",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("identity", LargeBinary, primary_key=True, comment="BLAKE2b-128 of the identity"),
    Column("sha256", LargeBinary, nullable=False),
    Column("message", BigInteger, nullable=False),
    info={"kind": "by-value"},
)
