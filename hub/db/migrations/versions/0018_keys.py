"""Keys of what is sealed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.db.types import Named

revision: str = "0018"
down_revision: str | None = "0017"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "data_key",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("owner", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("suite", sa.SmallInteger(), nullable=False),
        sa.Column("wrapping", sa.Integer(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("made", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("retired", sa.DateTime(timezone=True), nullable=True),
        sa.Column("erased", sa.DateTime(timezone=True), nullable=True),
        sa.Column("xid", Named("xid8"), server_default=sa.text("pg_current_xact_id()"), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_data_key")),
        info={"kind": "local"},
    )
    op.create_index("ix_data_key_owner", "data_key", ["owner", "number"], unique=False)
    op.create_table(
        "erasure",
        sa.Column("patient", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_by", sa.Text(), nullable=True),
        sa.Column("confirmed", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("patient", name=op.f("pk_erasure")),
        info={"kind": "local"},
    )
    op.create_table(
        "resealing",
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("begun", sa.DateTime(timezone=True), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("looked", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("ended", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("part", name=op.f("pk_resealing")),
        info={"kind": "local"},
    )
    op.create_table(
        "wrapping_key",
        sa.Column("number", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("suite", sa.SmallInteger(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("made", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_wrapping_key")),
        info={"kind": "local"},
    )
    op.add_column(
        "inbox",
        sa.Column(
            "raw_key",
            sa.LargeBinary(),
            nullable=True,
            comment="key of raw and repaired, wrapped; null: not sealed; empty: erased",
        ),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_column("inbox", "raw_key")
    op.drop_table("wrapping_key")
    op.drop_table("resealing")
    op.drop_table("erasure")
    op.drop_index("ix_data_key_owner", table_name="data_key")
    op.drop_table("data_key")
