"""A backup: every table as one transaction sees them, by COPY, sealed on the way to the disk.

It needs no program of PostgreSQL, works on any database the hub works on, and goes into any later version of
PostgreSQL. Transaction ids count anew in another cluster: what holds them says 3 in a backup, "long ago"
(docs/decisions/0003-store-layout.md), and what was not told to subscribers yet comes after what was.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any, Final

from asyncpg import Record

from hub.bootstrap import trail_keys
from hub.bootstrap.foundation import VERSION, Foundation
from hub.bootstrap.keys import master_key
from hub.db.database import Database, Tx
from hub.kernel.errors import Category, HubError
from hub.run.backup_files import FORMAT, BackupKey, begun, put_manifest
from hub.sealing.suites import Suite

Show = Callable[[str, int, int], None]

#: The stream of the key folder.
KEYS: Final = "keys"
#: What is of no use elsewhere: files that are not in the backup, sessions, tickets, marks of transactions.
_LEFT_OUT: Final = frozenset(
    {"alembic_version", "bulk_job", "bulk_file", "bulk_horizon", "web_session", "subscription_ticket", "pace"}
)
_COLUMNS: Final = """
SELECT c.table_name, c.column_name, c.udt_name FROM information_schema.columns c
JOIN information_schema.tables t USING (table_schema, table_name)
WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.is_generated = 'NEVER'
ORDER BY c.table_name, c.ordinal_position
"""
_REFERS: Final = "SELECT conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint WHERE contype = 'f'"
_SEQUENCES: Final = "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public' ORDER BY 1"
_HEAD: Final = "SELECT size, encode(root, 'hex') AS root FROM audit_checkpoint ORDER BY size DESC LIMIT 1"

_LONG_AGO: Final = "'3'::xid8"
#: Untold changes come after those that were told: the place of the cursor is the end of "long ago".
_SPECIAL: Final = {
    ("outbox", "xid"): "CASE WHEN (xid, seq) > (SELECT xid, seq FROM subscription_cursor) THEN '4' ELSE '3' END::xid8",
    ("subscription_cursor", "seq"): "9223372036854775807",
}


async def backup(foundation: Foundation, out: Path, show: Show) -> dict[str, Any]:
    """Write a backup into a new folder; its manifest. The hub works on meanwhile.

    Raises HubError: INVALID without a master key, CONFLICT if the folder is there, UNAVAILABLE without the database.
    """
    master = master_key(foundation.settings)
    if master is None:
        raise HubError(
            Category.INVALID, "a backup is sealed, and there is no master key", where="keys", todo="yilian keys init"
        )
    setting = foundation.settings.encryption
    key = BackupKey.new(Suite.AES_256_GCM if setting in {"", "off"} else Suite(setting))
    with begun(out) as folder:
        async with foundation.database("backup", size=1) as database:
            found = await _written(database, folder, key, show)
        _put_keys(foundation, folder, key)
        manifest = {
            "format": FORMAT,
            "made": datetime.now(UTC).isoformat(timespec="seconds"),
            "hub": VERSION,
            "installation": foundation.keys.installation,
            "suite": key.suite.value,
            "key": key.wrapped(master),
            **found,
        }
        put_manifest(folder, manifest, key)
    return manifest


def selected(table: str, column: str, kind: str) -> str:
    """How a column is read for a backup."""
    if (table, column) in _SPECIAL:
        return f"{_SPECIAL[table, column]} AS {column}"
    return f"CASE WHEN {column} IS NOT NULL THEN {_LONG_AGO} END AS {column}" if kind == "xid8" else f'"{column}"'


async def tables_of(tx: Tx) -> dict[str, list[Record]]:
    """The columns of every table that a backup holds; what a table refers to comes before it."""
    found: dict[str, list[Record]] = {}
    for row in await tx.fetch(_COLUMNS):
        if row["table_name"] not in _LEFT_OUT:
            found.setdefault(row["table_name"], []).append(row)
    before = TopologicalSorter({table: set[str]() for table in found})
    for table, other in await tx.fetch(_REFERS):
        if {table, other} <= found.keys() and table != other:
            before.add(table, other)
    return {table: found[table] for table in before.static_order()}


async def _written(database: Database, folder: Path, key: BackupKey, show: Show) -> dict[str, Any]:
    async with database.connection() as tx, tx.transaction(isolation="repeatable_read", readonly=True):
        await tx.execute("SET LOCAL statement_timeout = 0")
        await tx.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        tables = await tables_of(tx)
        rows = {}
        for number, (table, columns) in enumerate(tables.items()):
            show(table, number, len(tables))
            rows[table] = await _copied(tx, table, columns, folder, key)
        head = await tx.fetchrow(_HEAD)
        return {
            "schema": await tx.fetchval("SELECT version_num FROM alembic_version"),
            "tables": {
                name: {"columns": [c["column_name"] for c in tables[name]], "rows": rows[name]} for name in rows
            },
            "sequences": {row[0]: row[1] for row in await tx.fetch(_SEQUENCES) if row[1] is not None},
            "audit": None if head is None else dict(head),
        }


async def _copied(tx: Tx, table: str, columns: list[Record], folder: Path, key: BackupKey) -> int:
    wanted = ", ".join(selected(table, one["column_name"], one["udt_name"]) for one in columns)
    with key.writing(folder, table) as stream:

        async def take(data: bytes) -> None:
            stream.write(data)

        tag = await tx.copy_from_query(f"SELECT {wanted} FROM {table}", output=take, format="binary", timeout=None)
    return int(str(tag).rpartition(" ")[2])


def _put_keys(foundation: Foundation, folder: Path, key: BackupKey) -> None:
    files = {
        path.name: path.read_bytes().hex()
        for path in [*foundation.keys.files(), *trail_keys.files(foundation.keys.folder)]
    }
    with key.writing(folder, KEYS) as stream:
        stream.write(json.dumps(files).encode())
