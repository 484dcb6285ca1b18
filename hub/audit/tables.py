"""The audit table, how an entry stands in it, and the Merkle tree over it.

Rows are only ever inserted. `number` gives the order within the table; `patient_keys` (the source-patient keys of
`hub.kernel.ids.reference_key`) serve "who looked at this patient", beside the ids in `patients`.
Not distributed over machines (`info`): the order of the trail is one. `xid` is the transaction that made the row: what
is older than every running one can have nothing come before it, which a number alone cannot tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    Uuid,
    func,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from hub.audit.entry import Entry, Interaction, Origin, Outcome, Requester
from hub.db.metadata import metadata
from hub.db.types import Xid8
from hub.kernel.ids import reference_key

audit: Final = Table(
    "audit",
    metadata,
    Column("number", BigInteger, Identity(always=True), primary_key=True),
    Column("id", Uuid, nullable=False, unique=True),
    Column("recorded", DateTime(timezone=True), nullable=False),
    Column("interaction", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("reason", Text),
    Column("grounds", ARRAY(Text), nullable=False),
    Column("obligations", ARRAY(Text), nullable=False, server_default="{}"),
    Column("consents", ARRAY(Text), nullable=False, server_default="{}"),
    Column("epoch", BigInteger),
    Column("role", Text, nullable=False),
    Column("organization", Text, nullable=False),
    Column("requester", Text),
    Column("bound_patient", Text),
    Column("client", Text, nullable=False),
    Column("token_id", Text, nullable=False),
    Column("purpose", ARRAY(Text), nullable=False),
    Column("form", Text, nullable=False),
    Column("break_glass", Text),
    Column("co_approval", Text),
    Column("address", Text, nullable=False),
    Column("request", Text, nullable=False),
    Column("resource_type", Text),
    Column("resource_id", Text),
    Column("version", Integer),
    Column("query", Text),
    Column("patients", ARRAY(Text), nullable=False),
    Column("patient_keys", ARRAY(Uuid), nullable=False),
    Column("types", ARRAY(Text), nullable=False),
    Column("counts", ARRAY(Integer), nullable=False),
    Column("xid", Xid8, nullable=False, server_default=text("pg_current_xact_id()")),
    Index("ix_audit_patient_keys", "patient_keys", postgresql_using="gin"),
    Index("ix_audit_recorded", "recorded"),
    Index("ix_audit_xid", "xid", "number"),
    Index("ix_audit_system", "number", postgresql_where=text("role = 'system'")),
    Index("ix_audit_break_glass", "recorded", postgresql_where=text("break_glass IS NOT NULL")),
    info={"kind": "local"},
)

#: Who asked, as an AuditEvent names them (balp.py): a person, else the organisation.
WHO: Final = func.coalesce(audit.c.requester, literal_column("'Organization/'", Text) + audit.c.organization)
Index("ix_audit_who", WHO, audit.c.number, audit.c.recorded)

#: Which row is which leaf, and the salt of its items. What was erased of a leaf cannot be made again: its text and the
#: items that are left are then kept as they are (`hub.audit.erasure`), and the salt is gone.
audit_leaf: Final = Table(
    "audit_leaf",
    metadata,
    Column("index", BigInteger, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False, unique=True),
    Column("salt", LargeBinary),
    Column("text", Text),
    Column("items", ARRAY(Text)),
    info={"kind": "local"},
)

#: The tree in tiles (`hub.audit.merkle`).
audit_tile: Final = Table(
    "audit_tile",
    metadata,
    Column("level", SmallInteger, primary_key=True, autoincrement=False),
    Column("index", BigInteger, primary_key=True, autoincrement=False),
    Column("hashes", LargeBinary, nullable=False),
    info={"kind": "local"},
)

#: Signed tree heads. `floor`: rows of older transactions are leaves of this tree, or never will be rows.
audit_checkpoint: Final = Table(
    "audit_checkpoint",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("root", LargeBinary, nullable=False),
    Column("note", Text, nullable=False),
    Column("signed", DateTime(timezone=True), nullable=False),
    Column("floor", Xid8, nullable=False),
    info={"kind": "local"},
)


def row_of(entry: Entry) -> dict[str, Any]:
    """The columns of an entry, by name; all but `number`."""
    who = entry.requester
    return {
        "id": entry.id,
        "recorded": entry.time,
        "interaction": entry.interaction.value,
        "outcome": entry.outcome.value,
        "reason": entry.reason,
        "grounds": list(entry.grounds),
        "obligations": list(entry.obligations),
        "consents": list(entry.consents),
        "epoch": entry.epoch,
        "role": who.role,
        "organization": who.organization,
        "requester": who.reference,
        "bound_patient": who.patient,
        "client": who.client,
        "token_id": who.token_id,
        "purpose": list(who.purpose),
        "form": who.form,
        "break_glass": who.break_glass,
        "co_approval": who.co_approval,
        "address": entry.origin.address,
        "request": entry.origin.request,
        "resource_type": entry.resource_type,
        "resource_id": entry.resource_id,
        "version": entry.version,
        "query": entry.query,
        "patients": list(entry.patients),
        "patient_keys": [reference_key("Patient", patient) for patient in entry.patients],
        "types": list(entry.types),
        "counts": list(entry.types.values()),
    }


def entry_of(row: Mapping[str, Any]) -> Entry:
    """The entry a row was made from."""
    return Entry(
        id=row["id"],
        time=row["recorded"],
        requester=Requester(
            role=row["role"],
            organization=row["organization"],
            reference=row["requester"],
            patient=row["bound_patient"],
            client=row["client"],
            token_id=row["token_id"],
            purpose=tuple(row["purpose"]),
            form=row["form"],
            break_glass=row["break_glass"],
            co_approval=row["co_approval"],
        ),
        interaction=Interaction(row["interaction"]),
        outcome=Outcome(row["outcome"]),
        origin=Origin(address=row["address"], request=row["request"]),
        resource_type=row["resource_type"],
        resource_id=row["resource_id"],
        version=row["version"],
        query=row["query"],
        reason=row["reason"],
        grounds=tuple(row["grounds"]),
        obligations=tuple(row["obligations"]),
        consents=tuple(row["consents"]),
        epoch=row["epoch"],
        patients=tuple(row["patients"]),
        types=dict(zip(row["types"], row["counts"], strict=True)),
    )
