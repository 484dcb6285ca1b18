"""The one table that identity writes and the store joins: which source patients are one person.

It stands here because neither may import the other.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Index, Table, Text, Uuid

from hub.db.metadata import metadata

#: `pkey` is the key of a source Patient (`reference_key("Patient", id)`), `patient` its id. A source patient without a
#: row is a person of its own. `person` is the id of the golden record; it never becomes another person's.
member: Final = Table(
    "member",
    metadata,
    Column("pkey", Uuid, primary_key=True),
    Column("person", Text, nullable=False),
    Column("patient", Text, nullable=False),
    info={"kind": "local"},
)
Index("ix_member_person", member.c.person)
