"""The one table that identity writes and the store joins: which source patients are one person; and the lock under
which that and what persons have laid down change.

They stand here because none of the packages that need them may import the others.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Table, Text, Uuid

from hub.db.metadata import metadata

#: `pkey` is the key of a source Patient (`reference_key("Patient", id)`), `patient` its id. A source patient without a
#: row is a person of its own. `person` is the id of the golden record; it never becomes another person's.
member: Final = Table(
    "member",
    metadata,
    Column("pkey", Uuid, primary_key=True),
    Column("person", Text, nullable=False),
    Column("patient", Text, nullable=False),
    Column("number", BigInteger, comment="of mpi_source"),
    info={"kind": "local"},
)
Index("ix_member_person", member.c.person, postgresql_include=["number"])
Index("ix_member_number", member.c.number, unique=True, postgresql_include=["person"])

#: Number of the advisory lock of what persons are laid down: who changes a consent, a proxy or an approval holds it
#: alone, who lets sources meet shares it. So one of two that come at once sees the other. "rights" in ASCII.
RIGHTS_LOCK: Final = int.from_bytes(b"rights")
