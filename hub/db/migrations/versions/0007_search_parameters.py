"""Search parameters of an installation's own: definitions, their version, and how far each is in the index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from hub.db.types import Xid8

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Apply."""
    op.add_column("resource", sa.Column("reindexed", Xid8(), nullable=True))
    op.create_table(
        "search_registry",
        sa.Column("id", sa.SmallInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        info={"kind": "local"},
    )
    op.execute("INSERT INTO search_registry (id, version) VALUES (1, 0)")
    op.create_table(
        "search_parameter",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        info={"kind": "local"},
    )
    op.create_table(
        "search_definition",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("parameter", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("expression", sa.Text(), nullable=False),
        sa.Column("targets", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("ready", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("done", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("horizon", Xid8(), nullable=True),
        sa.Column("after_low", sa.DateTime(timezone=True), nullable=True),
        sa.Column("after_key", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("number"),
        info={"kind": "local"},
    )
    op.create_index("ix_search_definition_code", "search_definition", ["type", "code"], unique=True)


def downgrade() -> None:
    """Undo."""
    op.drop_table("search_definition")
    op.drop_table("search_parameter")
    op.drop_table("search_registry")
    op.drop_column("resource", "reindexed")
