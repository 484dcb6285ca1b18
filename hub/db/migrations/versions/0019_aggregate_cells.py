"""Cells that aggregates have told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0019"
down_revision: str | None = "0018"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "aggregate_cell",
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="of the members"),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("members", sa.LargeBinary(), nullable=False, comment="zstd over numbers of 8 bytes, in order"),
        sa.Column("told", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("project", "digest", name=op.f("pk_aggregate_cell")),
        info={"kind": "local"},
    )
    op.create_index("ix_aggregate_cell_size", "aggregate_cell", ["project", "size"], unique=False)


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_aggregate_cell_size", table_name="aggregate_cell")
    op.drop_table("aggregate_cell")
