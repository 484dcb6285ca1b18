"""Instants of persons, and indexes for what decisions and facilities said."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Apply."""
    op.create_index("ix_identity_event_loser", "identity_event", ["loser"], unique=False)
    op.create_index("ix_identity_event_survivor", "identity_event", ["survivor"], unique=False)
    op.create_index("ix_mpi_closing_edge", "mpi_closing", ["first", "second", "made"], unique=False)
    op.create_index(
        "ix_mpi_decision_reverses",
        "mpi_decision",
        ["reverses"],
        unique=False,
        postgresql_where=sa.text("reverses IS NOT NULL"),
    )
    op.add_column("mpi_source", sa.Column("since", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Undo."""
    op.drop_column("mpi_source", "since")
    op.drop_index(
        "ix_mpi_decision_reverses", table_name="mpi_decision", postgresql_where=sa.text("reverses IS NOT NULL")
    )
    op.drop_index("ix_mpi_closing_edge", table_name="mpi_closing")
    op.drop_index("ix_identity_event_survivor", table_name="identity_event")
    op.drop_index("ix_identity_event_loser", table_name="identity_event")
