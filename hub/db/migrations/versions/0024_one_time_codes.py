"""Ask for one-time codes beside passwords."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0024"
down_revision: str | None = "0023"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "account",
        sa.Column("totp", sa.LargeBinary(), nullable=True, comment="secret of the device for one-time codes, sealed"),
    )
    op.add_column(
        "account",
        sa.Column(
            "totp_step",
            sa.BigInteger(),
            nullable=True,
            comment="time step of the last code: none up to it is taken again",
        ),
    )
    op.add_column(
        "account",
        sa.Column(
            "recovery", postgresql.ARRAY(sa.LargeBinary()), server_default="{}", nullable=False, comment="SHA-256"
        ),
    )
    op.alter_column(
        "account",
        "password",
        existing_type=sa.TEXT(),
        comment="Argon2id or scrypt, with its parameters and salt",
        existing_comment="scrypt with its parameters and salt",
        existing_nullable=False,
    )


def downgrade() -> None:
    """Undo."""
    op.alter_column(
        "account",
        "password",
        existing_type=sa.TEXT(),
        comment="scrypt with its parameters and salt",
        existing_comment="Argon2id or scrypt, with its parameters and salt",
        existing_nullable=False,
    )
    op.drop_column("account", "recovery")
    op.drop_column("account", "totp_step")
    op.drop_column("account", "totp")
