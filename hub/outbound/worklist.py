"""The modality worklist of one facility, through the gate.

Who asks is a clinician of the feed's facility, for treatment, and only what that facility itself ordered is listed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from hub.auth.actor import Actor
from hub.fhir.json import loads
from hub.gate.gate import Gate
from hub.gate.origin import Origin
from hub.kernel.clock import Clock
from hub.kernel.consortium import Feed
from hub.kernel.log import Log
from hub.kernel.ports import WorklistFormat
from hub.kernel.types import Json
from hub.outbound.answering import feed_client

#: The actor of a feed has its time from the clock of the gate; this one plays no part.
_EXPIRES: Final = datetime(2000, 1, 1, tzinfo=UTC)


class Worklist:
    """Answers for the modalities of one feed; see `hub.kernel.ports.WorklistAnswerer`."""

    def __init__(self, gate: Gate, feed: Feed, worklist_format: WorklistFormat, clock: Clock, log: Log) -> None:
        self._gate: Final = gate
        self._feed: Final = feed
        self._format: Final = worklist_format
        self._clock: Final = clock
        self._log: Final = log

    async def __call__(self, identifier: Mapping[str, Any], station: str, peer: str) -> Sequence[Json]:
        """The entries that match, on record before this returns."""
        params = self._format.search(identifier, self._clock())
        page = await self._gate.search(self._actor, "ServiceRequest", params, origin=Origin(address=peer))
        ours = [loads(one.body) for one in page.matches if one.organization == self._feed.facility]
        patients = {f"{one.type}/{one.id}": loads(one.body) for one in page.included}
        found = self._format.answer(identifier, station, ours, patients)
        self._log.event("worklist-answered", level="DEBUG", feed=self._feed.name, count=len(found))
        return found

    @property
    def _actor(self) -> Actor:
        return Actor(
            role="clinician",
            purpose=("TREAT",),
            client=feed_client(self._feed.name),
            token_id="",
            expires=_EXPIRES,
            organization=self._feed.facility,
        )
