"""What facilities state about their own identifiers, which the master patient index reads in order; what is asked of
somebody about a patient; and what patients and their proxies are told."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, Table, Text, UniqueConstraint, Uuid
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

#: What somebody asks about a patient and another has to answer (hub.records.matters). It stands under the id that was
#: asked about, whether there is such a patient or not.
matter: Final = Table(
    "matter",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("pkey", Uuid, nullable=False, comment="key of the source patient"),
    Column("patient", Text, nullable=False, comment="id of the source patient"),
    Column("opened_by", Text, nullable=False, comment="reference of who asks"),
    Column("organization", Text, nullable=False, comment="facility code of who asks"),
    Column("content", JSONB, nullable=False),
    Column("status", Text, nullable=False),
    Column("recorded", DateTime(timezone=True), nullable=False),
    Column("expires", DateTime(timezone=True)),
    Column("closed", DateTime(timezone=True)),
    Column("closed_by", Text),
    Column("answer", JSONB, nullable=False),
    Index("ix_matter_pkey", "pkey"),
    Index("ix_matter_kind", "kind", "status", "recorded"),
    Index("ix_matter_opened_by", "opened_by"),
    info={"kind": "local"},
)

#: What a patient (`recipient` "") or a proxy (its reference) is told. `content` names who did it, never a record.
notice: Final = Table(
    "notice",
    metadata,
    Column("id", Text, primary_key=True),
    Column("pkey", Uuid, nullable=False, comment="key of the source patient"),
    Column("patient", Text, nullable=False, comment="id of the source patient"),
    Column("recipient", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("content", JSONB, nullable=False),
    Column("recorded", DateTime(timezone=True), nullable=False),
    Column("seen", DateTime(timezone=True)),
    Index("ix_notice_pkey", "pkey", "recorded"),
    info={"kind": "local"},
)
