"""Local codes of coded fields that no facility profile has an entry for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "unmapped_code",
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False, comment="OBX-3"),
        sa.Column("system", sa.Text(), nullable=False, comment="as sent; empty: none"),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("display", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False, comment="messages, as far as workers have added them up"),
        sa.Column("first_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("message", sa.BigInteger(), nullable=False, comment="number of the first message"),
        sa.PrimaryKeyConstraint("feed", "field", "system", "code"),
        info={"kind": "local"},
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("unmapped_code")
