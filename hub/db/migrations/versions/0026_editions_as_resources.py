"""Let editions of terminology stand as resources."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0026"
down_revision: str | None = "0025"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "term_edition",
        sa.Column(
            "resource", sa.Text(), nullable=True, comment="id under which it stands as a resource; while it loads, none"
        ),
    )
    op.create_index("uq_term_edition_resource", "term_edition", ["kind", "resource"], unique=True)


def downgrade() -> None:
    """Undo."""
    op.drop_index("uq_term_edition_resource", table_name="term_edition")
    op.drop_column("term_edition", "resource")
