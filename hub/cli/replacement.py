"""`yilian keys replace`: another master key for an installation that stands.

The new key is on the disk, or in the keepers' hands, before anything is wrapped by it; where it is stopped, the same
command goes on with the same new key.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from pathlib import Path

import typer

from hub.bootstrap.keys import file_key, in_shares, key_file, under_new_master
from hub.bootstrap.sealed_master import SealedMaster, sealed_file
from hub.cli.ceremony import handed_out, heard, heard_of
from hub.cli.desk import Data
from hub.kernel.log import Log
from hub.kernel.private_files import publish
from hub.kernel.settings import Settings
from hub.run.database import kept_database
from hub.run.installation import locked
from hub.sealing.wrapping import MASTER_BYTES


def replace(data: Data = None) -> None:
    """Replace the master key by a new one. The hub must not run; backups of before stay under the old key."""
    settings = Settings.load(os.environ, data_dir=data)
    with locked(settings.data_dir):
        path = sealed_file(settings) if in_shares(settings) else key_file(settings)
        old = heard(settings) if in_shares(settings) else file_key(path)
        draft = path.with_name(path.name + ".next")
        new = _begun(draft, settings)
        done = asyncio.run(_wrapped(settings, old, new))
        draft.replace(path)
    typer.echo(f"{done} wrapping keys are under the new master key; keep the old one for the backups of before")


def _begun(draft: Path, settings: Settings) -> bytes:
    """The new key: a fresh one, or that of a replacement that was stopped."""
    if in_shares(settings):
        if draft.exists():
            return heard_of(SealedMaster.read(draft))
        before, new = SealedMaster.read(sealed_file(settings)), secrets.token_bytes(MASTER_BYTES)
        handed_out(new, before.needed, before.shares).put(draft)
        return new
    if not draft.exists():
        publish(draft, secrets.token_bytes(MASTER_BYTES))
    return file_key(draft)


async def _wrapped(settings: Settings, old: bytes, new: bytes) -> int:
    async with kept_database(settings, Log("keys", level=settings.log_level)) as url:
        return await under_new_master(url, old, new)
