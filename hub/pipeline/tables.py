"""Tables of the pipeline. None is sharded: the queue is read in arrival order, identities by value."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Date, DateTime, Identity, Index, Integer, LargeBinary, Table, Text, text
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
    Column("edition", Integer, comment="conversion_edition its report is counted under"),
    Column("raw_key", LargeBinary, comment="key of raw and repaired, wrapped; null: not sealed; empty: erased"),
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

#: What the messages of a feed were converted by, in the order it came into force: a facility profile, a version.
conversion_edition: Final = Table(
    "conversion_edition",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("feed", Text, nullable=False),
    Column("profile", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("since", DateTime(timezone=True), nullable=False),
    info={"kind": "local"},
)
Index("ix_conversion_edition_feed", conversion_edition.c.feed, conversion_edition.c.id)

#: What batches add to the counters, and take away where a message came again: not yet in `conversion_count`.
conversion_delta: Final = Table(
    "conversion_delta",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("counts", LargeBinary, nullable=False, comment="zstd over JSON"),
    info={"kind": "local"},
)

#: What became of source fields: in how many messages, in how many leaves. The day is that of receipt, in +08:00.
conversion_count: Final = Table(
    "conversion_count",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("edition", Integer, primary_key=True),
    Column("position", Text, primary_key=True, comment="PID-3.4; empty: the messages themselves"),
    Column("outcome", Text, primary_key=True),
    Column("targets", Text, primary_key=True),
    Column("reason", Text, primary_key=True),
    Column("messages", BigInteger, nullable=False),
    Column("leaves", BigInteger, nullable=False),
    info={"kind": "local"},
)

#: Local codes of coded fields that no profile has an entry for: the engineer's work queue. No patient data.
unmapped_code: Final = Table(
    "unmapped_code",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("field", Text, primary_key=True, comment="OBX-3"),
    Column("system", Text, primary_key=True, comment="as sent; empty: none"),
    Column("code", Text, primary_key=True),
    Column("display", Text, nullable=False),
    Column("count", BigInteger, nullable=False, comment="messages, as far as workers have added them up"),
    Column("first_seen", DateTime(timezone=True), nullable=False),
    Column("last_seen", DateTime(timezone=True), nullable=False),
    Column("message", BigInteger, nullable=False, comment="number of the first message"),
    info={"kind": "local"},
)

#: Repairs and replays of many messages by one rule, and how far each is.
bulk_repair: Final = Table(
    "bulk_repair",
    metadata,
    Column("id", Text, primary_key=True),
    Column("engineer", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("begun", DateTime(timezone=True), nullable=False),
    Column("ended", DateTime(timezone=True)),
    Column("chosen", JSONB, nullable=False, comment="the filter"),
    Column("steps", JSONB, nullable=False, comment="pre-processors; none: a replay"),
    Column("ceiling", BigInteger, nullable=False, comment="messages that came later are not touched"),
    Column("position", BigInteger, nullable=False, server_default="0", comment="the last message looked at"),
    Column("queued", BigInteger, nullable=False, server_default="0"),
    Column("unchanged", BigInteger, nullable=False, server_default="0"),
    Column("refused", BigInteger, nullable=False, server_default="0"),
    info={"kind": "local"},
)
