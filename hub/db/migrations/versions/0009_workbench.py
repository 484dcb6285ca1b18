"""The engineer's workbench: counters of the conversion report, editions of profiles, bulk repairs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "inbox",
        sa.Column("edition", sa.Integer(), nullable=True, comment="conversion_edition its report is counted under"),
    )
    _counters()
    op.create_table(
        "bulk_repair",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("engineer", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("begun", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended", sa.DateTime(timezone=True), nullable=True),
        sa.Column("chosen", postgresql.JSONB(), nullable=False, comment="the filter"),
        sa.Column("steps", postgresql.JSONB(), nullable=False, comment="pre-processors; none: a replay"),
        sa.Column("ceiling", sa.BigInteger(), nullable=False, comment="messages that came later are not touched"),
        sa.Column(
            "position", sa.BigInteger(), server_default="0", nullable=False, comment="the last message looked at"
        ),
        sa.Column("queued", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("unchanged", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("refused", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        info={"kind": "local"},
    )


def _counters() -> None:
    op.create_table(
        "conversion_edition",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        info={"kind": "local"},
    )
    op.create_index("ix_conversion_edition_feed", "conversion_edition", ["feed", "id"])
    op.create_table(
        "conversion_delta",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("counts", sa.LargeBinary(), nullable=False, comment="zstd over JSON"),
        sa.PrimaryKeyConstraint("id"),
        info={"kind": "local"},
    )
    op.create_table(
        "conversion_count",
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("edition", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Text(), nullable=False, comment="PID-3.4; empty: the messages themselves"),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("targets", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("messages", sa.BigInteger(), nullable=False),
        sa.Column("leaves", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("feed", "day", "edition", "position", "outcome", "targets", "reason"),
        info={"kind": "local"},
    )


def downgrade() -> None:
    """Undo."""
    for table in ("bulk_repair", "conversion_count", "conversion_delta", "conversion_edition"):
        op.drop_table(table)
    op.drop_column("inbox", "edition")
