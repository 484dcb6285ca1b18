"""The Merkle tree over the audit trail, wired: who signs it, and who appends to it."""

from __future__ import annotations

import secrets
from pathlib import Path

from hub.audit.alarm_rules import Rules
from hub.audit.alarming import Alarming
from hub.audit.alarms import Watch
from hub.audit.sequencer import Sequencer
from hub.audit.trail import Trail
from hub.auth.keys import KeyStore
from hub.bootstrap.foundation import Foundation
from hub.bootstrap.trail_keys import Signers
from hub.db.database import Database
from hub.kernel.clock import system_clock


def signers_of(keys: KeyStore) -> Signers:
    """Sign the checkpoints of this installation."""
    return Signers(keys.folder, keys.installation, system_clock)


def alarming_of(foundation: Foundation, database: Database, trail: Trail) -> Alarming:
    """Watches the trail by the rules of the settings. Raises HubError for a file that is wrong."""
    path = foundation.settings.alarms
    rules = Rules.read(Path(path)) if path else Rules.read()
    return Alarming(database, trail, Watch(rules), system_clock)


def sequencer_of(foundation: Foundation, database: Database) -> Sequencer:
    """The one writer of the tree; several exclude each other."""
    return Sequencer(database, signers_of(foundation.keys), system_clock, secrets.token_bytes)
