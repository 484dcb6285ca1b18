"""The store's tables. Each is marked with how it would be distributed over several machines (`Table.info["kind"]`):

- `sharded`: by `pkey`, the source-patient key, which stands in every unique constraint, and never changes but where a
  resource is moved to another patient's record: its row goes, and its history stays (`Write.moved`);
- `by-value`: by its own first key column (uniqueness across patients);
- `local`: not distributed.

No triggers, no foreign keys, identity only at CREATE. `key` is the 128-bit hash of "Type/id" (hub.kernel.ids).
`xid` is the transaction that wrote the row: the horizon of paging and of the outbox.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Double,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    SmallInteger,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from hub.db.metadata import metadata
from hub.db.types import Xid8

SHARDED: Final = {"kind": "sharded"}
BY_VALUE: Final = {"kind": "by-value"}
LOCAL: Final = {"kind": "local"}

#: Indexed length of searchable text: a btree row must stay under 2,704 bytes, and prefixes are short.
HEAD: Final = 64

#: A GIN index keeps what was written last in a list that every search reads through. The 4 MB a server allows by itself
#: cost a search six times what finding its row does; kB.
PENDING: Final = {"gin_pending_list_limit": 256}

_INSTANT: Final = DateTime(timezone=True)
#: Compares by code point, so that a prefix is a range.
_FOLDED: Final = Text(collation="C")


def _keys() -> list[Column[Any]]:
    return [Column("pkey", Uuid, nullable=False), Column("key", Uuid, nullable=False)]


def _primary_keys() -> list[Column[Any]]:
    return [Column("pkey", Uuid, primary_key=True), Column("key", Uuid, primary_key=True)]


def _xid(name: str = "xid") -> Column[Any]:
    return Column(name, Xid8, nullable=False, server_default=text("pg_current_xact_id()"))


def _version() -> list[Column[Any]]:
    """Columns that current and superseded versions share: the version, its body, its release facts."""
    return [
        Column("type", SmallInteger, nullable=False),
        Column("id", Text, nullable=False),
        Column("updated", _INSTANT, nullable=False),
        _xid(),
        Column("deleted", Boolean, nullable=False),
        Column("body", LargeBinary, nullable=False),
        Column("patient", Text),
        Column("author_org", Text, nullable=False),
        Column("authors", ARRAY(Text), nullable=False),
        Column("labels", ARRAY(Text), nullable=False),
        Column("clinical_start", _INSTANT),
        Column("clinical_end", _INSTANT),
        Column("flags", Integer, nullable=False),
        Column("source", BigInteger),
        Column("cleared", ARRAY(Text), nullable=False),
    ]


#: Current versions, deletions included. `tokens`: hashes of every token, reference and uri; `refs`: keys of the
#: resources it refers to; `params`: numbers of the search parameters it has a value for, and of those that name its
#: leading patient. `date_low`, `date_high`: the promoted date (see promoted.py), -infinity and null where there is
#: none. `code_system` to `unit` are for analytics. `sort_params`, `sort_texts`: side by side, the least and the
#: greatest text of each token, reference and uri parameter, for `_sort`. `coded`: a digest of codes and profiles
#: (coded.py), null for a deletion and where none was kept. `reindexed`: the transaction that added to the index of a
#: version that stood already, null for none (reindexing.py).
resource: Final = Table(
    "resource",
    metadata,
    *_primary_keys(),
    Column("version", Integer, nullable=False),
    *_version(),
    Column("tokens", ARRAY(Uuid), nullable=False),
    Column("refs", ARRAY(Uuid), nullable=False),
    Column("params", ARRAY(Integer), nullable=False),
    Column("date_low", _INSTANT, nullable=False),
    Column("date_high", _INSTANT),
    Column("code_system", Text),
    Column("code", Text),
    Column("value", Numeric),
    Column("unit", Text),
    Column("sort_params", ARRAY(Integer), nullable=False, server_default=text("'{}'")),
    Column("sort_texts", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("coded", LargeBinary),
    Column("reindexed", Xid8),
    info=SHARDED,
)
Index("ix_resource_tokens", resource.c.tokens, postgresql_using="gin", postgresql_with=PENDING)
Index("ix_resource_patient_date", resource.c.pkey, resource.c.type, resource.c.date_low, resource.c.key)
Index("ix_resource_type_date", resource.c.type, resource.c.date_low, resource.c.key)
Index("ix_resource_type_updated", resource.c.type, resource.c.updated, resource.c.key)

#: Where a bare id lives: unique over all patients, and the way from an id to the patient whose rows hold it.
resource_home: Final = Table(
    "resource_home",
    metadata,
    Column("key", Uuid, primary_key=True),
    Column("pkey", Uuid, nullable=False),
    info=BY_VALUE,
)

#: Where resources were before they moved to another patient's record; their versions of then stay there.
former_home: Final = Table(
    "former_home",
    metadata,
    Column("key", Uuid, primary_key=True),
    Column("pkey", Uuid, primary_key=True),
    info=BY_VALUE,
)

#: Superseded versions only; `ended` is the transaction that superseded it. `tokens` and `refs` are what the gate's
#: predicate looks at. They are null in rows superseded before they were kept: where a consent asks for codes, profiles
#: or references, these are left out.
history: Final = Table(
    "history",
    metadata,
    *_primary_keys(),
    Column("version", Integer, primary_key=True),
    *_version(),
    Column("tokens", ARRAY(Uuid)),
    Column("refs", ARRAY(Uuid)),
    Column("coded", LargeBinary),
    _xid("ended"),
    info=SHARDED,
)
Index("ix_history_type_updated", history.c.type, history.c.updated, history.c.key, history.c.version)

#: One row for each coding of the promoted code parameter, with the promoted date: the two btrees of clinical queries.
coding: Final = Table(
    "coding",
    metadata,
    Column("pkey", Uuid, primary_key=True),
    Column("type", SmallInteger, primary_key=True),
    Column("code", Uuid, primary_key=True),
    Column("date_low", _INSTANT, primary_key=True),
    Column("key", Uuid, primary_key=True),
    info=SHARDED,
)
Index("ix_coding_type_code_date", coding.c.type, coding.c.code, coding.c.date_low, coding.c.key)

#: Values of string parameters. `exact` is null where folding changed nothing. `companion`: see number_value.
string_value: Final = Table(
    "string_value",
    metadata,
    *_keys(),
    Column("param", Integer, nullable=False),
    Column("folded", _FOLDED, nullable=False),
    Column("exact", Text),
    Column("companion", ARRAY(Uuid)),
    info=SHARDED,
)
Index("ix_string_value_owner", string_value.c.pkey, string_value.c.key)
Index("ix_string_value_text", string_value.c.param, func.left(string_value.c.folded, HEAD))

#: Values of date parameters that are not promoted: [low, high), infinite where open.
date_value: Final = Table(
    "date_value",
    metadata,
    *_keys(),
    Column("param", Integer, nullable=False),
    Column("low", _INSTANT, nullable=False),
    Column("high", _INSTANT, nullable=False),
    Column("companion", ARRAY(Uuid)),
    info=SHARDED,
)
Index("ix_date_value_owner", date_value.c.pkey, date_value.c.key)
Index("ix_date_value_low", date_value.c.param, date_value.c.low)

#: Values of number and quantity parameters: [low, high], null where open. One row a distinct value, with all the
#: parameters it counts for. `companion`: hashes of what stands beside it in a composite (the code it measures).
number_value: Final = Table(
    "number_value",
    metadata,
    *_keys(),
    Column("params", ARRAY(Integer), nullable=False),
    Column("low", Numeric),
    Column("high", Numeric),
    Column("system", Text),
    Column("code", Text),
    Column("unit", Text),
    Column("companion", ARRAY(Uuid)),
    info=SHARDED,
)
Index("ix_number_value_owner", number_value.c.pkey, number_value.c.key)

#: Where a resource is, in degrees (WGS84): for Location.near.
position_value: Final = Table(
    "position_value",
    metadata,
    *_keys(),
    Column("latitude", Double, nullable=False),
    Column("longitude", Double, nullable=False),
    info=SHARDED,
)
Index("ix_position_value_owner", position_value.c.pkey, position_value.c.key)
Index("ix_position_value_latitude", position_value.c.latitude)

#: What full text finds (`param`: `_text` or `_content`): hashes of words and of pairs of characters (hub.fhir.grams).
#: `about`: keys of what the resource may repeat something of, all of which must be visible for the text to count.
text_value: Final = Table(
    "text_value",
    metadata,
    *_keys(),
    Column("param", Integer, nullable=False),
    Column("grams", ARRAY(BigInteger), nullable=False),
    Column("about", ARRAY(Uuid), nullable=False),
    info=SHARDED,
)
Index("ix_text_value_owner", text_value.c.pkey, text_value.c.key)
Index("ix_text_value_grams", text_value.c.grams, postgresql_using="gin", postgresql_with=PENDING)

#: The texts of codings and concepts, for `:text`: `token` stands in resource.tokens of whoever has the text.
phrase: Final = Table(
    "phrase",
    metadata,
    Column("token", Uuid, primary_key=True),
    Column("param", Integer, nullable=False),
    Column("folded", _FOLDED, nullable=False),
    _xid(),
    info=BY_VALUE,
)
Index("ix_phrase_text", phrase.c.param, func.left(phrase.c.folded, HEAD))

#: One row a change, in the order (xid, seq).
outbox: Final = Table(
    "outbox",
    metadata,
    _xid(),
    Column("seq", BigInteger, Identity(always=True), nullable=False),
    Column("pkey", Uuid, nullable=False),
    Column("type", SmallInteger, nullable=False),
    Column("id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("updated", _INSTANT, nullable=False),
    info=LOCAL,
)
Index("ix_outbox_position", outbox.c.xid, outbox.c.seq)

#: A value that may belong to one resource only.
claim: Final = Table(
    "claim",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("type", SmallInteger, nullable=False),
    Column("id", Text, nullable=False),
    info=BY_VALUE,
)

#: The id first given to what a corrected key would give another id.
alias: Final = Table(
    "alias",
    metadata,
    Column("old_id", Text, primary_key=True),
    Column("id", Text, nullable=False),
    info=BY_VALUE,
)

#: Who is tied to a patient, when, and by which resource (`key`): `kind` and `party` as in hub.store.values.Relation.
#: [low, high], both included, infinite where open.
relation: Final = Table(
    "relation",
    metadata,
    Column("pkey", Uuid, primary_key=True),
    Column("key", Uuid, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("party", Text, primary_key=True),
    Column("low", _INSTANT, primary_key=True),
    Column("high", _INSTANT, nullable=False),
    info=SHARDED,
)
# Low and patient follow, so that a panel is read from the index alone.
Index("ix_relation_party", *(relation.c[name] for name in ("kind", "party", "high", "low", "pkey")))

#: One row: the version of the installation's own search parameters. A writer that had an older one tries again.
#: `indexed` is the version of the index that R4's own are kept in (index_versions.py), null where nothing was kept yet.
search_registry: Final = Table(
    "search_registry",
    metadata,
    Column("id", SmallInteger, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("indexed", Integer),
    info=LOCAL,
)

#: SearchParameters as they were stated, drafts too (hub.records.definitions).
search_parameter: Final = Table(
    "search_parameter",
    metadata,
    Column("id", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("updated", _INSTANT, nullable=False),
    Column("body", LargeBinary, nullable=False),
    info=LOCAL,
)


def _walked() -> list[Column[Any]]:
    """How far the rows of a type have been looked at.

    `horizon`: writers in older transactions may not have known what for. `after_low`, `after_key`: the last row.
    """
    return [
        Column("done", BigInteger, nullable=False, server_default=text("0")),
        Column("total", BigInteger),
        Column("horizon", Xid8),
        Column("after_low", _INSTANT),
        Column("after_key", Uuid),
    ]


#: One row for each resource type of a definition in force, and how far the index is with it.
search_definition: Final = Table(
    "search_definition",
    metadata,
    Column("number", BigInteger, Identity(always=True), primary_key=True),
    Column("parameter", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("expression", Text, nullable=False),
    Column("targets", ARRAY(Text), nullable=False),
    Column("url", Text, nullable=False),
    Column("components", ARRAY(Text), nullable=False, server_default="{}", comment="type and expression by turns"),
    Column("ready", Boolean, nullable=False, server_default=text("false")),
    *_walked(),
    info=LOCAL,
)
Index("ix_search_definition_code", search_definition.c.type, search_definition.c.code, unique=True)

#: One row for each resource type some of whose rows may have been indexed in version `since`, until none is.
search_arrears: Final = Table(
    "search_arrears",
    metadata,
    Column("type", Text, primary_key=True),
    Column("since", Integer, nullable=False),
    *_walked(),
    info=LOCAL,
)
