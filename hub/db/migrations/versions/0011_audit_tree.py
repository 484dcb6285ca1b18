"""The Merkle tree over the audit trail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from hub.db.types import Named

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "audit_checkpoint",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("signed", sa.DateTime(timezone=True), nullable=False),
        sa.Column("floor", Named("xid8"), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_audit_checkpoint")),
    )
    op.create_table(
        "audit_leaf",
        sa.Column("index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("items", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.PrimaryKeyConstraint("index", name=op.f("pk_audit_leaf")),
        sa.UniqueConstraint("number", name=op.f("uq_audit_leaf_number")),
    )
    op.create_table(
        "audit_tile",
        sa.Column("level", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "index", name=op.f("pk_audit_tile")),
    )
    # Rows that are there become leaves first. Only a constant saves writing each of them anew.
    op.add_column("audit", sa.Column("xid", Named("xid8"), server_default=sa.text("'0'"), nullable=False))
    op.alter_column("audit", "xid", server_default=sa.text("pg_current_xact_id()"))
    op.create_index("ix_audit_xid", "audit", ["xid", "number"], unique=False)


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_audit_xid", table_name="audit")
    op.drop_column("audit", "xid")
    op.drop_table("audit_tile")
    op.drop_table("audit_leaf")
    op.drop_table("audit_checkpoint")
