"""Keep the version of the index, and which types are behind it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.db.types import Xid8

revision: str = "0028"
down_revision: str | None = "0027"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Apply. Nobody knows in which version rows that stand were indexed, so they count as the first."""
    op.add_column("search_registry", sa.Column("indexed", sa.Integer(), nullable=True))
    op.execute("UPDATE search_registry SET indexed = 1 WHERE EXISTS (SELECT FROM resource)")
    op.create_table(
        "search_arrears",
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("since", sa.Integer(), nullable=False),
        sa.Column("done", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("horizon", Xid8(), nullable=True),
        sa.Column("after_low", sa.DateTime(timezone=True), nullable=True),
        sa.Column("after_key", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("type"),
        info={"kind": "local"},
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("search_arrears")
    op.drop_column("search_registry", "indexed")
