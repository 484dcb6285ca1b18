"""Who looks after me: relationships that let others see my record, and until when they hold."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from hub.fhir.temporal import interval
from hub.kernel.types import Json
from hub.portal.moments import day
from hub.portal.pages.consents import personal
from hub.portal.visit import Visit


async def show(visit: Visit) -> Response:
    """Those that hold, then those that are over."""
    found = await visit.services.law.ties.listed(personal(visit), origin=visit.origin)
    names = await visit.services.accounts.names()
    told = [_words(visit, one, names) for one in found]
    told.sort(key=lambda one: not one["holds"])
    return visit.render("care.html", ties=told)


def _words(visit: Visit, one: Json, names: Mapping[str, str]) -> Json:
    kind, _, rid = one["party"].partition("/")
    name = visit.services.directory.name(rid) if kind == "Organization" else names.get(rid)
    return {
        "who": name or rid,
        "what": visit.say.code("tie", one["kind"]),
        "holds": one["holds"],
        "begins": day(interval(one["from"])[0]) if "from" in one else "",
        "ends": day(interval(one["to"])[0]) if "to" in one else "",
    }
