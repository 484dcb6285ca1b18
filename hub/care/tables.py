"""The table of care. It is a queue: numbers of what waits, nothing of its content."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, Integer, Table, Text

from hub.db.metadata import metadata

#: Observations that a rule asked to be looked at.
alert_waiting: Final = Table(
    "alert_waiting",
    metadata,
    Column("seq", BigInteger, Identity(always=True), primary_key=True),
    Column("observation", Text, nullable=False, comment="its id"),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("due", DateTime(timezone=True), comment="not before; null: at once"),
    info={"kind": "local"},
)
Index("ix_alert_waiting_due", alert_waiting.c.due)
