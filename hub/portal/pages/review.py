"""What waits for the consent reviewer: broken glass, and objections of patients. Nothing of a record is shown."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from hub.auth.actor import Actor
from hub.fhir.temporal import interval
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.portal.moments import minute
from hub.portal.pages.consents import named
from hub.portal.visit import Visit, see_other

HOME: Final = "/review"
_TOLD: Final = frozenset({Category.INVALID, Category.CONFLICT})


async def show(visit: Visit) -> Response:
    """Both queues, what waits first."""
    return await _page(visit, 200, "")


async def glass(visit: Visit) -> Response:
    """A finding on a record that was opened."""
    found, text = visit.form.get("finding"), visit.form.get("text")
    try:
        await visit.services.law.glass.review(_reviewer(visit), named(visit), found, text, origin=visit.origin)
    except HubError as error:
        return await _again(visit, error)
    return see_other(HOME)


async def objection(visit: Visit) -> Response:
    """A finding on an objection."""
    found, text = visit.form.get("finding"), visit.form.get("text")
    try:
        await visit.services.law.objections.answer(_reviewer(visit), named(visit), found, text, origin=visit.origin)
    except HubError as error:
        return await _again(visit, error)
    return see_other(HOME)


async def _again(visit: Visit, error: HubError) -> Response:
    if error.category not in _TOLD:
        raise error
    return await _page(visit, 422, "review_wrong")


def _reviewer(visit: Visit) -> Actor:
    actor = visit.actor()
    if actor.role != "consent-reviewer":
        raise HubError(Category.FORBIDDEN, "this account reviews nothing", where="account")
    return actor


async def _page(visit: Visit, status: int, problem: str) -> Response:
    actor, law = _reviewer(visit), visit.services.law
    names = await visit.services.accounts.names()
    opened = [_words(visit, one, names) for one in await law.glass.listed(actor, origin=visit.origin)]
    objections = [_words(visit, one, names) for one in await law.objections.listed(actor, origin=visit.origin)]
    return visit.render("review.html", status, opened=opened, objections=objections, problem=problem)


def _words(visit: Visit, one: Json, names: dict[str, str]) -> Json:
    by = str(one.get("by", "")).removeprefix("Practitioner/")
    facility = one.get("organization", "")
    return {
        **one,
        "who": names.get(by, by),
        "facility": visit.services.directory.name(facility) or facility,
        "role": visit.say.code("role", one.get("role")),
        "at": minute(interval(one.get("first") or one["recorded"])[0]),
        "finding": visit.say.code("finding", one.get("finding")),
        "text": one.get("text", ""),
        "patients": one.get("patients", []),
        "event": one.get("event", ""),
        "looks": one.get("looks", 0),
    }
