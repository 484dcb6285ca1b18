"""Let applications be opened from a record."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0023"
down_revision: str | None = "0022"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "oauth_launch",
        sa.Column("launch", sa.LargeBinary(), nullable=False, comment="SHA-256"),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("patient", sa.Text(), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account"], ["account.name"], name=op.f("fk_oauth_launch_account"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["client"], ["oauth_client.id"], name=op.f("fk_oauth_launch_client"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("launch", name=op.f("pk_oauth_launch")),
        info={"kind": "local"},
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("oauth_launch")
