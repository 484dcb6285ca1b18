"""The workstations of the community facilities: FHIR clients that write over HTTP, one after another per facility."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from itertools import groupby
from operator import attrgetter

from hub.demo.ask import Client
from hub.demo.community import Posting
from hub.kernel.errors import Category, HubError


async def write(postings: Iterable[Posting], client: Callable[[str], Client]) -> dict[str, int]:
    """Send all transactions, facilities side by side, each with the client of who wrote it.

    Returns how many resources each facility wrote. Raises HubError INVALID when the hub refuses a transaction,
    UNAVAILABLE when it does not answer.
    """
    by_facility = attrgetter("facility")
    lists = {facility: list(group) for facility, group in groupby(sorted(postings, key=by_facility), by_facility)}
    sums = await asyncio.gather(*(asyncio.to_thread(_send, postings, client) for postings in lists.values()))
    return dict(zip(lists, sums, strict=True))


def _send(postings: Iterable[Posting], client: Callable[[str], Client]) -> int:
    written = 0
    for posting in postings:
        reply = client(posting.by).call("POST", "fhir", posting.bundle)
        if reply.status != 200:
            issue = reply.content["issue"][0] if reply.content else {}
            raise HubError(
                Category.INVALID,
                f"the hub refused a transaction with status {reply.status}",
                where=posting.facility,
                todo=str(issue.get("diagnostics", "")),
            )
        written += len(reply.content["entry"])
    return written
