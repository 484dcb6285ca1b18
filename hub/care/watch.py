"""What the doors write, looked at by the rules of alerts in the transaction that writes it: an Observation that one of
them asks for waits from the moment it stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from hub.care.rules import Rule, asking, is_fresh, withdrawn
from hub.care.waiting import WAIT
from hub.db.database import Tx, tell
from hub.kernel.clock import Clock
from hub.kernel.types import Json

#: The channel on which it is told that something waits.
CHANNEL: Final = "yilian_alerts"


class Watch:
    """Implements `hub.records.consequences.Watcher` by rules."""

    def __init__(self, rules: Sequence[Rule], clock: Clock) -> None:
        self._rules: Final = tuple(rules)
        #: Codes without their systems: most Observations have none of them, and are looked at no further.
        self._codes: Final = frozenset(code.rpartition("|")[2] for rule in self._rules for code in rule.codes)
        self._clock: Final = clock

    async def note(self, tx: Tx, written: Sequence[tuple[str, Json]]) -> None:
        """Let what a rule asks for wait. Whether anybody is to be told is found out later."""
        now = self._clock()
        found = [rid for rid, resource in written if self._asks(resource, now)]
        if found:
            await tx.execute(WAIT, found)
            tell(tx, CHANNEL)

    def _asks(self, observation: Json, now: datetime) -> bool:
        if not any(code in self._codes for code in _codes(observation)):
            return False
        if withdrawn(self._rules, observation):
            return True
        return any(is_fresh(rule, observation, now) for rule in asking(self._rules, observation))


def _codes(observation: Json) -> Iterator[str]:
    for part in (observation, *observation.get("component", ())):
        for coding in part.get("code", {}).get("coding", ()):
            yield coding.get("code", "")
