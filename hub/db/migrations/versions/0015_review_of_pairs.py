"""Review of pairs: claims, notes, proposals, second opinions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "mpi_claim",
        sa.Column("review", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("review", name=op.f("pk_mpi_claim")),
        info={"kind": "local"},
    )
    op.create_table(
        "mpi_note",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("first", sa.Uuid(), nullable=False),
        sa.Column("second", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_mpi_note")),
        info={"kind": "local"},
    )
    op.create_index("ix_mpi_note_pair", "mpi_note", ["first", "second"], unique=False)
    op.create_table(
        "mpi_opinion",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("decision", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("first", sa.Uuid(), nullable=False),
        sa.Column("second", sa.Uuid(), nullable=False),
        sa.Column(
            "author", sa.Text(), nullable=False, comment="accounts of the stewards who decided, empty for the matcher"
        ),
        sa.Column("linked", sa.Boolean(), nullable=False),
        sa.Column("drawn", sa.DateTime(timezone=True), nullable=False),
        sa.Column("same", sa.Boolean(), nullable=True),
        sa.Column("who", sa.Text(), server_default="", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("decision", name=op.f("pk_mpi_opinion")),
        sa.UniqueConstraint("number", name=op.f("uq_mpi_opinion_number")),
        info={"kind": "local"},
    )
    op.create_index("ix_mpi_opinion_first", "mpi_opinion", ["first"], unique=False)
    op.create_index("ix_mpi_opinion_second", "mpi_opinion", ["second"], unique=False)
    op.create_table(
        "mpi_proposal",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("first", sa.Uuid(), nullable=False),
        sa.Column("second", sa.Uuid(), nullable=False),
        sa.Column("same", sa.Boolean(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("basis", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.Text(), server_default="", nullable=False),
        sa.Column("closer", sa.Text(), server_default="", nullable=False),
        sa.Column("decision", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_mpi_proposal")),
        info={"kind": "local"},
    )
    op.create_index(
        "ix_mpi_proposal_open",
        "mpi_proposal",
        ["first", "second"],
        unique=True,
        postgresql_where=sa.text("outcome = ''"),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_mpi_proposal_open", table_name="mpi_proposal", postgresql_where=sa.text("outcome = ''"))
    op.drop_table("mpi_proposal")
    op.drop_index("ix_mpi_opinion_second", table_name="mpi_opinion")
    op.drop_index("ix_mpi_opinion_first", table_name="mpi_opinion")
    op.drop_table("mpi_opinion")
    op.drop_index("ix_mpi_note_pair", table_name="mpi_note")
    op.drop_table("mpi_note")
    op.drop_table("mpi_claim")
