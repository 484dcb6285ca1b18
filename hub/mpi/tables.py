"""The tables of the master patient index. None is distributed; each links source patients, never their records.

Who belongs to a person follows from the edges that stand: `member` (hub/db/tables.py) holds the outcome, these tables
the reasons. Nothing is ever deleted but blocking keys, so every decision can be shown and taken back.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Double,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from hub.db.metadata import metadata

_LOCAL: Final = {"kind": "local"}

#: A source Patient as it is compared. `number` tells the older of two; `since`: when the index met it (none: before it
#: kept count). `person`: the id it would have as a person of
#: its own, kept for the day it becomes one again. `digest`: of the demographics that matter; `features`: see packed.py.
mpi_source: Final = Table(
    "mpi_source",
    metadata,
    Column("pkey", Uuid, primary_key=True),
    Column("number", BigInteger, Identity(always=True), nullable=False, unique=True),
    Column("patient", Text, nullable=False),
    Column("facility", Text, nullable=False),
    Column("person", Text, nullable=False, unique=True),
    Column("digest", Uuid, nullable=False),
    Column("features", LargeBinary, nullable=False),
    Column("since", DateTime(timezone=True)),
    info=_LOCAL,
)

#: Blocking keys, hashed to 64 bits: a collision costs one comparison.
mpi_key: Final = Table(
    "mpi_key",
    metadata,
    Column("key", BigInteger, primary_key=True, autoincrement=False),
    Column("source", BigInteger, primary_key=True, comment="number of mpi_source"),
    info=_LOCAL,
)

#: One row while blocking keys are written anew (hub/mpi/rekey.py): the last source whose keys are, and how many.
mpi_rekey: Final = Table(
    "mpi_rekey",
    metadata,
    Column("only", SmallInteger, primary_key=True, autoincrement=False),
    Column("after", BigInteger, nullable=False, comment="number of mpi_source"),
    Column("done", BigInteger, nullable=False),
    Column("total", BigInteger, nullable=False),
    info=_LOCAL,
)

#: How many source patients bear a name or a spelling; by hash. Names at a telephone are counted where it is a key.
mpi_count: Final = Table(
    "mpi_count",
    metadata,
    Column("key", BigInteger, primary_key=True, autoincrement=False),
    Column("seen", Integer, nullable=False),
    info=_LOCAL,
)

#: Why source patients are one person or are not. `kind` and `actor` are words of hub/mpi/decision.py; `who` is the
#: account of a steward; `message` the inbox number. `evidence` names comparisons, never values. `standing`: not
#: reversed. `reverses`: the decision it takes back.
mpi_decision: Final = Table(
    "mpi_decision",
    metadata,
    Column("number", BigInteger, Identity(always=False), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("message", BigInteger),
    Column("first", Uuid, nullable=False, comment="pkey; of a merge, the survivor"),
    Column("second", Uuid, comment="pkey"),
    Column("score", Double, comment="bits"),
    Column("evidence", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("reverses", BigInteger),
    Column("standing", Boolean, nullable=False),
    info=_LOCAL,
)
Index("ix_mpi_decision_first", mpi_decision.c.first)
Index("ix_mpi_decision_second", mpi_decision.c.second)
Index("ix_mpi_decision_reverses", mpi_decision.c.reverses, postgresql_where=text("reverses IS NOT NULL"))

#: What a decision says of two sources (numbers, lower first): `link` or `apart`. It stands while nothing closes it:
#: neither the reversal of its own decision nor another decision (mpi_closing). `loser`: the number merged away.
mpi_edge: Final = Table(
    "mpi_edge",
    metadata,
    Column("first", BigInteger, primary_key=True, autoincrement=False),
    Column("second", BigInteger, primary_key=True),
    Column("decision", BigInteger, primary_key=True),
    Column("actor", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("loser", BigInteger),
    Column("closed", Integer, nullable=False, comment="how many standing decisions speak against it"),
    info=_LOCAL,
)
Index("ix_mpi_edge_second", mpi_edge.c.second)
Index("ix_mpi_edge_decision", mpi_edge.c.decision)
Index("ix_mpi_edge_loser", mpi_edge.c.loser, postgresql_where=text("loser IS NOT NULL"))

#: The edges a decision closed; `made` is the decision that made the edge.
mpi_closing: Final = Table(
    "mpi_closing",
    metadata,
    Column("decision", BigInteger, primary_key=True, autoincrement=False),
    Column("first", BigInteger, primary_key=True),
    Column("second", BigInteger, primary_key=True),
    Column("made", BigInteger, primary_key=True),
    info=_LOCAL,
)

Index("ix_mpi_closing_edge", mpi_closing.c.first, mpi_closing.c.second, mpi_closing.c.made)

#: Which source went from which person to which, and by which decision.
mpi_move: Final = Table(
    "mpi_move",
    metadata,
    Column("decision", BigInteger, primary_key=True, autoincrement=False),
    Column("pkey", Uuid, primary_key=True),
    Column("origin", Text, nullable=False, comment="person"),
    Column("target", Text, nullable=False, comment="person"),
    info=_LOCAL,
)
Index("ix_mpi_move_pkey", mpi_move.c.pkey)

#: Pairs a steward should look at (pkeys, lower first). `decision`: what settled it.
mpi_review: Final = Table(
    "mpi_review",
    metadata,
    Column("number", BigInteger, Identity(always=True), nullable=False, unique=True),
    Column("first", Uuid, primary_key=True),
    Column("second", Uuid, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("score", Double, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("decision", BigInteger),
    info=_LOCAL,
)
Index("ix_mpi_review_second", mpi_review.c.second)
Index("ix_mpi_review_open", mpi_review.c.score, postgresql_where=text("decision IS NULL"))

#: Who works on a pair (number of mpi_review), and until when nobody else may decide it.
mpi_claim: Final = Table(
    "mpi_claim",
    metadata,
    Column("review", BigInteger, primary_key=True, autoincrement=False),
    Column("who", Text, nullable=False),
    Column("until", DateTime(timezone=True), nullable=False),
    info=_LOCAL,
)

#: What stewards said of a pair without deciding it; `kind` is `comment` or `skip`. Kept by the pair's keys, lower
#: first: a pair that is judged again gets another number.
mpi_note: Final = Table(
    "mpi_note",
    metadata,
    Column("number", BigInteger, Identity(always=True), primary_key=True),
    Column("first", Uuid, nullable=False),
    Column("second", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    info=_LOCAL,
)
Index("ix_mpi_note_pair", mpi_note.c.first, mpi_note.c.second)

#: A deed of one steward that a second one has to confirm: a word of hub/mpi/deeds.py, the source Patients it is about,
#: the decision it takes back (`target`), the pair it decides (`review`, number). `basis`: a digest of the persons as
#: they were then. `outcome`: empty while it is open, then confirmed, refused or stale; `closer` is who ended it.
mpi_proposal: Final = Table(
    "mpi_proposal",
    metadata,
    Column("number", BigInteger, Identity(always=True), primary_key=True),
    Column("deed", Text, nullable=False),
    Column("patients", ARRAY(Text), nullable=False),
    Column("target", BigInteger),
    Column("review", BigInteger),
    Column("who", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("basis", Uuid, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("outcome", Text, nullable=False, server_default=""),
    Column("closer", Text, nullable=False, server_default=""),
    Column("decision", BigInteger),
    info=_LOCAL,
)
Index(
    "ix_mpi_proposal_open",
    mpi_proposal.c.patients,
    unique=True,
    postgresql_where=text("outcome = ''"),
)

#: A decision that was drawn for a second, blind opinion. `linked`: what it says; `same`: what the second reviewer says.
mpi_opinion: Final = Table(
    "mpi_opinion",
    metadata,
    Column("number", BigInteger, Identity(always=True), nullable=False, unique=True),
    Column("decision", BigInteger, primary_key=True, autoincrement=False),
    Column("first", Uuid, nullable=False),
    Column("second", Uuid, nullable=False),
    Column("author", Text, nullable=False, comment="accounts of the stewards who decided, empty for the matcher"),
    Column("linked", Boolean, nullable=False),
    Column("drawn", DateTime(timezone=True), nullable=False),
    Column("same", Boolean),
    Column("who", Text, nullable=False, server_default=""),
    Column("at", DateTime(timezone=True)),
    info=_LOCAL,
)
Index("ix_mpi_opinion_first", mpi_opinion.c.first)
Index("ix_mpi_opinion_second", mpi_opinion.c.second)
