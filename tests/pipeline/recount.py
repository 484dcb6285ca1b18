"""The counters of the conversion report, and what they must be: the reports kept in the inbox, counted one by one."""

from __future__ import annotations

from collections import Counter

from hub.pipeline.counters import gather
from hub.pipeline.counting import day_of
from hub.pipeline.tally import line_of
from hub.pipeline.translate import rows
from tests.pipeline.hub_in_a_box import Box

#: Messages and leaves, by feed, day, edition, position, outcome, targets and reason.
Counts = dict[tuple[object, ...], tuple[int, int]]


async def counters(hub: Box) -> Counts:
    """What the counters say once all is added up."""
    async with hub.database.transaction() as tx:
        await gather(tx)
        found = await tx.fetch("SELECT * FROM conversion_count")
    return {tuple(row)[:-2]: (row["messages"], row["leaves"]) for row in found}


async def recounted(hub: Box) -> Counts:
    """What they must say."""
    messages: Counter[tuple[object, ...]] = Counter()
    leaves: Counter[tuple[object, ...]] = Counter()
    async with hub.database.connection() as connection:
        found = await connection.fetch("SELECT feed, received_at, edition, report FROM inbox WHERE report IS NOT NULL")
    for row in found:
        slot = (row["feed"], day_of(row["received_at"]), row["edition"])
        lines = [(*slot, *line_of(each)) for each in rows(row["report"])]
        whole = (*slot, "", "all", "", "")
        messages.update({*lines, whole})
        leaves.update([*lines, *[whole] * len(lines)])
    return {key: (number, leaves[key]) for key, number in messages.items()}
