"""Tables of what patients and their proxies have laid down (consents, proxies, approvals), and of accounts.

Consents and proxies stand under the source patient they were given for; the persons of the patient index gather them.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from hub.db.metadata import metadata

#: The newest version of every Consent, compiled; `key` is that of `Consent/id`. `actors` are all references that an
#: actor of the consent may name as a recipient, in whichever provision: who may be touched by it at all.
consent_rule: Final = Table(
    "consent_rule",
    metadata,
    Column("key", Uuid, primary_key=True),
    Column("id", Text, nullable=False),
    Column("pkey", Uuid, nullable=False, comment="key of the source patient"),
    Column("patient", Text, nullable=False, comment="id of the source patient"),
    Column("version", Integer, nullable=False),
    Column("status", Text, nullable=False),
    Column("actors", ARRAY(Text), nullable=False),
    Column("compiled", LargeBinary, nullable=False, comment="consent.packed"),
    Index("ix_consent_rule_pkey", "pkey"),
    # Asked by every search, and seldom written: nothing is put off.
    Index("ix_consent_rule_actors", "actors", postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
    info={"kind": "local"},
)

#: How often consents, proxies and approvals have changed: no row, or one. A decision holds for one number only.
epoch: Final = Table(
    "epoch",
    metadata,
    Column("only", SmallInteger, primary_key=True, autoincrement=False, comment="always 1"),
    Column("number", BigInteger, nullable=False),
    info={"kind": "local"},
)

#: Who acts for a patient (consent rules, section 7). `reference` is a RelatedPerson, `period` a FHIR Period.
proxy_entry: Final = Table(
    "proxy_entry",
    metadata,
    Column("id", Text, primary_key=True),
    Column("pkey", Uuid, nullable=False, comment="key of the source patient"),
    Column("patient", Text, nullable=False, comment="id of the source patient"),
    Column("reference", Text, nullable=False),
    Column("kind", Text, nullable=False, comment="parent, legal-guardian or delegate"),
    Column("status", Text, nullable=False, comment="active or inactive"),
    Column("period", JSONB, nullable=False),
    Column("scope", ARRAY(Text), nullable=False),
    Column("evidence", Text, nullable=False, comment="how it was proved: a file number, never its content"),
    Column("recorded", DateTime(timezone=True), nullable=False),
    Index("ix_proxy_entry_pkey", "pkey"),
    Index("ix_proxy_entry_reference", "reference"),
    info={"kind": "local"},
)

#: Approvals that a token may refer to by `id`: of an ethics committee, or of a second person.
approval: Final = Table(
    "approval",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False, comment="ethics or second"),
    Column("content", JSONB, nullable=False),
    Column("recorded", DateTime(timezone=True), nullable=False),
    info={"kind": "local"},
)

#: A local user of a facility, or a patient. `failed` counts refused attempts since the last success; none is looked
#: at before `locked_until`. Disabled accounts sign in no more, and their sessions end at once.
account: Final = Table(
    "account",
    metadata,
    Column("name", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("organization", Text, nullable=False),
    Column("practitioner", Text),
    Column("patient", Text),
    Column("display", Text, nullable=False),
    Column("password", Text, nullable=False, comment="Argon2id or scrypt, with its parameters and salt"),
    Column("disabled", Boolean, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("locked_until", DateTime(timezone=True)),
    Column("created", DateTime(timezone=True), nullable=False),
    Column("epoch", Integer, nullable=False, server_default="0", comment="of its sessions: a new one ends them"),
    Column("totp", LargeBinary, comment="secret of the device for one-time codes, sealed"),
    Column("totp_step", BigInteger, comment="time step of the last code: none up to it is taken again"),
    Column("recovery", ARRAY(LargeBinary), nullable=False, server_default="{}", comment="SHA-256"),
    info={"kind": "local"},
)

#: Who somebody is at an identity provider (issuer and subject), and the account an administrator bound that to.
external_identity: Final = Table(
    "external_identity",
    metadata,
    Column("issuer", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("account", Text, ForeignKey("account.name", ondelete="CASCADE"), nullable=False),
    Column("bound", DateTime(timezone=True), nullable=False),
    Index("ix_external_identity_account", "account"),
    info={"kind": "local"},
)

#: A signed-in browser. The last three columns are its break-glass declaration: for which patient (resource id), why,
#: since when.
web_session: Final = Table(
    "web_session",
    metadata,
    Column("id", LargeBinary, primary_key=True, comment="SHA-256 of the cookie: a copy of the table opens nothing"),
    Column("account", Text, ForeignKey("account.name", ondelete="CASCADE"), nullable=False),
    Column("created", DateTime(timezone=True), nullable=False),
    Column("seen", DateTime(timezone=True), nullable=False),
    Column("emergency_patient", Text),
    Column("emergency_reason", Text),
    Column("emergency_at", DateTime(timezone=True)),
    Index("ix_web_session_account", "account"),
    info={"kind": "local"},
)
