"""Signing in by an identity provider: to it, and back from it (OpenID Connect Core 1.0, code flow)."""

from __future__ import annotations

from typing import Final

from starlette.responses import RedirectResponse, Response

from hub.auth.external.sign_in import ExternalSignIn
from hub.kernel.errors import Category, HubError
from hub.portal import security
from hub.portal.pages import sign_in
from hub.portal.visit import Visit, see_other

ADDRESS: Final = "/sign-in/external"
CALLBACK: Final = "/sign-in/external/callback"
_LONGEST_ONWARD: Final = 4000


async def begin(visit: Visit) -> Response:
    """To the provider; the browser keeps the session id that what comes back is bound to."""
    external = _external(visit)
    if security.from_elsewhere(visit.request):
        return _from_ours(visit)
    if visit.session is not None:
        return see_other("/")
    onward = visit.request.query_params.get("onward", "")
    kept = onward if onward.startswith(sign_in.ONWARD) and len(onward) <= _LONGEST_ONWARD else ""
    session_id = visit.session_id or visit.services.sessions.new_id()
    address = await external.begin(session_id, kept)
    response = RedirectResponse(address, 303, headers=dict(security.HEADERS))
    if session_id != visit.session_id:
        security.set_session(response, session_id, secure=visit.services.secure)
    return response


async def arrive(visit: Visit) -> Response:
    """Back from the provider: a session, or why there is none. What is refused is in the trail first."""
    external = _external(visit)
    if security.from_elsewhere(visit.request):
        return _from_ours(visit)
    try:
        arrival = await external.arrive(visit.session_id, _answer(visit), visit.origin.address)
    except HubError as error:
        if error.category is not Category.UNAUTHENTICATED:
            raise
        return await _refused(visit, 401, "external", error.code)
    session_id = await visit.services.sessions.begin(arrival.account) if arrival.account else None
    if arrival.account is None or session_id is None:
        return await _refused(visit, 403, "unbound", "external-unbound", subject=arrival.subject)
    return await sign_in.begun(visit, session_id, arrival.account, arrival.onward)


def _external(visit: Visit) -> ExternalSignIn:
    if visit.services.external is None:
        raise HubError(Category.NOT_FOUND, "no such page", where="URL")
    return visit.services.external


def _answer(visit: Visit) -> dict[str, str]:
    """What the provider says, each parameter once (RFC 6749 section 3.1): twice is nothing."""
    pairs = visit.request.query_params.multi_items()
    names = [name for name, _ in pairs]
    return {name: value for name, value in pairs if names.count(name) == 1}


def _from_ours(visit: Visit) -> Response:
    url = visit.request.url
    return visit.render("onward.html", address=f"{url.path}?{url.query}" if url.query else url.path)


async def _refused(visit: Visit, status: int, kind: str, reason: str, *, subject: str = "") -> Response:
    visit.services.log.event("sign-in-refused", code=reason, request=visit.number)
    await visit.services.sign_ins.refused("", reason, origin=visit.origin)
    return visit.render("error.html", status, kind=kind, number=visit.number, subject=subject)
