"""Let small code systems stand in one partition together, under negative numbers of their editions."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0037"
down_revision: str | None = "0036"
branch_labels: str | None = None
depends_on: str | None = None

#: As terminology.shelf.WHOLE was.
_SMALL = 1000
_ATTACHED = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'term_concept'::regclass ORDER BY 1"
_READY = "SELECT number FROM term_edition WHERE kind = 'CodeSystem' AND ready AND total <= :most AND number > 0"
_COLUMNS = "key, number, code, display, flags, parents, ancestors, facts, search, keys, details"


def upgrade() -> None:
    """Apply."""
    _made_anew("RANGE (edition)", lambda number: f"FROM ({number}) TO ({number + 1})")
    op.execute("CREATE TABLE term_concept_small PARTITION OF term_concept FOR VALUES FROM (MINVALUE) TO (0)")
    # A few concepts at a time are written there, beside those who search it.
    op.execute("ALTER INDEX term_concept_small_keys_idx SET (fastupdate = off)")
    for (number,) in op.get_bind().execute(sa.text(_READY), {"most": _SMALL}).all():
        op.execute(
            f"INSERT INTO term_concept (edition, {_COLUMNS}) SELECT -edition, {_COLUMNS} FROM term_concept_{number}"
        )
        op.execute(f"DROP TABLE term_concept_{number}")
        _renumbered(number, -number)


def downgrade() -> None:
    """Undo."""
    op.execute("DELETE FROM term_edition WHERE number < 0 AND NOT ready")
    for (number,) in op.get_bind().execute(sa.text("SELECT -number FROM term_edition WHERE number < 0")).all():
        name = f"term_concept_{number}"
        op.execute(f"CREATE TABLE {name} (LIKE term_concept INCLUDING DEFAULTS)")
        op.execute(
            f"INSERT INTO {name} (edition, {_COLUMNS}) SELECT {number}, {_COLUMNS} FROM term_concept_small"
            f" WHERE edition = -{number}"
        )
        op.execute(f"ALTER TABLE {name} ADD PRIMARY KEY (edition, key)")
        op.execute(f"ALTER TABLE term_concept ATTACH PARTITION {name} FOR VALUES FROM ({number}) TO ({number + 1})")
        _renumbered(-number, number)
    op.execute("DROP TABLE term_concept_small")
    _made_anew("LIST (edition)", lambda number: f"IN ({number})")


def _renumbered(number: int, to: int) -> None:
    op.execute(f"UPDATE term_edition SET number = {to} WHERE number = {number}")
    op.execute(f"UPDATE term_closure_concept SET edition = {to} WHERE edition = {number}")


def _made_anew(by: str, bounds: Callable[[int], str]) -> None:
    """The table with other bounds of its partitions, which stay as they are."""
    partitions = [name for (name,) in op.get_bind().execute(sa.text(_ATTACHED)).all()]
    for name in partitions:
        op.execute(f"ALTER TABLE term_concept DETACH PARTITION {name}")
    op.drop_table("term_concept")
    op.create_table(
        "term_concept",
        sa.Column("edition", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(collation="C"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="its place in the code system"),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("display", sa.Text(), nullable=False),
        sa.Column("flags", sa.SmallInteger(), nullable=False, comment="1 abstract, 2 inactive"),
        sa.Column("parents", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column(
            "ancestors",
            postgresql.ARRAY(sa.Integer()),
            nullable=False,
            comment="numbers of all it is a kind of, without itself",
        ),
        sa.Column("facts", postgresql.ARRAY(sa.Text()), nullable=False, comment="properties as code=value"),
        sa.Column("search", sa.Text(), nullable=False, comment="folded names, pinyin and initials"),
        sa.Column("keys", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("details", sa.LargeBinary(), nullable=False, comment="JSON: definition, designation, property"),
        sa.PrimaryKeyConstraint("edition", "key", name=op.f("pk_term_concept")),
        info={"kind": "local"},
        postgresql_partition_by=by,
    )
    op.create_index("ix_term_concept_keys", "term_concept", ["keys"], unique=False, postgresql_using="gin")
    op.create_index("ix_term_concept_number", "term_concept", ["edition", "number"], unique=False)
    for name in partitions:
        number = int(name.removeprefix("term_concept_"))
        op.execute(f"ALTER TABLE term_concept ATTACH PARTITION {name} FOR VALUES {bounds(number)}")
