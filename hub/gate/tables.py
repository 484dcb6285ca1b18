"""What the gate keeps for itself: how many candidate searches each client has left, and what aggregates have told.

Nothing of any record. None is sharded: rows are few.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, DateTime, Double, Index, Integer, LargeBinary, Table, Text

from hub.db.metadata import metadata

#: A token bucket for each client of an organisation (hub.gate.pace). Unlogged: a charge waits for no disk, and need not
#: outlive a crash.
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

#: One row for each set of persons whose number a project was told. `members` are numbers that mean something within the
#: project alone, so the table tells of nobody.
aggregate_cell: Final = Table(
    "aggregate_cell",
    metadata,
    Column("project", Text, primary_key=True),
    Column("digest", LargeBinary, primary_key=True, comment="of the members"),
    Column("size", Integer, nullable=False),
    Column("members", LargeBinary, nullable=False, comment="zstd over numbers of 8 bytes, in order"),
    Column("told", DateTime(timezone=True), nullable=False),
    info={"kind": "local"},
)
Index("ix_aggregate_cell_size", aggregate_cell.c.project, aggregate_cell.c.size)
