"""First schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from hub.db.types import Named

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "alias",
        sa.Column("old_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("old_id", name=op.f("pk_alias")),
        info={"kind": "by-value"},
    )
    op.create_table(
        "audit",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("recorded", sa.DateTime(timezone=True), nullable=False),
        sa.Column("interaction", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("grounds", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("requester", sa.Text(), nullable=True),
        sa.Column("bound_patient", sa.Text(), nullable=True),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("token_id", sa.Text(), nullable=False),
        sa.Column("purpose", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("break_glass", sa.Text(), nullable=True),
        sa.Column("co_approval", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("resource_type", sa.Text(), nullable=True),
        sa.Column("resource_id", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("query", sa.Text(), nullable=True),
        sa.Column("patients", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("patient_keys", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("types", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("counts", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit")),
        sa.UniqueConstraint("id", name=op.f("uq_audit_id")),
        info={"kind": "local"},
    )
    op.create_index("ix_audit_patient_keys", "audit", ["patient_keys"], unique=False, postgresql_using="gin")
    op.create_index("ix_audit_recorded", "audit", ["recorded"], unique=False)
    op.create_table(
        "claim",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("type", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "value", name=op.f("pk_claim")),
        info={"kind": "by-value"},
    )
    op.create_table(
        "coding",
        sa.Column("pkey", sa.Uuid(), nullable=False),
        sa.Column("type", sa.SmallInteger(), nullable=False),
        sa.Column("code", sa.Uuid(), nullable=False),
        sa.Column("date_low", sa.DateTime(timezone=True), nullable=False),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("pkey", "type", "code", "date_low", "key", name=op.f("pk_coding")),
        info={"kind": "sharded"},
    )
    op.create_index("ix_coding_type_code_date", "coding", ["type", "code", "date_low", "key"], unique=False)
    op.create_table(
        "date_value",
        sa.Column("pkey", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("param", sa.Integer(), nullable=False),
        sa.Column("low", sa.DateTime(timezone=True), nullable=False),
        sa.Column("high", sa.DateTime(timezone=True), nullable=False),
        sa.Column("companion", postgresql.ARRAY(sa.Uuid()), nullable=True),
        info={"kind": "sharded"},
    )
    op.create_index("ix_date_value_low", "date_value", ["param", "low"], unique=False)
    op.create_index("ix_date_value_owner", "date_value", ["pkey", "key"], unique=False)
    op.create_table(
        "history",
        sa.Column("pkey", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("type", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("updated", sa.DateTime(timezone=True), nullable=False),
        sa.Column("xid", Named("xid8"), server_default=sa.text("pg_current_xact_id()"), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("patient", sa.Text(), nullable=True),
        sa.Column("author_org", sa.Text(), nullable=False),
        sa.Column("authors", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("labels", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("clinical_start", sa.DateTime(timezone=True), nullable=True),
        sa.Column("clinical_end", sa.DateTime(timezone=True), nullable=True),
        sa.Column("flags", sa.Integer(), nullable=False),
        sa.Column("source", sa.BigInteger(), nullable=True),
        sa.Column("cleared", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("ended", Named("xid8"), server_default=sa.text("pg_current_xact_id()"), nullable=False),
        sa.PrimaryKeyConstraint("pkey", "key", "version", name=op.f("pk_history")),
        info={"kind": "sharded"},
    )
    op.create_table(
        "identity_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("message", sa.BigInteger(), nullable=False, comment="inbox number"),
        sa.Column("facility", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("survivor", sa.Text(), nullable=False, comment="id of a source Patient"),
        sa.Column("loser", sa.Text(), nullable=False, comment="id of a source Patient"),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_event")),
        sa.UniqueConstraint(
            "message", "kind", "survivor", "loser", name=op.f("uq_identity_event_message_kind_survivor_loser")
        ),
        info={"kind": "local"},
    )
    op.create_table(
        "inbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("facility", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False, comment="the bytes off the wire, never changed"),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False, comment="HL7: MSH-10 and MSH-7"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("charset", sa.Text(), nullable=False),
        sa.Column("peer", sa.Text(), nullable=False),
        sa.Column(
            "lanes", postgresql.ARRAY(sa.BigInteger()), nullable=False, comment="hashes of feed and patient identifier"
        ),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column(
            "reason",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="why it stands where it stands; never patient data",
        ),
        sa.Column(
            "attempts", sa.Integer(), server_default="0", nullable=False, comment="tries that may bring a worker down"
        ),
        sa.Column("processed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("report", sa.LargeBinary(), nullable=True, comment="conversion report: zstd over JSON"),
        sa.Column(
            "repaired", sa.LargeBinary(), nullable=True, comment="what is processed in place of raw, once repaired"
        ),
        sa.Column(
            "repair", postgresql.JSONB(astext_type=sa.Text()), nullable=True, comment="who repaired it, when and why"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox")),
        info={"kind": "local"},
    )
    op.create_index("ix_inbox_feed_state", "inbox", ["feed", "state", "id"], unique=False)
    op.create_index("ix_inbox_queued", "inbox", ["id"], unique=False, postgresql_where=sa.text("state = 'queued'"))
    op.create_table(
        "message_identity",
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("identity", sa.LargeBinary(), nullable=False, comment="BLAKE2b-128 of the identity"),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("message", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("feed", "identity", name=op.f("pk_message_identity")),
        info={"kind": "by-value"},
    )
    op.create_table(
        "number_value",
        sa.Column("pkey", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("params", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("low", sa.Numeric(), nullable=True),
        sa.Column("high", sa.Numeric(), nullable=True),
        sa.Column("system", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("companion", postgresql.ARRAY(sa.Uuid()), nullable=True),
        info={"kind": "sharded"},
    )
    op.create_index("ix_number_value_owner", "number_value", ["pkey", "key"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("xid", Named("xid8"), server_default=sa.text("pg_current_xact_id()"), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("pkey", sa.Uuid(), nullable=False),
        sa.Column("type", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("updated", sa.DateTime(timezone=True), nullable=False),
        info={"kind": "local"},
    )
    op.create_index("ix_outbox_position", "outbox", ["xid", "seq"], unique=False)
    op.create_table(
        "phrase",
        sa.Column("token", sa.Uuid(), nullable=False),
        sa.Column("param", sa.Integer(), nullable=False),
        sa.Column("folded", sa.Text(collation="C"), nullable=False),
        sa.Column("xid", Named("xid8"), server_default=sa.text("pg_current_xact_id()"), nullable=False),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_phrase")),
        info={"kind": "by-value"},
    )
    op.create_index("ix_phrase_text", "phrase", ["param", sa.literal_column("left(folded, 64)")], unique=False)
    op.create_table(
        "resource",
        sa.Column("pkey", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("type", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("updated", sa.DateTime(timezone=True), nullable=False),
        sa.Column("xid", Named("xid8"), server_default=sa.text("pg_current_xact_id()"), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("patient", sa.Text(), nullable=True),
        sa.Column("author_org", sa.Text(), nullable=False),
        sa.Column("authors", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("labels", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("clinical_start", sa.DateTime(timezone=True), nullable=True),
        sa.Column("clinical_end", sa.DateTime(timezone=True), nullable=True),
        sa.Column("flags", sa.Integer(), nullable=False),
        sa.Column("source", sa.BigInteger(), nullable=True),
        sa.Column("cleared", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("tokens", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("refs", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("params", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("date_low", sa.DateTime(timezone=True), nullable=False),
        sa.Column("date_high", sa.DateTime(timezone=True), nullable=True),
        sa.Column("code_system", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("value", sa.Numeric(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("pkey", "key", name=op.f("pk_resource")),
        info={"kind": "sharded"},
    )
    op.create_index("ix_resource_patient_date", "resource", ["pkey", "type", "date_low", "key"], unique=False)
    op.create_index("ix_resource_tokens", "resource", ["tokens"], unique=False, postgresql_using="gin")
    op.create_index("ix_resource_type_date", "resource", ["type", "date_low", "key"], unique=False)
    op.create_index("ix_resource_type_updated", "resource", ["type", "updated", "key"], unique=False)
    op.create_table(
        "resource_home",
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("pkey", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_resource_home")),
        info={"kind": "by-value"},
    )
    op.create_table(
        "string_value",
        sa.Column("pkey", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("param", sa.Integer(), nullable=False),
        sa.Column("folded", sa.Text(collation="C"), nullable=False),
        sa.Column("exact", sa.Text(), nullable=True),
        sa.Column("companion", postgresql.ARRAY(sa.Uuid()), nullable=True),
        info={"kind": "sharded"},
    )
    op.create_index("ix_string_value_owner", "string_value", ["pkey", "key"], unique=False)
    op.create_index(
        "ix_string_value_text", "string_value", ["param", sa.literal_column("left(folded, 64)")], unique=False
    )


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_string_value_text", table_name="string_value")
    op.drop_index("ix_string_value_owner", table_name="string_value")
    op.drop_table("string_value")
    op.drop_table("resource_home")
    op.drop_index("ix_resource_type_updated", table_name="resource")
    op.drop_index("ix_resource_type_date", table_name="resource")
    op.drop_index("ix_resource_tokens", table_name="resource", postgresql_using="gin")
    op.drop_index("ix_resource_patient_date", table_name="resource")
    op.drop_table("resource")
    op.drop_index("ix_phrase_text", table_name="phrase")
    op.drop_table("phrase")
    op.drop_index("ix_outbox_position", table_name="outbox")
    op.drop_table("outbox")
    op.drop_index("ix_number_value_owner", table_name="number_value")
    op.drop_table("number_value")
    op.drop_table("message_identity")
    op.drop_index("ix_inbox_queued", table_name="inbox", postgresql_where=sa.text("state = 'queued'"))
    op.drop_index("ix_inbox_feed_state", table_name="inbox")
    op.drop_table("inbox")
    op.drop_table("identity_event")
    op.drop_table("history")
    op.drop_index("ix_date_value_owner", table_name="date_value")
    op.drop_index("ix_date_value_low", table_name="date_value")
    op.drop_table("date_value")
    op.drop_index("ix_coding_type_code_date", table_name="coding")
    op.drop_table("coding")
    op.drop_table("claim")
    op.drop_index("ix_audit_recorded", table_name="audit")
    op.drop_index("ix_audit_patient_keys", table_name="audit", postgresql_using="gin")
    op.drop_table("audit")
    op.drop_table("alias")
