"""Where alarms stand among the entries of the audit trail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Apply."""
    op.create_index("ix_audit_system", "audit", ["number"], unique=False, postgresql_where=sa.text("role = 'system'"))


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_audit_system", table_name="audit", postgresql_where=sa.text("role = 'system'"))
