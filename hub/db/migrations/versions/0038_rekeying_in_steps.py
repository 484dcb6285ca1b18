"""How far the blocking keys of the patient index are written anew."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0038"
down_revision: str | None = "0037"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "mpi_rekey",
        sa.Column("only", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("after", sa.BigInteger(), nullable=False, comment="number of mpi_source"),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("only", name=op.f("pk_mpi_rekey")),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("mpi_rekey")
