"""The pipeline process: turns inbox messages into records."""

from __future__ import annotations

from hub.bootstrap.consequences import consequences
from hub.bootstrap.devices import wearing
from hub.bootstrap.feeds import translator_of, wado_of
from hub.bootstrap.formats import reading_of
from hub.bootstrap.foundation import Foundation
from hub.bootstrap.reading import Reading
from hub.bootstrap.reloading import ProfileWatch
from hub.bootstrap.terminology import Vocabulary, vocabulary
from hub.kernel.clock import system_clock
from hub.kernel.consortium import Feed
from hub.kernel.devices import Wearers
from hub.kernel.ids import keyed_ids
from hub.kernel.ports import Translator
from hub.pipeline.claim import Share
from hub.pipeline.worker import run_worker
from hub.records.ingest import Ingest
from hub.run.child import Child


async def run_pipeline(foundation: Foundation, child: Child, *, careful: bool, number: int = 0) -> None:
    """Work until the child is told to stop; the batch in hand is finished. `number`: which worker it is, from 1."""
    settings, consortium, ids = foundation.settings, foundation.consortium, keyed_ids(foundation.keys.id_secret)
    store = foundation.store()
    follows = consequences(foundation, store)
    async with foundation.database("pipeline", size=3) as database, foundation.bell() as bell:
        terms, worn = vocabulary(foundation, database), wearing(foundation, database, releasing=True)
        ingest = Ingest(store, ids, consortium.facilities, follows, terms.labelling)
        profiles = _profiles(foundation, terms, worn)

        async def refresh() -> None:
            await terms.refresh()
            await worn.refresh()

        child.ready()
        await run_worker(
            database,
            ingest,
            profiles.conversions.translators,
            foundation.log,
            system_clock,
            batch_size=settings.batch_size,
            stop=child.stop,
            careful=careful,
            max_attempts=settings.max_attempts,
            bell=bell,
            editions=profiles.conversions.editions,
            refresh=refresh,
            changed=profiles,
            share=Share(number - 1, settings.pipeline_workers) if 0 < number <= settings.pipeline_workers else None,
        )


def _profiles(foundation: Foundation, terms: Vocabulary, worn: Wearers) -> ProfileWatch:
    """The profiles of all feeds, read again when they change."""
    settings, secret, consortium = foundation.settings, foundation.keys.id_secret, foundation.consortium

    def read(feed: Feed) -> Reading:
        wado = wado_of(consortium, feed, settings.base_url)
        return reading_of(feed, feed.profile, wado=wado, maps=terms.maps, wearers=worn)

    def translator(feed: Feed, reading: Reading) -> Translator:
        return translator_of(consortium, feed, reading, secret, settings.canonical_base, terms.validator)

    return ProfileWatch(consortium, read, translator, foundation.log)
