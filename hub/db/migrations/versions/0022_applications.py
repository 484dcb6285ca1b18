"""Register applications and what they are granted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0022"
down_revision: str | None = "0021"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "oauth_client",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="public, confidential, backend or resource"),
        sa.Column("redirect_uris", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("launch_uri", sa.Text(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("roles", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("purposes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("jwks", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("access_seconds", sa.Integer(), nullable=False),
        sa.Column("refresh_seconds", sa.Integer(), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oauth_client")),
        info={"kind": "local"},
    )
    op.create_table(
        "oauth_assertion",
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("jti", sa.LargeBinary(), nullable=False, comment="SHA-256"),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["client"], ["oauth_client.id"], name=op.f("fk_oauth_assertion_client"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("client", "jti", name=op.f("pk_oauth_assertion")),
        info={"kind": "local"},
    )
    op.create_index("ix_oauth_assertion_expires", "oauth_assertion", ["expires"], unique=False)
    op.create_table(
        "oauth_grant",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=True),
        sa.Column(
            "session", sa.LargeBinary(), nullable=True, comment="of online access: the web session it lives with"
        ),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("rights", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("told", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("signed_in", sa.DateTime(timezone=True), nullable=True, comment="when the user signed in"),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended", sa.DateTime(timezone=True), nullable=True),
        sa.Column("why", sa.Text(), server_default="", nullable=False, comment="why it ended"),
        sa.ForeignKeyConstraint(["account"], ["account.name"], name=op.f("fk_oauth_grant_account"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["client"], ["oauth_client.id"], name=op.f("fk_oauth_grant_client"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oauth_grant")),
        info={"kind": "local"},
    )
    op.create_index("ix_oauth_grant_account", "oauth_grant", ["account"], unique=False)
    op.create_index("ix_oauth_grant_client", "oauth_grant", ["client"], unique=False)
    op.create_index("ix_oauth_grant_expires", "oauth_grant", ["expires"], unique=False)
    op.create_table(
        "oauth_code",
        sa.Column("code", sa.LargeBinary(), nullable=False, comment="SHA-256"),
        sa.Column("grant_id", sa.Text(), nullable=False),
        sa.Column("redirect_uri", sa.Text(), nullable=False),
        sa.Column("challenge", sa.Text(), nullable=False, comment="S256"),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["oauth_grant.id"], name=op.f("fk_oauth_code_grant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_oauth_code")),
        info={"kind": "local"},
    )
    op.create_index("ix_oauth_code_grant_id", "oauth_code", ["grant_id"], unique=False)
    op.create_table(
        "oauth_refresh",
        sa.Column("token", sa.LargeBinary(), nullable=False, comment="SHA-256"),
        sa.Column("grant_id", sa.Text(), nullable=False),
        sa.Column("used", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["oauth_grant.id"], name=op.f("fk_oauth_refresh_grant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_oauth_refresh")),
        info={"kind": "local"},
    )
    op.create_index("ix_oauth_refresh_grant_id", "oauth_refresh", ["grant_id"], unique=False)


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_oauth_refresh_grant_id", table_name="oauth_refresh")
    op.drop_table("oauth_refresh")
    op.drop_index("ix_oauth_code_grant_id", table_name="oauth_code")
    op.drop_table("oauth_code")
    op.drop_index("ix_oauth_grant_expires", table_name="oauth_grant")
    op.drop_index("ix_oauth_grant_client", table_name="oauth_grant")
    op.drop_index("ix_oauth_grant_account", table_name="oauth_grant")
    op.drop_table("oauth_grant")
    op.drop_index("ix_oauth_assertion_expires", table_name="oauth_assertion")
    op.drop_table("oauth_assertion")
    op.drop_table("oauth_client")
