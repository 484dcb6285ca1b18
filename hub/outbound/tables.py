"""Tables of outbound feeds. None is sharded: they are read by feed, and hold no more of a record than ids."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY

from hub.db.metadata import metadata
from hub.db.types import Xid8

_LOCAL: Final = {"kind": "local"}


def _instant(name: str, *, nullable: bool = True) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


#: One row per outbound feed that ever was configured. `tries` and `due` are those of its receiver: how often it could
#: not be reached in a row, and when it is tried again.
outbound_feed: Final = Table(
    "outbound_feed",
    metadata,
    Column("name", Text, primary_key=True),
    Column("since", Xid8, nullable=False, comment="changes of older transactions are not told"),
    Column("tries", Integer, nullable=False, server_default="0"),
    _instant("due"),
    Column("error", Text, nullable=False, server_default="", comment="code of what went wrong last"),
    _instant("contact"),
    info=_LOCAL,
)

#: One row per message. `lanes` are the patients whose order is kept: source and person; `control` its last MSH-10.
outbound_message: Final = Table(
    "outbound_message",
    metadata,
    Column("seq", BigInteger, Identity(always=False), primary_key=True),
    Column("feed", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("rid", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("lanes", ARRAY(Text), nullable=False),
    Column("state", Text, nullable=False, server_default="waiting", comment="waiting, done or dead"),
    Column("tries", Integer, nullable=False, server_default="0"),
    _instant("due"),
    Column("error", Text, nullable=False, server_default="", comment="code of what went wrong last"),
    Column("control", Text, nullable=False, server_default=""),
    _instant("happened", nullable=False),
    _instant("settled"),
    info=_LOCAL,
)
Index(
    "ix_outbound_message_waiting",
    outbound_message.c.feed,
    outbound_message.c.seq,
    postgresql_where=text("state = 'waiting'"),
)
Index(
    "ix_outbound_message_delayed",
    outbound_message.c.feed,
    outbound_message.c.due,
    postgresql_where=text("state = 'waiting' AND due IS NOT NULL"),
)
Index("ix_outbound_message_state", outbound_message.c.state, outbound_message.c.settled)
