"""Answers to the patient queries of one inbound feed, through the gate. Nothing of a query is kept but its audit rows.

The asker is a clinician of the feed's facility, for treatment: it finds whom `Patient/$match` would find for it, and no
others. Whom it may not see, and who is not there, are told alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from hub.auth.actor import Actor
from hub.fhir.json import loads
from hub.gate.gate import Gate
from hub.gate.origin import Origin
from hub.kernel.consortium import Feed
from hub.kernel.errors import HubError
from hub.kernel.log import Log
from hub.kernel.ports import QueryFormat
from hub.kernel.types import AnswerBody, Candidate, Json, PatientQuery

#: The actor of a feed has its time from the clock of the gate; this one plays no part.
_EXPIRES: Final = datetime(2000, 1, 1, tzinfo=UTC)


def feed_client(feed: str) -> str:
    """The client a feed is when it asks: the gate lets it ask `queries_per_minute` (hub.gate.pace)."""
    return f"feed:{feed}"


class Answering:
    """Answers the queries of one feed."""

    def __init__(self, gate: Gate, feed: Feed, query_format: QueryFormat, log: Log) -> None:
        self._gate: Final = gate
        self._feed: Final = feed
        self._format: Final = query_format
        self._log: Final = log

    async def __call__(self, raw: bytes, peer: str) -> AnswerBody:
        """See `hub.kernel.ports.QueryAnswerer`."""
        try:
            query = self._format.read(raw)
            found = await self._found(query, Origin(address=peer))
        except HubError as error:
            self._log.event("query-failed", level="WARNING", feed=self._feed.name, code=error.code)
            return self._format.answer(raw, (), error)
        self._log.event("query-answered", level="DEBUG", feed=self._feed.name, kind=query.kind)
        return self._format.answer(raw, found, None)

    async def _found(self, query: PatientQuery, origin: Origin) -> list[Candidate]:
        found = await (self._find if query.kind == "find" else self._correspond)(query, origin)
        return [one for one in found if one.patient.get("identifier") or not query.domains]

    async def _find(self, query: PatientQuery, origin: Origin) -> list[Candidate]:
        found = await self._gate.match(self._actor, query.patient, count=query.limit, certain=False, origin=origin)
        return [Candidate(patient=_only(loads(one.patient.body), query.domains), score=one.score) for one in found]

    async def _correspond(self, query: PatientQuery, origin: Origin) -> list[Candidate]:
        """The other numbers of who has this one; none where there are no others."""
        asked = query.patient["identifier"][0]
        system, value = asked.get("system", ""), asked["value"]
        found = await self._gate.corresponding(self._actor, system, value, origin=origin)
        if found is None:
            return []
        numbers = _only(loads(found.body), query.domains).get("identifier", ())
        others = [one for one in numbers if (one.get("system", ""), one.get("value")) != (system, value)]
        return [Candidate(patient={"resourceType": "Patient", "identifier": others})] if others else []

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


def _only(patient: Json, domains: Sequence[str]) -> Json:
    """A Patient with the identifiers of some systems only; all where none is named."""
    if not domains:
        return patient
    return patient | {"identifier": [one for one in patient.get("identifier", ()) if one.get("system") in domains]}
