"""Keep short what searches by GIN indexes read through before they look anything up."""

from __future__ import annotations

from alembic import op

revision: str = "0032"
down_revision: str | None = "0031"
branch_labels: str | None = None
depends_on: str | None = None

_SHORT = ("ix_resource_tokens", "ix_text_value_grams")
_NONE = "ix_consent_rule_actors"


def upgrade() -> None:
    """Apply, and put what waits where it belongs."""
    for name in _SHORT:
        op.execute(f"ALTER INDEX {name} SET (gin_pending_list_limit = 256)")
    op.execute(f"ALTER INDEX {_NONE} SET (fastupdate = off)")
    for name in (*_SHORT, _NONE):
        op.execute(f"SELECT gin_clean_pending_list('{name}')")


def downgrade() -> None:
    """Undo."""
    for name in _SHORT:
        op.execute(f"ALTER INDEX {name} RESET (gin_pending_list_limit)")
    op.execute(f"ALTER INDEX {_NONE} RESET (fastupdate)")
