"""Editions of code systems, value sets and concept maps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "term_concept",
        sa.Column("edition", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(collation="C"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="its place in the code system"),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("display", sa.Text(), nullable=False),
        sa.Column("flags", sa.SmallInteger(), nullable=False, comment="1 abstract, 2 inactive"),
        sa.Column("parents", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column(
            "ancestors",
            postgresql.ARRAY(sa.Integer()),
            nullable=False,
            comment="numbers of all it is a kind of, without itself",
        ),
        sa.Column("facts", postgresql.ARRAY(sa.Text()), nullable=False, comment="properties as code=value"),
        sa.Column("search", sa.Text(), nullable=False, comment="folded names, pinyin and initials"),
        sa.Column("keys", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("details", sa.LargeBinary(), nullable=False, comment="JSON: definition, designation, property"),
        sa.PrimaryKeyConstraint("edition", "key", name=op.f("pk_term_concept")),
        info={"kind": "local"},
        postgresql_partition_by="LIST (edition)",
    )
    op.create_index("ix_term_concept_keys", "term_concept", ["keys"], unique=False, postgresql_using="gin")
    op.create_index("ix_term_concept_number", "term_concept", ["edition", "number"], unique=False)
    op.create_table(
        "term_edition",
        sa.Column("number", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("current", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("ready", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("total", sa.Integer(), server_default="0", nullable=False, comment="concepts or mappings"),
        sa.Column(
            "digest", sa.LargeBinary(), nullable=False, comment="of what it is loaded from: only the same is resumed"
        ),
        sa.Column("loaded", sa.DateTime(timezone=True), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False, comment="the resource, without concepts and mappings"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_term_edition")),
        sa.UniqueConstraint("kind", "url", "version", name=op.f("uq_term_edition_kind_url_version")),
        info={"kind": "local"},
    )
    op.create_index(
        "uq_term_edition_current", "term_edition", ["kind", "url"], unique=True, postgresql_where=sa.text("current")
    )
    op.create_table(
        "term_mapping",
        sa.Column("edition", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("source_system", sa.Text(), nullable=False),
        sa.Column("source_code", sa.Text(), nullable=False),
        sa.Column("target_system", sa.Text(), nullable=False),
        sa.Column("target_code", sa.Text(), nullable=False),
        sa.Column("target_display", sa.Text(), nullable=False),
        sa.Column("equivalence", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("edition", "number", name=op.f("pk_term_mapping")),
        info={"kind": "local"},
    )
    op.create_index("ix_term_mapping_source", "term_mapping", ["source_code", "source_system"], unique=False)
    op.create_index("ix_term_mapping_target", "term_mapping", ["target_code", "target_system"], unique=False)
    op.create_table(
        "term_revision",
        sa.Column("single", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("number", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("single", name=op.f("pk_term_revision")),
        info={"kind": "local"},
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("term_revision")
    op.drop_index("ix_term_mapping_target", table_name="term_mapping")
    op.drop_index("ix_term_mapping_source", table_name="term_mapping")
    op.drop_table("term_mapping")
    op.drop_index("uq_term_edition_current", table_name="term_edition", postgresql_where=sa.text("current"))
    op.drop_table("term_edition")
    op.drop_index("ix_term_concept_number", table_name="term_concept")
    op.drop_index("ix_term_concept_keys", table_name="term_concept", postgresql_using="gin")
    op.drop_table("term_concept")
