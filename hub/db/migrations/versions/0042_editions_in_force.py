"""Keep from when until when an edition of the terminology was in force; what is in force now is from now on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0042"
down_revision: str | None = "0041"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "term_force",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True, comment="NULL: it is in force"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_term_force")),
    )
    op.create_index(
        "uq_term_force_now", "term_force", ["edition"], unique=True, postgresql_where=sa.text("until IS NULL")
    )
    op.execute(
        "INSERT INTO term_force (edition, kind, url, since)"
        " SELECT number, kind, url, now() FROM term_edition WHERE current"
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("term_force")
