"""Components of search parameters."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0035"
down_revision: str | None = "0034"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "search_definition",
        sa.Column(
            "components",
            postgresql.ARRAY(sa.Text()),
            server_default="{}",
            nullable=False,
            comment="type and expression by turns",
        ),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_column("search_definition", "components")
