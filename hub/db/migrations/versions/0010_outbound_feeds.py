"""Outbound feeds and their messages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from hub.db.types import Named

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "outbound_feed",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("since", Named("xid8"), nullable=False, comment="changes of older transactions are not told"),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), server_default="", nullable=False, comment="code of what went wrong last"),
        sa.Column("contact", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "outbound_message",
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("rid", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("lanes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False, comment="waiting, done or dead"),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), server_default="", nullable=False, comment="code of what went wrong last"),
        sa.Column("control", sa.Text(), server_default="", nullable=False),
        sa.Column("happened", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index(
        "ix_outbound_message_waiting",
        "outbound_message",
        ["feed", "seq"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index(
        "ix_outbound_message_delayed",
        "outbound_message",
        ["feed", "due"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting' AND due IS NOT NULL"),
    )
    op.create_index("ix_outbound_message_state", "outbound_message", ["state", "settled"], unique=False)


def downgrade() -> None:
    """Undo."""
    op.drop_table("outbound_message")
    op.drop_table("outbound_feed")
