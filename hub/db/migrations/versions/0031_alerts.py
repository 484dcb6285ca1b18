"""Wait for alerts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0031"
down_revision: str | None = "0030"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "alert_waiting",
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("observation", sa.Text(), nullable=False, comment="its id"),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due", sa.DateTime(timezone=True), nullable=True, comment="not before; null: at once"),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_alert_waiting")),
        info={"kind": "local"},
    )
    op.create_index("ix_alert_waiting_due", "alert_waiting", ["due"], unique=False)


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_alert_waiting_due", table_name="alert_waiting")
    op.drop_table("alert_waiting")
