"""One look at my record: what the trail keeps of it, the proof that it stands in the tree, and objecting to it."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from hub.fhir.json import loads
from hub.fhir.temporal import interval
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.portal.moments import minute
from hub.portal.pages.consents import named, personal
from hub.portal.pages.looked import looks_of
from hub.portal.visit import Visit, see_other

#: What stands where there is no proof yet.
_NO_PROOF_YET: Final = frozenset({Category.UNAVAILABLE, Category.NOT_FOUND})


async def show(visit: Visit) -> Response:
    """One look."""
    return await _page(visit, 200, "")


async def objection(visit: Visit) -> Response:
    """Object to it: a case for the consent reviewer."""
    actor, event = personal(visit), named(visit)
    await visit.services.gate.read(actor, "AuditEvent", event, origin=visit.origin)
    try:
        await visit.services.law.objections.open(actor, event, visit.form.get("reason"), origin=visit.origin)
    except HubError as error:
        if error.category not in (Category.INVALID, Category.TOO_LARGE):
            raise
        return await _page(visit, 422, "objection_wrong")
    return see_other(f"/looked/{event}")


async def _page(visit: Visit, status: int, problem: str) -> Response:
    actor, event = personal(visit), named(visit)
    released = await visit.services.gate.read(actor, "AuditEvent", event, origin=visit.origin)
    ((look, _, _),) = await looks_of(visit, [loads(released.body)])
    said = await visit.services.law.objections.listed(actor, origin=visit.origin)
    own = [_words(visit, one) for one in said if one["event"] == event]
    proof = await _proof(visit, event)
    return visit.render("look.html", status, look=look, event=event, proof=proof, objections=own, problem=problem)


async def _proof(visit: Visit, event: str) -> Json | None:
    """The inclusion proof; None for a look of the last second."""
    try:
        found = await visit.services.gate.tree.inclusion(personal(visit), event, origin=visit.origin)
    except HubError as error:
        if error.category not in _NO_PROOF_YET:
            raise
        return None
    return {**found, "signed": minute(interval(found["signed"])[0])}


def _words(visit: Visit, one: Json) -> Json:
    return {
        "at": minute(interval(one["recorded"])[0]),
        "reason": one["reason"],
        "finding": visit.say.code("finding", one.get("finding")),
        "text": one.get("text", ""),
    }
