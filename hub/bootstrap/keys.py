"""The master key of an installation, and the suite it seals by, as the settings say."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from hub.bootstrap.sealed_master import lent, sealed_file
from hub.db.database import Database
from hub.kernel.errors import Category, HubError
from hub.kernel.private_files import read_private
from hub.kernel.settings import Settings
from hub.sealing import renewal, wrapping_keys
from hub.sealing.suites import Suite
from hub.sealing.wrapping import MASTER_BYTES

KEY_FILE: Final = "master.key"


def suite_in(settings: Settings) -> Suite | None:
    """The suite by which this hub seals; None: it does not. Raises HubError UNSUPPORTED without it."""
    if settings.encryption in {"", "off"}:
        return None
    suite = Suite(settings.encryption)
    suite.check()
    return suite


def strictly(settings: Settings, suite: Suite | None) -> bool:
    """Whether nothing is read that is not sealed. Raises HubError INVALID where nothing is sealed at all."""
    if settings.sealed_only and suite is None:
        todo = "set YILIAN_ENCRYPTION, and seal what stands: yilian keys encrypt"
        raise HubError(Category.INVALID, "nothing is sealed here", where="YILIAN_SEALED_ONLY", todo=todo, code="keys")
    return bool(settings.sealed_only)


def key_file(settings: Settings) -> Path:
    """Where the master key is kept as a file."""
    return Path(settings.master_key) if settings.master_key else settings.data_dir / "keys" / KEY_FILE


async def ensure_keys(settings: Settings, url: str, master: bytes | None) -> None:
    """See that a database whose hub seals has a wrapping key, and that the master key opens those it has.

    Raises HubError as `suite_in` does, and FORBIDDEN (`other-master`).
    """
    suite = suite_in(settings)
    if master is None:
        return
    database = await Database.connect(url, size=1, name="yilian-keys")
    try:
        async with database.transaction() as tx:
            if suite is not None:
                await wrapping_keys.ensure(tx, master, suite)
            await wrapping_keys.check(tx, master)
    finally:
        await database.close()


async def under_new_master(url: str, old: bytes, new: bytes) -> int:
    """Put a database whose hub does not run under another master key; how many wrapping keys that were."""
    database = await Database.connect(url, size=1, name="yilian-keys")
    try:
        async with database.transaction() as tx:
            return await renewal.under_new_master(tx, old, new)
    finally:
        await database.close()


def master_key(settings: Settings) -> bytes | None:
    """The master key; None where this installation has none and does not seal.

    One in shares is lent by the hub that was unsealed. Raises HubError: INVALID where it is asked for and missing or
    broken, FORBIDDEN where others may read it, UNAVAILABLE (`no-hub`, `sealed`) where it is in shares.
    """
    if in_shares(settings):
        return lent(settings)
    path = key_file(settings)
    if not path.exists() and not settings.master_key and settings.encryption in {"", "off"}:
        return None
    if not path.exists():
        raise HubError(
            Category.INVALID, "there is no master key", where=str(path), todo="make one: yilian keys init", code="keys"
        )
    return file_key(path)


def in_shares(settings: Settings) -> bool:
    """Whether keepers have the master key, in shares of words."""
    return sealed_file(settings).exists() and not key_file(settings).exists()


def file_key(path: Path) -> bytes:
    """The master key in a file. Raises HubError INVALID for one that is none, FORBIDDEN where others may read it."""
    key = read_private(path)
    if len(key) != MASTER_BYTES:
        raise HubError(Category.INVALID, "is no master key", where=str(path), todo="restore it", code="keys")
    return key
