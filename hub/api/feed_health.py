"""`GET /api/feeds`: how each incoming feed is, by its figures and by what is expected of it. Nothing of a message."""

from __future__ import annotations

from hub.api.asked import ENGINEERS, EngineerOf
from hub.api.json_doors import Asking, Door, Told
from hub.pipeline.feeds import Feeds


def feed_health_doors(feeds: Feeds, engineer: EngineerOf) -> list[Door]:
    """The door of whoever watches feeds: an engineer those of his organisation, an administrator all."""

    async def seen(ask: Asking) -> Told:
        return Told(body={"feeds": [one.as_json() for one in await feeds.seen(engineer(ask))]})

    return [
        Door(
            method="GET",
            path="/api/feeds",
            summary="Incoming feeds: blue, yellow or red and why, with their messages of the last hour and day",
            roles=ENGINEERS,
            handle=seen,
            gives="Feeds",
        )
    ]
