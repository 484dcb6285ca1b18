"""How the feeds are, for engineers and administrators: figures and colours, nothing of a message."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from starlette.responses import Response

from hub.kernel.types import Json
from hub.outbound.desk import SeenFeed
from hub.pipeline.feeds import WatchedFeed
from hub.pipeline.health import Colour
from hub.portal.engineers import engineer
from hub.portal.moments import minute
from hub.portal.visit import Visit

#: Colours as classes of a tag.
_TAGS = {Colour.BLUE: "good", Colour.YELLOW: "state", Colour.RED: "bad"}


async def show(visit: Visit) -> Response:
    """Incoming feeds, the worst first, and outbound ones."""
    who, services = engineer(visit), visit.services
    incoming = await services.feeds.seen(who)
    incoming.sort(key=lambda one: list(Colour).index(one.colour), reverse=True)
    receivers = {name: code for name, code in services.receivers.items() if who.sees(code)}
    outbound = [one for one in await services.outbound.feeds(list(receivers)) if one.name in receivers]
    return visit.render(
        "feeds.html",
        at=minute(services.clock()),
        incoming=[_incoming(visit, one) for one in incoming],
        outbound=[_outbound(visit, one, receivers) for one in outbound],
    )


def _incoming(visit: Visit, one: WatchedFeed) -> Json:
    figures, say = one.figures, visit.say
    return {
        "name": one.feed.name,
        "facility": visit.services.directory.name(one.feed.facility) or one.feed.facility,
        "what": say.code("feed_format", one.feed.format, one.feed.format),
        "by": say.code("feed_transport", one.feed.transport, one.feed.transport),
        "colour": say.code("feed_colour", one.colour),
        "tag": _TAGS[one.colour],
        "why": [say.code("feed_finding", finding.code) for finding in one.findings],
        "last": _minute(figures.last),
        "hour": figures.hour,
        "day": figures.day,
        "waits": figures.waits,
        "dead": figures.dead,
    }


def _outbound(visit: Visit, one: SeenFeed, receivers: Mapping[str, str]) -> Json:
    colour = Colour.RED if one.tries else Colour.YELLOW if one.dead else Colour.BLUE
    return {
        "name": one.name,
        "facility": visit.services.directory.name(receivers[one.name]) or receivers[one.name],
        "colour": visit.say.code("feed_colour", colour),
        "tag": _TAGS[colour],
        "tries": one.tries,
        "contact": _minute(one.contact),
        "waits": one.waiting,
        "done": one.done,
        "dead": one.dead,
    }


def _minute(moment: datetime | None) -> str:
    return "" if moment is None else minute(moment)
