"""Bind devices to people."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0027"
down_revision: str | None = "0026"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "device_binding",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False, comment="the number the feed sends"),
        sa.Column("patient", sa.Text(), nullable=False, comment="id of the source Patient; empty: erased"),
        sa.Column("pkey", sa.Uuid(), nullable=True, comment="key of the source Patient; null: erased"),
        sa.Column("begins", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "claimed",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="until when it was once said to last, where it was shortened",
        ),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column(
            "change", sa.BigInteger(), nullable=False, comment="number of the last change, in the order of commits"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_binding")),
        info={"kind": "local"},
    )
    op.create_index("ix_device_binding_change", "device_binding", ["change"], unique=False)
    op.create_index("ix_device_binding_device", "device_binding", ["feed", "device"], unique=False)
    op.create_index("ix_device_binding_pkey", "device_binding", ["pkey"], unique=False)
    op.create_table(
        "device_nonce",
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("feed", "name", "nonce", name=op.f("pk_device_nonce")),
        info={"kind": "local"},
    )
    op.create_index("ix_device_nonce_until", "device_nonce", ["until"], unique=False)
    op.create_table(
        "device_sender",
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="number of the device, or name of the gateway"),
        sa.Column("gateway", sa.Boolean(), nullable=False, comment="may send for every device of the feed"),
        sa.Column(
            "signs", sa.Boolean(), nullable=False, comment="its secret alone is not enough: requests must be signed"
        ),
        sa.Column(
            "generation", sa.Integer(), nullable=False, comment="of its secret: a new one makes the old worthless"
        ),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("feed", "name", name=op.f("pk_device_sender")),
        info={"kind": "local"},
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("device_sender")
    op.drop_index("ix_device_nonce_until", table_name="device_nonce")
    op.drop_table("device_nonce")
    op.drop_index("ix_device_binding_pkey", table_name="device_binding")
    op.drop_index("ix_device_binding_device", table_name="device_binding")
    op.drop_index("ix_device_binding_change", table_name="device_binding")
    op.drop_table("device_binding")
