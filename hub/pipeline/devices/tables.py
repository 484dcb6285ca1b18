"""Tables of devices. None is sharded: they are small, and asked by the number of a device."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, DateTime, Identity, Index, Integer, Table, Text, Uuid

from hub.db.metadata import metadata

#: Whose a device was, from when until when. Rows are never deleted: what was attached by one must be explained by it.
device_binding: Final = Table(
    "device_binding",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("feed", Text, nullable=False),
    Column("device", Text, nullable=False, comment="the number the feed sends"),
    Column("patient", Text, nullable=False, comment="id of the source Patient; empty: erased"),
    Column("pkey", Uuid, comment="key of the source Patient; null: erased"),
    Column("begins", DateTime(timezone=True), nullable=False),
    Column("ends", DateTime(timezone=True)),
    Column("claimed", DateTime(timezone=True), comment="until when it was once said to last, where it was shortened"),
    Column("corrected_at", DateTime(timezone=True), comment="when it was shortened"),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("made_by", Text, nullable=False),
    Column("change", BigInteger, nullable=False, comment="number of the last change, in the order of commits"),
    info={"kind": "local"},
)
Index("ix_device_binding_device", device_binding.c.feed, device_binding.c.device)
Index("ix_device_binding_change", device_binding.c.change)
Index("ix_device_binding_pkey", device_binding.c.pkey)

#: Devices and gateways that may send. Their secret is not kept: it is made again from a key of the key folder.
device_sender: Final = Table(
    "device_sender",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("name", Text, primary_key=True, comment="number of the device, or name of the gateway"),
    Column("gateway", Boolean, nullable=False, comment="may send for every device of the feed"),
    Column("signs", Boolean, nullable=False, comment="its secret alone is not enough: requests must be signed"),
    Column("generation", Integer, nullable=False, comment="of its secret: a new one makes the old worthless"),
    Column("disabled", Boolean, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    info={"kind": "local"},
)

#: Nonces of signed requests, until their time alone refuses them.
device_nonce: Final = Table(
    "device_nonce",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("nonce", Text, primary_key=True),
    Column("until", DateTime(timezone=True), nullable=False),
    info={"kind": "local"},
)
Index("ix_device_nonce_until", device_nonce.c.until)
