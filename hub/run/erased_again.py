"""What a restore does when the rows are there: whoever was erased since the backup was made is erased again."""

from __future__ import annotations

import getpass
import secrets
from collections.abc import Sequence
from pathlib import Path

from hub.audit.sequencer import Sequencer
from hub.audit.trail import Trail
from hub.auth.keys import KeyStore
from hub.bootstrap.audit import signers_of
from hub.db.database import Database
from hub.kernel.clock import system_clock
from hub.kernel.log import Log
from hub.run import erasures
from hub.run.erasing import Erasing
from hub.run.erasures import Erasure


async def erase_again(url: str, data: Path, log: Log, erased: Sequence[Erasure]) -> int:
    """Erase these where the database does not know that they are; how many it did not. No hub works on it.

    The list of the folder gets these before, and after it whoever the backup knew: a backup of before may be restored
    next.
    """
    erasures.complete(data / erasures.NAME, erased)
    database = await Database.connect(url, size=2, name="yilian-restore")
    trail = Trail(database, log)
    try:
        if erased:
            await _into_the_tree(database, data)
        desk = Erasing(database, trail, getpass.getuser(), system_clock, data / erasures.NAME)
        gone = sum([await desk.again(one) for one in erased])
        await desk.list_all()
        return gone
    finally:
        await trail.close()
        await database.close()


async def _into_the_tree(database: Database, data: Path) -> None:
    """Entries that the backup has and no checkpoint of it: only what is a leaf can be erased."""
    sequencer = Sequencer(database, signers_of(KeyStore(data / "keys")), system_clock, secrets.token_bytes)
    while await sequencer.turn():
        pass
