"""The pipeline process: turns inbox messages into records."""

from __future__ import annotations

from hub.bootstrap.consequences import consequences
from hub.bootstrap.feeds import editions, translators
from hub.bootstrap.foundation import Foundation
from hub.bootstrap.terminology import vocabulary
from hub.kernel.clock import system_clock
from hub.kernel.ids import keyed_ids
from hub.pipeline.worker import run_worker
from hub.records.ingest import Ingest
from hub.run.child import Child


async def run_pipeline(foundation: Foundation, child: Child, *, careful: bool) -> None:
    """Work until the child is told to stop; the batch in hand is finished."""
    settings, consortium, secret = foundation.settings, foundation.consortium, foundation.keys.id_secret
    store = foundation.store()
    async with foundation.database("pipeline", size=3) as database, foundation.bell() as bell:
        terms = vocabulary(foundation, database)
        child.ready()
        await run_worker(
            database,
            Ingest(store, keyed_ids(secret), consortium.facilities, consequences(foundation, store)),
            translators(consortium, secret, settings.canonical_base, terms.validator, settings.base_url, terms.maps),
            foundation.log,
            system_clock,
            batch_size=settings.batch_size,
            stop=child.stop,
            careful=careful,
            max_attempts=settings.max_attempts,
            bell=bell,
            editions=editions(consortium),
            refresh=terms.refresh,
        )
