"""Tables of the authorisation server. Codes and refresh tokens are kept as SHA-256: a copy of a table opens nothing."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, DateTime, ForeignKey, Index, Integer, LargeBinary, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from hub.db.metadata import metadata

#: An application an administrator registered (`hub.auth.oauth.clients.Client`).
oauth_client: Final = Table(
    "oauth_client",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False, comment="public, confidential, backend or resource"),
    Column("redirect_uris", ARRAY(Text), nullable=False),
    Column("launch_uri", Text, nullable=False),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("organization", Text, nullable=False),
    Column("roles", ARRAY(Text), nullable=False),
    Column("purposes", ARRAY(Text), nullable=False),
    Column("jwks", JSONB, nullable=False),
    Column("jwks_uri", Text, nullable=False, server_default="", comment="where it publishes its keys"),
    Column("origins", ARRAY(Text), nullable=False, server_default="{}", comment="of pages whose scripts may ask"),
    Column("access_seconds", Integer, nullable=False),
    Column("refresh_seconds", Integer, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("created", DateTime(timezone=True), nullable=False),
    info={"kind": "local"},
)

#: What a user, or for a backend its registration, granted once: the family of all tokens that come of it. `rights` are
#: those of the actor, `told` what the token response says of the launch. An ended family opens nothing any more.
oauth_grant: Final = Table(
    "oauth_grant",
    metadata,
    Column("id", Text, primary_key=True),
    Column("client", Text, ForeignKey("oauth_client.id", ondelete="CASCADE"), nullable=False),
    Column("account", Text, ForeignKey("account.name", ondelete="CASCADE")),
    Column("session", LargeBinary, comment="of online access: the web session it lives with"),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("rights", JSONB, nullable=False),
    Column("told", JSONB, nullable=False),
    Column("nonce", Text, nullable=False),
    Column("signed_in", DateTime(timezone=True), comment="when the user signed in"),
    Column("expires", DateTime(timezone=True), nullable=False),
    Column("ended", DateTime(timezone=True)),
    Column("why", Text, nullable=False, server_default="", comment="why it ended"),
    Index("ix_oauth_grant_client", "client"),
    Index("ix_oauth_grant_account", "account"),
    Index("ix_oauth_grant_expires", "expires"),
    info={"kind": "local"},
)

#: An authorisation code, bound to its redirect URI and the challenge of its verifier.
oauth_code: Final = Table(
    "oauth_code",
    metadata,
    Column("code", LargeBinary, primary_key=True, comment="SHA-256"),
    Column("grant_id", Text, ForeignKey("oauth_grant.id", ondelete="CASCADE"), nullable=False),
    Column("redirect_uri", Text, nullable=False),
    Column("challenge", Text, nullable=False, comment="S256"),
    Column("expires", DateTime(timezone=True), nullable=False),
    Column("used", DateTime(timezone=True)),
    Index("ix_oauth_code_grant_id", "grant_id"),
    info={"kind": "local"},
)

#: A refresh token; used once.
oauth_refresh: Final = Table(
    "oauth_refresh",
    metadata,
    Column("token", LargeBinary, primary_key=True, comment="SHA-256"),
    Column("grant_id", Text, ForeignKey("oauth_grant.id", ondelete="CASCADE"), nullable=False),
    Column("used", DateTime(timezone=True)),
    Index("ix_oauth_refresh_grant_id", "grant_id"),
    info={"kind": "local"},
)

#: Assertions by which applications proved who they are, until they have run out: none is taken twice.
oauth_assertion: Final = Table(
    "oauth_assertion",
    metadata,
    Column("client", Text, ForeignKey("oauth_client.id", ondelete="CASCADE"), primary_key=True),
    Column("jti", LargeBinary, primary_key=True, comment="SHA-256"),
    Column("expires", DateTime(timezone=True), nullable=False),
    Index("ix_oauth_assertion_expires", "expires"),
    info={"kind": "local"},
)

#: An application that a user opened from a record (SMART EHR launch): for which patient, until when. Used once.
oauth_launch: Final = Table(
    "oauth_launch",
    metadata,
    Column("launch", LargeBinary, primary_key=True, comment="SHA-256"),
    Column("client", Text, ForeignKey("oauth_client.id", ondelete="CASCADE"), nullable=False),
    Column("account", Text, ForeignKey("account.name", ondelete="CASCADE"), nullable=False),
    Column("patient", Text, nullable=False),
    Column("expires", DateTime(timezone=True), nullable=False),
    Column("used", DateTime(timezone=True)),
    info={"kind": "local"},
)
