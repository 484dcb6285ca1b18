"""Keep beside each version by a digest which codes and profiles are in it; versions that stand get theirs as the index
is made anew, those that were superseded have none."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0043"
down_revision: str | None = "0042"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Apply."""
    for table in ("resource", "history"):
        op.add_column(table, sa.Column("coded", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    """Undo."""
    for table in ("resource", "history"):
        op.drop_column(table, "coded")
