"""What integration engineers work with, from the command line and over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cached_property
from pathlib import Path
from typing import Final

from hub.audit.trail import Trail
from hub.bootstrap.consequences import consequences
from hub.bootstrap.devices import wearing
from hub.bootstrap.feeds import (
    dissectors,
    envelope_readers,
    facilities_of,
    mapped_codes,
    masks,
    menders,
    translator_of,
    translators,
    wado_of,
)
from hub.bootstrap.formats import reading_of
from hub.bootstrap.foundation import Foundation
from hub.bootstrap.profile_text import profile_file
from hub.bootstrap.terminology import Vocabulary, vocabulary
from hub.bootstrap.witness import TrailWitness
from hub.db.database import Database
from hub.kernel.clock import system_clock
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import keyed_ids
from hub.kernel.ports import Translator
from hub.pipeline.bell import Bell
from hub.pipeline.bulk import BulkRepairs
from hub.pipeline.code_entries import CodeEntries
from hub.pipeline.codes import SeenCodes
from hub.pipeline.lenses import Lenses
from hub.pipeline.messages import Messages
from hub.pipeline.repair import Repairs
from hub.pipeline.reports import Reports
from hub.pipeline.trials import Trials
from hub.records.ingest import Ingest
from hub.records.shelf import TerminologyShelf
from hub.records.traces import Traces
from terminology.approved import ApprovedCodes


class Workbench:
    """Each tool is made when it is first taken: a list needs no translators."""

    def __init__(self, foundation: Foundation, database: Database, trail: Trail, bell: Bell, terms: Vocabulary) -> None:
        self._foundation: Final = foundation
        self._terms: Final = terms
        self._consortium: Final = foundation.consortium
        self._database: Final = database
        self._witness: Final = TrailWitness(trail, system_clock)
        self._bell: Final = bell
        self._store: Final = foundation.store()
        self._worn: Final = wearing(foundation, database)

    @cached_property
    def messages(self) -> Messages:
        """Lists, counts, single messages."""
        return Messages(self._database, self._witness, lambda: self._lenses)

    @cached_property
    def reports(self) -> Reports:
        """The conversion report over time."""
        return Reports(self._database, facilities_of(self._consortium))

    @cached_property
    def codes(self) -> SeenCodes:
        """The work queue of local codes."""
        return SeenCodes(
            self._database,
            facilities_of(self._consortium),
            mapped_codes(self._consortium, self._terms.maps),
            self._terms.maps.refresh,
        )

    @cached_property
    def entries(self) -> CodeEntries:
        """What local codes may mean, and what they are said to mean."""
        terms, approvals = self._terms, ApprovedCodes(self._database, system_clock, TerminologyShelf(self._store))
        return CodeEntries(self._database, facilities_of(self._consortium), terms.suggestions, approvals, self._witness)

    @cached_property
    def repairs(self) -> Repairs:
        """Repair and replay of single messages."""
        readers = envelope_readers(self._consortium)
        return Repairs(self._database, readers, self._witness, system_clock, self._bell)

    @cached_property
    def trials(self) -> Trials:
        """Conversions that store nothing."""
        settings, secret = self._foundation.settings, self._foundation.keys.id_secret
        facilities, follows = self._consortium.facilities, consequences(self._foundation, self._store)
        validator, maps = self._terms.validator, self._terms.maps
        return Trials(
            self._database,
            Ingest(self._store, keyed_ids(secret), facilities, follows, self._terms.labelling),
            translators(
                self._consortium, secret, settings.canonical_base, validator, settings.base_url, maps, self._worn
            ),
            envelope_readers(self._consortium),
            menders(self._consortium),
            self._lenses,
            self._witness,
            self._refresh,
        )

    async def _refresh(self) -> None:
        await self._terms.refresh()
        await self._worn.refresh()

    @cached_property
    def bulk(self) -> BulkRepairs:
        """Repair and replay of many messages."""
        return BulkRepairs(self._database, self.repairs, self.trials, self._witness, system_clock, self._bell)

    def candidate(self, feed: str, profile: str) -> Translator:
        """A feed's translator with a profile given as text. Raises HubError NOT_FOUND, INVALID with lines."""
        with profile_file(profile) as path:
            return self._translator(feed, path)

    def candidate_file(self, feed: str, profile: Path) -> Translator:
        """A feed's translator with a profile in a file. As `candidate`."""
        return self._translator(feed, profile)

    def _translator(self, feed: str, profile: Path) -> Translator:
        if feed not in self._consortium.feeds:
            raise HubError(Category.NOT_FOUND, "no feed has this name", where="feed", todo="see consortium.yaml")
        settings, secret = self._foundation.settings, self._foundation.keys.id_secret
        known = self._consortium.feeds[feed]
        wado = wado_of(self._consortium, known, settings.base_url)
        reading = reading_of(known, profile, wado=wado, maps=self._terms.maps, wearers=self._worn)
        return translator_of(self._consortium, known, reading, secret, settings.canonical_base, self._terms.validator)

    @cached_property
    def _lenses(self) -> Lenses:
        traces = Traces(self._store, keyed_ids(self._foundation.keys.id_secret))
        base = self._foundation.settings.canonical_base
        return Lenses(dissectors(self._consortium), masks(self._consortium, base), traces)


@asynccontextmanager
async def opened_workbench(foundation: Foundation) -> AsyncIterator[Workbench]:
    """A workbench with a database, a trail and a bell of its own, for the command line."""
    async with foundation.database("messages", size=2) as database, foundation.bell() as bell:
        trail = Trail(database, foundation.log)
        try:
            yield Workbench(foundation, database, trail, bell, vocabulary(foundation, database))
        finally:
            await trail.close()
