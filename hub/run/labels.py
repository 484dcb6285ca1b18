"""The desk of those who label anew: recorded first."""

from __future__ import annotations

from collections.abc import Callable

from hub.audit.deeds import Scribe
from hub.audit.trail import Trail
from hub.bootstrap.consequences import consequences
from hub.bootstrap.foundation import Foundation
from hub.bootstrap.terminology import vocabulary
from hub.kernel.clock import system_clock
from hub.records.relabelling import Relabelled, Relabelling


async def relabel(foundation: Foundation, who: str, progress: Callable[[Relabelled], None]) -> Relabelled:
    """Label what stands in the database of a hub by the list its settings name."""
    async with foundation.database("labels", size=3) as database:
        trail, store = Trail(database, foundation.log), foundation.store()
        try:
            said = {"labels": "apply"}
            terms = vocabulary(foundation, database)
            await terms.sets.refresh()
            await trail.record(Scribe(system_clock).at_the_machine("administrator", who, said))
            return await Relabelling(database, store, terms.labelling, consequences(foundation, store)).run(progress)
        finally:
            await trail.close()
