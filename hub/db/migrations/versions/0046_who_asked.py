"""Entries of the audit trail by who asked, newest first."""

from __future__ import annotations

from alembic import op

revision: str = "0046"
down_revision: str | None = "0045"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Apply."""
    op.execute(
        "CREATE INDEX ix_audit_who ON audit (coalesce(requester, 'Organization/' || organization), number, recorded)"
    )


def downgrade() -> None:
    """Undo."""
    op.execute("DROP INDEX ix_audit_who")
