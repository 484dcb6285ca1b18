"""Signing in and out, and the start page."""

from __future__ import annotations

from functools import partial
from typing import Final

from starlette.responses import Response

from hub.auth.accounts import Account
from hub.auth.sessions import form_token
from hub.portal import security
from hub.portal.visit import Visit, see_other

#: What stands where, for engineers: address and the key of its text.
PLACES: Final = (
    ("/fhir/metadata", "place_fhir"),
    ("/health/live", "place_live"),
    ("/health/ready", "place_ready"),
    ("/metrics", "place_metrics"),
)

#: The one page that sends somebody here and wants them back: no other address is gone on to (attack list, 35).
ONWARD: Final = "/auth/authorize?"

#: Where each role of `hub.auth.accounts.PAGE_ROLES` begins.
_HOMES: Final = {
    "clinician": "/find",
    "family-doctor": "/find",
    "patient": "/record",
    "proxy": "/record",
    "consent-reviewer": "/review",
    "auditor": "/looked/report",
    "integration-engineer": "/feeds",
    "administrator": "/feeds",
}


async def start(visit: Visit) -> Response:
    """The sign-in page; who is signed in goes on to where their role begins."""
    if visit.session is not None:
        return see_other(_HOMES[visit.session.account.role])
    return form(visit, 200)


async def sign_in(visit: Visit) -> Response:
    """Check name and password; begin a session under a new id, so that an id planted before is worth nothing.

    An attempt that is turned away before it is looked at is in the log alone: the trail has those that led there.
    """
    name, password = visit.form.get("name", ""), visit.form.get("password", "")
    services, onward = visit.services, visit.form.get("onward", "")
    passes = partial(services.second_factors.passes, code=visit.form.get("code", ""))
    address = visit.origin.address
    account = await services.accounts.verify(name, password, passes, address=address) if name and password else None
    session_id = await services.sessions.begin(account) if account else None
    if account is None or session_id is None:
        visit.services.log.event("sign-in-refused", request=visit.number)
        standing = await services.accounts.standing(name)
        await services.sign_ins.refused(standing.account, standing.reason, origin=visit.origin)
        return form(visit, 401, failed=True, name=name[:64], onward=onward)
    return await begun(visit, session_id, account, onward)


async def begun(visit: Visit, session_id: str, account: Account, onward: str) -> Response:
    """Go on, signed in; what the browser had before is worth nothing any more."""
    services = visit.services
    await services.sessions.end(visit.session_id)
    if (session := await services.sessions.find(session_id)) is not None:
        await services.sign_ins.begun(session.actor(), origin=visit.origin)
    visit.services.log.event("signed-in", role=account.role, organization=account.organization, request=visit.number)
    response = see_other(onward if onward.startswith(ONWARD) else "/")
    security.set_session(response, session_id, secure=visit.services.secure)
    return response


async def sign_out(visit: Visit) -> Response:
    """End the session on the server and in the browser."""
    if visit.session is not None:
        await visit.services.sign_ins.ended(visit.actor(), origin=visit.origin)
    await visit.services.sessions.end(visit.session_id)
    response = see_other("/")
    security.drop_session(response, secure=visit.services.secure)
    return response


def form(visit: Visit, status: int, *, failed: bool = False, name: str = "", onward: str = "") -> Response:
    """The sign-in page; `onward` is where to go from there, if not to where the role begins."""
    session_id = visit.session_id or visit.services.sessions.new_id()
    response = visit.render(
        "sign_in.html",
        status,
        failed=failed,
        name=name,
        onward=onward,
        places=PLACES,
        external=visit.services.external.name if visit.services.external else "",
        sign_in_token=form_token(session_id),
    )
    if session_id != visit.session_id:
        security.set_session(response, session_id, secure=visit.services.secure)
    return response
