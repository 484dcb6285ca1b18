"""History of types: superseded versions in the order of time, with what the predicate looks at."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Apply."""
    op.add_column("history", sa.Column("tokens", postgresql.ARRAY(sa.Uuid()), nullable=True))
    op.add_column("history", sa.Column("refs", postgresql.ARRAY(sa.Uuid()), nullable=True))
    op.create_index("ix_history_type_updated", "history", ["type", "updated", "key", "version"], unique=False)


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_history_type_updated", table_name="history")
    op.drop_column("history", "refs")
    op.drop_column("history", "tokens")
