"""Put bindings right."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0033"
down_revision: str | None = "0032"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "device_binding",
        sa.Column("corrected_at", sa.DateTime(timezone=True), nullable=True, comment="when it was shortened"),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_column("device_binding", "corrected_at")
