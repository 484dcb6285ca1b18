"""Who acts for me: confirmed entries, and appointing and dismissing delegates."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from hub.fhir.json import loads
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.portal.elements import human_name
from hub.portal.pages.consents import named, personal
from hub.portal.visit import Visit, see_other

HOME: Final = "/proxies"
#: Refusals that are told on the page itself.
_PROBLEMS: Final = {
    "no-capacity": "proxy_no_capacity",
    "proxy-value": "proxy_value_wrong",
}


async def show(visit: Visit) -> Response:
    """The entries, those in force first; a proxy sees who she acts for elsewhere."""
    return await _page(visit, 200, "")


async def appoint(visit: Visit) -> Response:
    """Appoint a delegate: to see, and where it is said to consent too."""
    scope = ["read", "consent"] if visit.form.get("consent") else ["read"]
    period = {"end": visit.form["until"]} if visit.form.get("until") else {}
    asked: Json = {"kind": "delegate", "name": visit.form.get("name", ""), "scope": scope, "period": period}
    try:
        await visit.services.law.proxies.confirm(personal(visit), asked, origin=visit.origin)
    except HubError as error:
        if error.code not in _PROBLEMS:
            raise
        return await _page(visit, 422, _PROBLEMS[error.code])
    return see_other(HOME)


async def dismiss(visit: Visit) -> Response:
    """Let an entry hold no longer."""
    await visit.services.law.proxies.end(personal(visit), named(visit), origin=visit.origin)
    return see_other(HOME)


async def _page(visit: Visit, status: int, problem: str) -> Response:
    actor = personal(visit)
    if actor.role != "patient":
        raise HubError(Category.FORBIDDEN, "the patient sees who acts for her", where="account")
    entries = await visit.services.law.proxies.listed(actor, origin=visit.origin)
    names = await _names(visit, [one["id"] for one in entries])
    told = [_words(visit, one, names) for one in entries]
    told.sort(key=lambda one: one["status"] != "active")
    return visit.render("proxies.html", status, proxies=told, problem=problem)


def _words(visit: Visit, one: Json, names: dict[str, str]) -> Json:
    ends = [one["period"].get("end", "")[:10], one.get("until", "")]
    until = min(filter(None, ends), default="")
    return {**one, "name": names.get(one["id"], ""), "words": visit.say.code("proxy", one["kind"]), "until": until}


async def _names(visit: Visit, ids: list[str]) -> dict[str, str]:
    if not ids:
        return {}
    params = [("_id", ",".join(ids))]
    page = await visit.services.gate.search(visit.actor(), "RelatedPerson", params, origin=visit.origin)
    return {one.id: human_name(loads(one.body)) for one in page.matches if not one.deleted}
