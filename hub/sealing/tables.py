"""Tables of keys. Nothing in them opens anything without the master key. None is sharded: keys are few."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    Uuid,
    func,
    text,
)

from hub.db.metadata import metadata
from hub.db.types import Xid8

_INSTANT: Final = DateTime(timezone=True)

#: Keys that wrap data keys, wrapped by one derived from the master key.
wrapping_key: Final = Table(
    "wrapping_key",
    metadata,
    Column("number", Integer, Identity(always=True), primary_key=True),
    Column("suite", SmallInteger, nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    Column("made", _INSTANT, nullable=False, server_default=func.now()),
    info={"kind": "local"},
)

#: Data keys. `owner`: the source-patient key (`patient`), or the hash of a facility or feed for what is about no
#: patient or not yet known to be. Several keys of one owner may be in use: what is sealed says by which. A `retired`
#: one seals no more; `wrapped` is null where it was erased, and nothing brings it back. `xid`: its transaction.
data_key: Final = Table(
    "data_key",
    metadata,
    Column("number", BigInteger, Identity(always=True), primary_key=True),
    Column("owner", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("suite", SmallInteger, nullable=False),
    Column("wrapping", Integer, nullable=False),
    Column("wrapped", LargeBinary),
    Column("made", _INSTANT, nullable=False, server_default=func.now()),
    Column("retired", _INSTANT),
    Column("erased", _INSTANT),
    Column("xid", Xid8, nullable=False, server_default=text("pg_current_xact_id()")),
    info={"kind": "local"},
)
Index("ix_data_key_owner", data_key.c.owner, data_key.c.number)

#: How far the sealing of what stands is, by table. `after`: the last row looked at, as its key in text; `ended` is null
#: while there is more. What is sealed by a retired key is sealed anew.
resealing: Final = Table(
    "resealing",
    metadata,
    Column("part", Text, primary_key=True),
    Column("begun", _INSTANT, nullable=False),
    Column("after", Text, nullable=False),
    Column("looked", BigInteger, nullable=False),
    Column("changed", BigInteger, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("ended", _INSTANT),
    info={"kind": "local"},
)

#: Source patients (resource ids) whose data are to be erased: one asks, another confirms. It stays, so that a restored
#: backup of before is erased again.
erasure: Final = Table(
    "erasure",
    metadata,
    Column("patient", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("asked", _INSTANT, nullable=False),
    Column("confirmed_by", Text),
    Column("confirmed", _INSTANT),
    info={"kind": "local"},
)
