"""Begin epochs of the sessions of an account."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0025"
down_revision: str | None = "0024"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "account",
        sa.Column(
            "epoch", sa.Integer(), server_default="0", nullable=False, comment="of its sessions: a new one ends them"
        ),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_column("account", "epoch")
