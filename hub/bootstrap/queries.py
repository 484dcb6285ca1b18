"""What the feeds need that answer patient queries."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final

from hub.audit.trail import Trail
from hub.auth.directory import Directory
from hub.bootstrap.formats import reading_of
from hub.bootstrap.foundation import Foundation
from hub.bootstrap.gates import gate_of
from hub.bootstrap.reading import Reading
from hub.bootstrap.reloading import ProfileFiles
from hub.db.database import Database
from hub.kernel.consortium import Feed
from hub.kernel.errors import HubError
from hub.kernel.ports import QueryAnswerer
from hub.kernel.types import AnswerBody, Candidate, PatientQuery
from hub.outbound.answering import Answering
from mappings.hl7v2.queries import QbpFormat


class _Spoken:
    """Queries of one feed that may be asked, read and answered by its profile as it stands."""

    def __init__(self, formats: ProfileFiles[tuple[QbpFormat, ...]], feed: str) -> None:
        self._formats: Final = formats
        self._feed: Final = feed

    @property
    def _now(self) -> QbpFormat:
        self._formats.changed()
        (found,) = self._formats.made[self._feed]
        return found

    def read(self, raw: bytes) -> PatientQuery:
        """See `hub.kernel.ports.QueryFormat`."""
        return self._now.read(raw)

    def answer(self, raw: bytes, found: Sequence[Candidate], problem: HubError | None) -> AnswerBody:
        """See `hub.kernel.ports.QueryFormat`."""
        return self._now.answer(raw, found, problem)


@asynccontextmanager
async def answerers(foundation: Foundation, database: Database) -> AsyncIterator[Mapping[str, QueryAnswerer]]:
    """An answerer for every feed that may be asked, by feed; without such a feed nothing is opened."""
    consortium, base = foundation.consortium, foundation.settings.canonical_base
    asked = [feed for feed in consortium.feeds.values() if feed.queries]
    if not asked:
        yield {}
        return
    trail = Trail(database, foundation.log)

    def spoken(feed: Feed, reading: Reading) -> tuple[QbpFormat, ...]:
        return (QbpFormat(reading.profile, feed.facility, base),) if feed.queries else ()

    formats = ProfileFiles(consortium, lambda feed: reading_of(feed, feed.profile), spoken, foundation.log)
    gate = gate_of(foundation, database, foundation.store(), trail, Directory(consortium))
    try:
        yield {
            feed.name: Answering(
                gate,
                feed,
                _Spoken(formats, feed.name),
                foundation.log,
            )
            for feed in asked
        }
    finally:
        await trail.close()
