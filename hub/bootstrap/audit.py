"""The Merkle tree over the audit trail, wired: who appends to it, and who reads it from the command line."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

from hub.audit.export import export
from hub.audit.notes import Signer, origin_of
from hub.audit.sequencer import Sequencer
from hub.auth.keys import KeyStore
from hub.bootstrap.foundation import Foundation
from hub.db.database import Database
from hub.kernel.clock import system_clock


def signer_of(keys: KeyStore) -> Signer:
    """Signs the checkpoints of this installation."""
    return Signer(origin_of(keys.installation), keys.audit_key)


def sequencer_of(foundation: Foundation, database: Database) -> Sequencer:
    """The one writer of the tree; several exclude each other."""
    return Sequencer(database, signer_of(foundation.keys), system_clock, secrets.token_bytes)


async def exported(foundation: Foundation, folder: Path, progress: Callable[[int, int], None]) -> int:
    """Export the trail into a folder; its size."""
    async with foundation.database("audit", size=2) as database:
        return await export(database, folder, signer_of(foundation.keys).verifier, progress)
