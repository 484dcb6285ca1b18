"""Restoring a backup into an empty installation: all of it in one transaction, or nothing.

Afterwards the audit tree is exported and verified against the checkpoint the backup names, by the independent verifier,
and whoever was erased since the backup is erased again. A mark keeps hubs away until all of that is done.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hub.audit import verify
from hub.audit.export import export
from hub.auth.keys import KeyStore
from hub.bootstrap.audit import signers_of
from hub.bootstrap.foundation import migrate
from hub.db.database import Database, Tx
from hub.db.schema import revisions
from hub.kernel.errors import Category, HubError
from hub.kernel.log import Log
from hub.kernel.private_files import publish
from hub.kernel.settings import Settings
from hub.run import restoring
from hub.run.backup import KEYS, tables_of
from hub.run.backup_files import BackupKey, manifest_of
from hub.run.database import kept_database
from hub.run.erased_again import erase_again
from hub.run.erasures import Erasure
from hub.run.installation import locked

Show = Callable[[str, int, int], None]

#: Tables any of whose rows mean that a hub has worked here.
_SIGNS: Final = ("inbox", "audit", "account", "data_key", "message_identity", "consent_rule")


async def restore(
    settings: Settings, master: bytes, folder: Path, log: Log, show: Show, erased: Sequence[Erasure] = ()
) -> tuple[dict[str, Any], int]:
    """Restore a backup into the database and the data folder of the settings: its manifest, and how many of `erased`
    were in it and were erased again.

    Raises HubError: as `manifest_of`; CONFLICT for a database or key folder that is in use, or a backup of a schema
    this version does not begin with; FAULT for a stream that does not open, or a tree that does not verify.
    """
    manifest, key = manifest_of(folder, master)
    _refuse_other_schema(manifest)
    data: Path = settings.data_dir
    with locked(data):
        mark = restoring.mark_of(manifest, settings.database_url)
        again = restoring.begun(data, mark)
        keys = _keys_of(data / "keys", folder, key)
        async with kept_database(settings, log) as url:
            await migrate(url)
            await _restored(url, _Source(folder, manifest, key, mark), data, show, again=again)
            _put_keys(keys)
            await _verified(url, data, manifest)
            gone = await erase_again(url, data, log, erased)
        restoring.end(data)
    return manifest, gone


@dataclass(frozen=True, slots=True)
class _Source:
    folder: Path
    manifest: dict[str, Any]
    key: BackupKey
    mark: str


def _refuse_other_schema(manifest: dict[str, Any]) -> None:
    newest = revisions().newest
    if manifest["schema"] not in newest:
        what = f"is of schema {manifest['schema']}, and this hub begins with {' '.join(sorted(newest))}"
        todo = f"restore it with hub {manifest['hub']}, and upgrade then"
        raise HubError(Category.CONFLICT, what, where="backup", todo=todo, code="database-schema")


async def _restored(url: str, source: _Source, data: Path, show: Show, *, again: bool) -> None:
    """Fill the database; `again`: over what the same restore left there when it was cut off."""
    database = await Database.connect(url, size=1, name="yilian-restore")
    try:
        async with database.transaction() as tx:
            await tx.execute("SET LOCAL statement_timeout = 0")
            await tx.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            if not again:
                await _refuse_used(tx)
            with _marked(data, source.mark, again=again):
                await _fill(tx, source.folder, source.manifest, source.key, show)
        async with database.connection() as tx:
            await tx.execute("ANALYZE", timeout=None)
    finally:
        await database.close()


@contextmanager
def _marked(data: Path, mark: str, *, again: bool) -> Iterator[None]:
    """The mark, from the first row on; taken back where nothing will stay."""
    restoring.begin(data, mark)
    try:
        yield
    except BaseException:
        if not again:
            restoring.end(data)
        raise


async def _refuse_used(tx: Tx) -> None:
    used = [name for name in _SIGNS if await tx.fetchval(f"SELECT EXISTS (SELECT FROM {name})")]
    if used:
        raise HubError(
            Category.CONFLICT,
            "the database is not empty",
            where=", ".join(used),
            todo="name an empty database, or a new data folder",
            code="not-empty",
        )


async def _fill(tx: Tx, folder: Path, manifest: dict[str, Any], key: BackupKey, show: Show) -> None:
    tables = manifest["tables"]
    await tx.execute(f"TRUNCATE {', '.join(await tables_of(tx))} CASCADE")
    for number, (table, said) in enumerate(tables.items()):
        show(table, number, len(tables))
        tag = await tx.copy_to_table(
            table,
            source=_chunks(key.reading(folder, table)),
            columns=said["columns"],
            format="binary",
            timeout=None,
        )
        if int(str(tag).rpartition(" ")[2]) != said["rows"]:
            raise HubError(Category.FAULT, "has another number of rows than the manifest says", where=table)
    for name, value in manifest["sequences"].items():
        await tx.execute("SELECT setval($1::text::regclass, $2::bigint)", name, value)


async def _chunks(found: Iterator[bytes]) -> AsyncIterator[bytes]:
    for chunk in found:
        yield chunk


def _keys_of(keys: Path, folder: Path, key: BackupKey) -> dict[Path, bytes]:
    """The files of the key folder as they are to be; read before anything is written, as the database needs them all.

    Raises HubError CONFLICT for a folder with other keys, FAULT for a stream that does not open.
    """
    files: dict[str, str] = json.loads(b"".join(key.reading(folder, KEYS)))
    found = {keys / name: bytes.fromhex(content) for name, content in files.items()}
    for path, content in found.items():
        if path.exists():
            _refuse_other(path, content)
    return found


def _put_keys(files: dict[Path, bytes]) -> None:
    for path, content in files.items():
        path.parent.mkdir(mode=0o700, exist_ok=True)
        publish(path, content)
        _refuse_other(path, content)


def _refuse_other(path: Path, content: bytes) -> None:
    if path.read_bytes() != content:
        raise HubError(
            Category.CONFLICT, "is of another installation", where=str(path), todo="name an empty data folder"
        )


async def _verified(url: str, data: Path, manifest: dict[str, Any]) -> None:
    """See that the tree is the one the backup names, and that every leaf is in it."""
    said = manifest["audit"]
    if said is None:
        return
    verifiers = signers_of(KeyStore(data / "keys")).verifiers
    with tempfile.TemporaryDirectory(dir=data) as name:
        out, trusted = Path(name) / "export", Path(name) / "trusted.txt"
        trusted.write_text("\n".join(verifiers), encoding="utf-8")
        database = await Database.connect(url, size=1, name="yilian-restore")
        try:
            size = await export(database, out, verifiers, lambda _, __: None)
        finally:
            await database.close()
        if size != said["size"] or verify.main([str(out), "--keys", str(trusted)]) != 0:
            raise HubError(
                Category.FAULT,
                "the audit tree is not the one that was backed up",
                where="audit",
                todo="do not use this installation; take another backup",
                code="audit-tree",
            )
