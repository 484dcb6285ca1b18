"""What a patient, and who acts for her, is told."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from hub.fhir.temporal import interval
from hub.kernel.types import Json
from hub.portal.moments import minute
from hub.portal.pages.consents import personal
from hub.portal.visit import Visit, see_other


async def show(visit: Visit) -> Response:
    """The notices, newest first."""
    found = await visit.services.law.board.listed(personal(visit), origin=visit.origin)
    names = await visit.services.accounts.names()
    unseen = any(one.get("seen") is False for one in found)
    return visit.render("notices.html", notices=[_words(visit, one, names) for one in found], unseen=unseen)


async def seen(visit: Visit) -> Response:
    """All of them have been read."""
    await visit.services.law.board.seen(personal(visit), origin=visit.origin)
    return see_other("/notices")


def _words(visit: Visit, notice: Json, names: Mapping[str, str]) -> Json:
    say, facility = visit.say, notice.get("organization", "")
    by = str(notice.get("by", ""))
    who = names.get(by.removeprefix("Practitioner/"), "")
    if by.startswith("Patient/"):
        who = say("given_by_patient")
    elif by.startswith("RelatedPerson/"):
        who = say("given_by_proxy")
    return {
        "what": say.code("notice", notice["kind"], notice["kind"]),
        "at": minute(interval(notice["at"])[0]),
        "who": who,
        "facility": visit.services.directory.name(facility) or facility,
        "reason": notice.get("reason") or notice.get("text") or "",
        "finding": say.code("finding", notice.get("finding")),
        "urgent": notice["kind"] == "break-glass",
        "fresh": notice.get("seen") is False,
    }
