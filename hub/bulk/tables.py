"""Tables of bulk jobs. None is sharded: jobs are few."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, DateTime, Index, Integer, LargeBinary, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from hub.db.metadata import metadata

_INSTANT: Final = DateTime(timezone=True)

#: One row a job, until it expires or is cancelled. `attempt` counts how often a worker began it: a worker whose number
#: is no longer that has lost the job.
bulk_job: Final = Table(
    "bulk_job",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False, comment="export or import"),
    Column("state", Text, nullable=False, comment="waiting, running, done or failed"),
    Column("subject", Text, nullable=False, comment="hash of who asked: nobody else is answered"),
    Column("actor", JSONB, nullable=False, comment="claims of the token it was asked for with"),
    Column("asked", JSONB, nullable=False),
    Column("request", Text, nullable=False, comment="URL of the kick-off"),
    Column("key", LargeBinary, nullable=False, comment="of its files: they cannot be read without the row"),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("created", _INSTANT, nullable=False),
    Column("progress", JSONB, comment="where an import stands; counts alone of an export"),
    Column("result", JSONB, comment="what is told of a job that is done, or why it failed"),
    Column("expires", _INSTANT),
    info={"kind": "local"},
)
Index("ix_bulk_job_subject", bulk_job.c.subject)

#: The files of a job that is done.
bulk_file: Final = Table(
    "bulk_file",
    metadata,
    Column("job", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("kind", Text, nullable=False, comment="output, deleted or error"),
    Column("type", Text, nullable=False),
    Column("name", Text, nullable=False, comment="in the job's folder"),
    Column("frames", Integer, nullable=False),
    Column("bytes", BigInteger, nullable=False, comment="on the disk"),
    info={"kind": "local"},
)

#: The horizon of every export: the next one since then gives exactly what it did not see, late commits included.
bulk_horizon: Final = Table(
    "bulk_horizon",
    metadata,
    Column("at", _INSTANT, primary_key=True),
    Column("snapshot", Text, primary_key=True),
    info={"kind": "local"},
)
