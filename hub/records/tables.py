"""What facilities state about their own identifiers; the master patient index reads it in order."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, Table, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB

from hub.db.metadata import metadata

#: One row per statement (HL7 A40 and the like). The same message never states the same pair twice.
identity_event: Final = Table(
    "identity_event",
    metadata,
    Column("id", BigInteger, Identity(always=False), primary_key=True),
    Column("message", BigInteger, nullable=False, comment="inbox number"),
    Column("facility", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("survivor", Text, nullable=False, comment="id of a source Patient"),
    Column("loser", Text, nullable=False, comment="id of a source Patient"),
    Column("detail", JSONB, nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("message", "kind", "survivor", "loser"),
    info={"kind": "local"},
)
Index("ix_identity_event_survivor", identity_event.c.survivor)
Index("ix_identity_event_loser", identity_event.c.loser)
