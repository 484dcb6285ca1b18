"""Where resources were before they moved to another patient's record."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0020"
down_revision: str | None = "0019"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Apply; what moved before is found by its history."""
    op.create_table(
        "former_home",
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("pkey", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("key", "pkey", name=op.f("pk_former_home")),
        info={"kind": "by-value"},
    )
    op.execute(
        "INSERT INTO former_home (key, pkey) SELECT DISTINCT r.key, r.pkey FROM history r "
        "JOIN resource_home h ON h.key = r.key AND h.pkey <> r.pkey"
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("former_home")
