"""Hands files over to feeds by HTTP, as the systems of the facilities do: feeds side by side, each in its order."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import groupby
from operator import attrgetter

from hub.demo.ask import Client
from hub.demo.parcels import Parcel
from hub.kernel.errors import Category, HubError


async def hand_over(parcels: Iterable[Parcel], client: Callable[[str], Client]) -> dict[str, int]:
    """Send all files with the client of the facility whose feed it is; how many messages each feed took.

    Raises HubError INVALID when the hub refuses a file, UNAVAILABLE when it does not answer.
    """
    by_feed = attrgetter("feed")
    lists = [list(group) for _, group in groupby(sorted(parcels, key=by_feed), by_feed)]
    taken: Counter[str] = Counter()
    for counts in await asyncio.gather(*(asyncio.to_thread(_send, each, client) for each in lists)):
        taken += counts
    return dict(taken)


def _send(parcels: Iterable[Parcel], client: Callable[[str], Client]) -> Counter[str]:
    taken: Counter[str] = Counter()
    for parcel in parcels:
        reply = client(parcel.facility).send(f"api/feeds/{parcel.feed}", parcel.content)
        if reply.status != 201:
            what = f"the hub refused a file with status {reply.status}"
            raise HubError(Category.INVALID, what, where=parcel.feed, todo="see its log")
        taken[parcel.feed] += len(reply.content["messages"])
    return taken
