"""Alerts of one process: the rules by which what is written is watched, and who tells of what they ask for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from hub.bootstrap.foundation import Foundation
from hub.care.alerting import Alerting
from hub.care.rules import SHIPPED, Rule, load
from hub.db.database import Database
from hub.gate.gate import Gate
from hub.kernel.clock import system_clock
from hub.kernel.ids import keyed_ids
from hub.kernel.settings import Settings
from hub.records.carers import Carers
from hub.records.client import ClientWrites

_OFF: Final = "off"


def alert_rules(settings: Settings) -> Sequence[Rule]:
    """The rules in force. Raises HubError INVALID with the lines of a file that is wrong."""
    if settings.alerts == _OFF:
        return ()
    return load(Path(settings.alerts) if settings.alerts else SHIPPED)


def alerting_of(foundation: Foundation, database: Database, gate: Gate, writes: ClientWrites) -> Alerting:
    """Who tells of what waits."""
    settings = foundation.settings
    return Alerting(
        database,
        gate,
        Carers(foundation.store()),
        writes,
        alert_rules(settings),
        keyed_ids(foundation.keys.id_secret),
        system_clock,
        foundation.log,
        canonical_base=settings.canonical_base,
    )
