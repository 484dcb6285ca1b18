"""How many candidate searches each client has left. Nothing of any record, and nothing that must outlive a crash."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, DateTime, Double, Table, Text

from hub.db.metadata import metadata

#: A token bucket for each client of an organisation (hub.gate.pace). Unlogged: a charge waits for no disk.
pace: Final = Table(
    "pace",
    metadata,
    Column("client", Text, primary_key=True),
    Column("organization", Text, primary_key=True),
    Column("tokens", Double, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    prefixes=["UNLOGGED"],
    info={"kind": "local"},
)
