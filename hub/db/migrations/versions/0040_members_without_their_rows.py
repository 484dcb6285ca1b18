"""The person of a source, and the sources of a person, from the index alone; members in the order of their sources."""

from __future__ import annotations

from alembic import op

revision: str = "0040"
down_revision: str | None = "0039"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Apply."""
    op.drop_index("ix_member_number", table_name="member")
    op.drop_index("ix_member_person", table_name="member")
    # Filling in the numbers had left the rows wherever there was room.
    op.create_index("ix_member_number", "member", ["number"], unique=True, postgresql_include=["person"])
    op.execute("CLUSTER member USING ix_member_number")
    op.execute("ALTER TABLE member SET WITHOUT CLUSTER")
    op.create_index("ix_member_person", "member", ["person"], postgresql_include=["number"])


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_member_person", table_name="member")
    op.drop_index("ix_member_number", table_name="member")
    op.create_index("ix_member_number", "member", ["number"], unique=True)
    op.create_index("ix_member_person", "member", ["person"])
