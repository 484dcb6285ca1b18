"""Deeds of stewards: a proposal holds any of them, not the decision of a pair alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0021"
down_revision: str | None = "0020"
branch_labels: str | None = None
depends_on: str | None = None

_FILL = """
UPDATE mpi_proposal AS proposal SET
    deed = CASE WHEN same THEN 'merge' ELSE 'apart' END,
    patients = ARRAY(
        SELECT patient FROM mpi_source WHERE pkey IN (proposal.first, proposal.second) ORDER BY patient COLLATE "C"
    ),
    review = (
        SELECT review.number FROM mpi_review AS review
        WHERE (review.first, review.second) = (proposal.first, proposal.second)
    )
"""


def upgrade() -> None:
    """Apply."""
    op.drop_index("ix_mpi_proposal_open", table_name="mpi_proposal")
    op.add_column("mpi_proposal", sa.Column("deed", sa.Text(), nullable=False, server_default=""))
    op.add_column(
        "mpi_proposal", sa.Column("patients", postgresql.ARRAY(sa.Text()), nullable=False, server_default="{}")
    )
    op.add_column("mpi_proposal", sa.Column("target", sa.BigInteger(), nullable=True))
    op.add_column("mpi_proposal", sa.Column("review", sa.BigInteger(), nullable=True))
    op.execute(_FILL)
    op.alter_column("mpi_proposal", "deed", server_default=None)
    op.alter_column("mpi_proposal", "patients", server_default=None)
    for column in ("first", "second", "same"):
        op.drop_column("mpi_proposal", column)
    op.create_index(
        "ix_mpi_proposal_open", "mpi_proposal", ["patients"], unique=True, postgresql_where=sa.text("outcome = ''")
    )


def downgrade() -> None:
    """Undo. Proposals of other deeds than of pairs cannot be kept, so none is."""
    op.drop_index("ix_mpi_proposal_open", table_name="mpi_proposal")
    op.execute("DELETE FROM mpi_proposal")
    for column in ("deed", "patients", "target", "review"):
        op.drop_column("mpi_proposal", column)
    op.add_column("mpi_proposal", sa.Column("first", sa.Uuid(), nullable=False))
    op.add_column("mpi_proposal", sa.Column("second", sa.Uuid(), nullable=False))
    op.add_column("mpi_proposal", sa.Column("same", sa.Boolean(), nullable=False))
    op.create_index(
        "ix_mpi_proposal_open",
        "mpi_proposal",
        ["first", "second"],
        unique=True,
        postgresql_where=sa.text("outcome = ''"),
    )
