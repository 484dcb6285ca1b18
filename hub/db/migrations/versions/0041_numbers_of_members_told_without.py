"""A member that is written without the number of its source gets it: a hub of the release before knows of no number."""

from __future__ import annotations

from alembic import op

revision: str = "0041"
down_revision: str | None = "0040"
branch_labels: str | None = None
depends_on: str | None = None

_FUNCTION = """
CREATE FUNCTION member_number() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT source.number INTO NEW.number FROM mpi_source AS source WHERE source.pkey = NEW.pkey;
    RETURN NEW;
END
$$
"""
# Registrations of this release state the number: for them nothing is called.
_TRIGGER = """
CREATE TRIGGER member_number BEFORE INSERT ON member
FOR EACH ROW WHEN (NEW.number IS NULL) EXECUTE FUNCTION member_number()
"""
_FILL = """
UPDATE member SET number = source.number FROM mpi_source AS source
WHERE source.pkey = member.pkey AND member.number IS NULL
"""


def upgrade() -> None:
    """Apply."""
    op.execute(_FUNCTION)
    op.execute(_TRIGGER)
    op.execute(_FILL)


def downgrade() -> None:
    """Undo."""
    op.execute("DROP TRIGGER member_number ON member")
    op.execute("DROP FUNCTION member_number()")
