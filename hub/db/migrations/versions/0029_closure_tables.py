"""Keep what targets of concept maps depend on, and tables of closure."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0029"
down_revision: str | None = "0028"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "term_closure",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False, comment="the client and its organisation"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="0", nullable=False),
        sa.Column("begun", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_term_closure")),
        sa.UniqueConstraint("owner", "name", name=op.f("uq_term_closure_owner_name")),
        info={"kind": "local"},
    )
    op.create_table(
        "term_closure_concept",
        sa.Column("closure", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("edition", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("concept", sa.Integer(), autoincrement=False, nullable=False, comment="its number in the edition"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["closure"], ["term_closure.number"], name=op.f("fk_term_closure_concept_closure"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("closure", "edition", "concept", name=op.f("pk_term_closure_concept")),
        info={"kind": "local"},
    )
    op.add_column(
        "term_mapping",
        sa.Column("depends", sa.LargeBinary(), nullable=True, comment="JSON: dependsOn, under which alone it holds"),
    )
    op.add_column(
        "term_mapping",
        sa.Column("product", sa.LargeBinary(), nullable=True, comment="JSON: product, elements it gives besides"),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_column("term_mapping", "product")
    op.drop_column("term_mapping", "depends")
    op.drop_table("term_closure_concept")
    op.drop_table("term_closure")
