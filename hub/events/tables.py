"""Tables of subscriptions. None is sharded: they are read by subscription, and hold no more of a record than ids."""

from __future__ import annotations

from typing import Any, Final

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
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from hub.db.metadata import metadata
from hub.db.types import Xid8

_LOCAL: Final = {"kind": "local"}


def _instant(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


#: One row per Subscription. `counter` is the number of the last event that was told; `tries` how often the delivery in
#: hand failed; `due` when it is tried again.
subscription: Final = Table(
    "subscription",
    metadata,
    Column("id", Text, primary_key=True),
    Column("owner", Text, nullable=False, comment="digest of all that the owner's token says of its rights"),
    Column("actor", Text, nullable=False, comment="the owner as JSON"),
    Column("organization", Text, nullable=False),
    Column("version", Integer, nullable=False),
    _instant("updated"),
    Column("body", Text, nullable=False),
    Column("headers", LargeBinary, comment="channel.header, sealed"),
    Column("topic", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("status", Text, nullable=False, comment="requested, active, error or off"),
    Column("error", Text, nullable=False, server_default="", comment="code of what went wrong"),
    _instant("ends", nullable=True),
    Column("heartbeat", Integer, comment="seconds"),
    Column("since", Xid8, comment="changes of older transactions are not told"),
    Column("counter", BigInteger, nullable=False, server_default="0"),
    Column("tries", Integer, nullable=False, server_default="0"),
    _instant("due", nullable=True),
    _instant("contact", nullable=True),
    Column("holder", Text, nullable=False, server_default="", comment="the connection that is told, of a websocket"),
    info=_LOCAL,
)
Index("ix_subscription_owner", subscription.c.owner)

#: Events that met a subscription's topic and filters. `number` stands from the first time it is told.
subscription_event: Final = Table(
    "subscription_event",
    metadata,
    Column("subscription", Text, primary_key=True),
    Column("seq", BigInteger, Identity(always=False), primary_key=True),
    Column("number", BigInteger),
    Column("state", Text, nullable=False, server_default="waiting", comment="waiting, open, done or dead"),
    Column("type", Text, nullable=False),
    Column("rid", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("outcome", Text, nullable=False),
    _instant("happened"),
    info=_LOCAL,
)
Index(
    "ix_subscription_event_left",
    subscription_event.c.subscription,
    subscription_event.c.seq,
    postgresql_where=text("state IN ('waiting', 'open')"),
)
Index(
    "ix_subscription_event_number",
    subscription_event.c.subscription,
    subscription_event.c.number,
    postgresql_where=text("number IS NOT NULL"),
)
Index("ix_subscription_event_happened", subscription_event.c.happened)

#: How far the outbox was looked at. `generation` rises with every change of who is told of what.
subscription_cursor: Final = Table(
    "subscription_cursor",
    metadata,
    Column("one", SmallInteger, primary_key=True, autoincrement=False, comment="always 1"),
    Column("xid", Xid8, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("generation", BigInteger, nullable=False),
    info=_LOCAL,
)

#: Tokens by which a WebSocket is bound to subscriptions; each is taken away by its first use.
subscription_ticket: Final = Table(
    "subscription_ticket",
    metadata,
    Column("digest", LargeBinary, primary_key=True, comment="SHA-256 of the token"),
    Column("owner", Text, nullable=False),
    Column("subscriptions", ARRAY(Text), nullable=False),
    _instant("expires"),
    info=_LOCAL,
)
