"""Tables of terminology. None is about a patient, and none is sharded.

`term_concept` has a partition for each large edition of a code system, named `term_concept_<edition>`: it is copied
beside what is read, indexed in one go, attached when it is whole, and dropped without touching the others. Small
editions (`terminology.shelf.WHOLE`) have negative numbers and stand together in `term_concept_small`: a table for each
would cost every connection more than their rows do.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from hub.db.metadata import metadata

_LOCAL: Final = {"kind": "local"}

#: One version of a CodeSystem, a ValueSet or a ConceptMap. Numbers are never used twice, whatever their sign.
term_edition: Final = Table(
    "term_edition",
    metadata,
    Column("number", Integer, Identity(always=False), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("current", Boolean, nullable=False, server_default="false"),
    Column("ready", Boolean, nullable=False, server_default="false"),
    Column("total", Integer, nullable=False, server_default="0", comment="concepts or mappings"),
    Column("digest", LargeBinary, nullable=False, comment="of what it is loaded from: only the same is resumed"),
    Column("loaded", DateTime(timezone=True), nullable=False),
    Column("head", LargeBinary, nullable=False, comment="the resource, without concepts and mappings"),
    Column("resource", Text, nullable=True, comment="id under which it stands as a resource; while it loads, none"),
    UniqueConstraint("kind", "url", "version"),
    info=_LOCAL,
)
Index(
    "uq_term_edition_current",
    term_edition.c.kind,
    term_edition.c.url,
    unique=True,
    postgresql_where=text("current"),
)

Index("uq_term_edition_resource", term_edition.c.kind, term_edition.c.resource, unique=True)

#: `key` is the code as it is compared; `keys` what a concept is found by (terminology.text), hashed.
term_concept: Final = Table(
    "term_concept",
    metadata,
    Column("edition", Integer, primary_key=True, autoincrement=False),
    Column("key", Text(collation="C"), primary_key=True),
    Column("number", Integer, nullable=False, comment="its place in the code system"),
    Column("code", Text, nullable=False),
    Column("display", Text, nullable=False),
    Column("flags", SmallInteger, nullable=False, comment="1 abstract, 2 inactive"),
    Column("parents", ARRAY(Integer), nullable=False),
    Column("ancestors", ARRAY(Integer), nullable=False, comment="numbers of all it is a kind of, without itself"),
    Column("facts", ARRAY(Text), nullable=False, comment="properties as code=value"),
    Column("search", Text, nullable=False, comment="folded names, pinyin and initials"),
    Column("keys", ARRAY(Integer), nullable=False),
    Column("details", LargeBinary, nullable=False, comment="JSON: definition, designation, property"),
    postgresql_partition_by="RANGE (edition)",
    info=_LOCAL,
)
Index("ix_term_concept_number", term_concept.c.edition, term_concept.c.number)
Index("ix_term_concept_keys", term_concept.c["keys"], postgresql_using="gin")

term_mapping: Final = Table(
    "term_mapping",
    metadata,
    Column("edition", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("source_system", Text, nullable=False),
    Column("source_code", Text, nullable=False),
    Column("target_system", Text, nullable=False),
    Column("target_code", Text, nullable=False),
    Column("target_display", Text, nullable=False),
    Column("equivalence", Text, nullable=False),
    Column("comment", Text, nullable=False),
    Column("depends", LargeBinary, nullable=True, comment="JSON: dependsOn, under which alone it holds"),
    Column("product", LargeBinary, nullable=True, comment="JSON: product, elements it gives besides"),
    info=_LOCAL,
)
Index("ix_term_mapping_source", term_mapping.c.source_code, term_mapping.c.source_system)
Index("ix_term_mapping_target", term_mapping.c.target_code, term_mapping.c.target_system)

#: A table of closure a client keeps (R4 terminology-service.html#closure); `version` counts what was added to it.
term_closure: Final = Table(
    "term_closure",
    metadata,
    Column("number", BigInteger, Identity(always=False), primary_key=True),
    Column("owner", Text, nullable=False, comment="the client and its organisation"),
    Column("name", Text, nullable=False),
    Column("version", Integer, nullable=False, server_default="0"),
    Column("begun", DateTime(timezone=True), nullable=False),
    UniqueConstraint("owner", "name"),
    info=_LOCAL,
)

#: The concepts in it, each with the edition its kinds are told by and the version that added it.
term_closure_concept: Final = Table(
    "term_closure_concept",
    metadata,
    Column("closure", BigInteger, primary_key=True, autoincrement=False),
    Column("edition", Integer, primary_key=True, autoincrement=False),
    Column("concept", Integer, primary_key=True, autoincrement=False, comment="its number in the edition"),
    Column("version", Integer, nullable=False),
    ForeignKeyConstraint(["closure"], ["term_closure.number"], ondelete="CASCADE"),
    info=_LOCAL,
)

#: From when until when an edition was in force: written where that changes, kept when the edition is dropped.
term_force: Final = Table(
    "term_force",
    metadata,
    Column("number", BigInteger, Identity(always=False), primary_key=True),
    Column("edition", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("since", DateTime(timezone=True), nullable=False),
    Column("until", DateTime(timezone=True), nullable=True, comment="NULL: it is in force"),
    info=_LOCAL,
)
Index("uq_term_force_now", term_force.c.edition, unique=True, postgresql_where=text("until IS NULL"))

#: One row: counts changes of what is current or ready, so that processes notice.
term_revision: Final = Table(
    "term_revision",
    metadata,
    Column("single", Boolean, primary_key=True, server_default="true"),
    Column("number", BigInteger, nullable=False, server_default="0"),
    info=_LOCAL,
)
