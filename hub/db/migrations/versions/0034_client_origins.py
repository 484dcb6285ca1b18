"""Keys that applications publish and origins of their pages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0034"
down_revision: str | None = "0033"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "oauth_client",
        sa.Column("jwks_uri", sa.Text(), server_default="", nullable=False, comment="where it publishes its keys"),
    )
    op.add_column(
        "oauth_client",
        sa.Column(
            "origins",
            postgresql.ARRAY(sa.Text()),
            server_default="{}",
            nullable=False,
            comment="of pages whose scripts may ask",
        ),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_column("oauth_client", "origins")
    op.drop_column("oauth_client", "jwks_uri")
