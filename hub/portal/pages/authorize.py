"""What an application asks for, told in plain words, and the user's answer (SMART App Launch 2.2, app-launch.html).

The request stands in the address from the first step to the last and is read anew at each, so nothing of it can be
exchanged between the page and the answer.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from hub.auth.oauth.authorisation import AppRequest, DeclinedError
from hub.auth.oauth.desk import Event
from hub.auth.oauth.redirects import policy_source
from hub.auth.oauth.scope_grants import Resources, resources
from hub.gate.authorisations import AUTHORISATION
from hub.kernel.errors import Category, HubError
from hub.portal import security
from hub.portal.pages.find import FIELDS, Found, search
from hub.portal.pages.sign_in import form
from hub.portal.security import from_elsewhere
from hub.portal.texts import Texts
from hub.portal.visit import Visit

ADDRESS: Final = "/auth/authorize"
#: FHIR R4 datatypes.html#id.
_ID: Final = re.compile(r"[A-Za-z0-9.-]{1,64}")


async def show(visit: Visit) -> Response:
    """The sign-in page, or what is asked for."""
    return await _answered(visit, _shown)


async def decide(visit: Visit) -> Response:
    """Look for a patient, refuse, or agree: by the button that was pressed."""
    return await _answered(visit, _decided)


async def _answered(visit: Visit, step: Callable[[Visit, AppRequest], Awaitable[Response]]) -> Response:
    pairs = [(name, value) for name, value in visit.request.query_params.multi_items() if name != "lang"]
    try:
        asked = await visit.services.authorisation.read(pairs)
        if visit.session is not None:
            visit.services.authorisation.admit(asked, visit.session.account)
        response = await step(visit, asked)
    except DeclinedError as refusal:
        await visit.services.authorisations.record(AUTHORISATION, refusal.event, origin=visit.origin)
        return _onward(refusal.location)
    except HubError as error:
        if error.code != "app-request":
            raise
        event = Event(what="refused", reason="invalid_request")
        await visit.services.authorisations.record(AUTHORISATION, event, origin=visit.origin)
        return visit.render("error.html", 400, kind="app", number=visit.number)
    policy = security.policy(form_action=policy_source(asked.redirect_uri))
    response.headers["content-security-policy"] = policy
    return response


async def _shown(visit: Visit, asked: AppRequest) -> Response:
    if visit.session is None and from_elsewhere(visit.request):
        return visit.render("onward.html", address=_address(visit))
    if visit.session is None:
        return form(visit, 200, onward=_address(visit))
    await _launched(visit, asked)
    return _page(visit, asked)


async def _decided(visit: Visit, asked: AppRequest) -> Response:
    _ = visit.signed_in
    match visit.form.get("step"):
        case "find":
            return await _find(visit, asked)
        case "allow":
            return await _allow(visit, asked)
    raise visit.services.authorisation.declined(asked)


async def _find(visit: Visit, asked: AppRequest) -> Response:
    wanted, problem, found, notes = await search(visit)
    return _page(visit, asked, 422 if problem else 200, wanted=wanted, problem=problem, found=found, notes=notes)


async def _launched(visit: Visit, asked: AppRequest) -> str | None:
    """The patient of a launch; None without one. Raises DeclinedError for a launch that is not this user's."""
    if not asked.is_launched:
        return None
    services = visit.services
    patient = await services.launches.patient(asked.launch, asked.client, visit.signed_in.account)
    if patient is None or not await _may_see(visit, patient):
        raise services.authorisation.declined(asked, "invalid_request")
    return patient


async def _allow(visit: Visit, asked: AppRequest) -> Response:
    patient = await _launched(visit, asked)
    if _chooses(visit, asked):
        patient = visit.form.get("patient", "")
        if not await _may_see(visit, patient):
            return _page(visit, asked, 422, problem="app_choose_patient")
    location, event = await visit.services.authorisation.grant(asked, visit.signed_in, patient)
    await visit.services.authorisations.record(AUTHORISATION, event, origin=visit.origin)
    return _onward(location)


async def _may_see(visit: Visit, patient: str) -> bool:
    """Whether the user may see this patient; the look is in the trail like any other."""
    if not _ID.fullmatch(patient):
        return False
    try:
        await visit.services.gate.read(visit.actor(), "Patient", patient, origin=visit.origin)
    except HubError as error:
        if error.category is not Category.NOT_FOUND:
            raise
        return False
    return True


def _chooses(visit: Visit, asked: AppRequest) -> bool:
    return asked.asks_for_patient and not asked.is_launched and visit.signed_in.account.patient is None


def _page(
    visit: Visit,
    asked: AppRequest,
    status: int = 200,
    *,
    wanted: dict[str, str] | None = None,
    problem: str = "",
    found: list[Found] | None = None,
    notes: tuple[str, ...] = (),
) -> Response:
    return visit.render(
        "authorize.html",
        status,
        app=asked.client,
        owner=visit.services.directory.name(asked.client.organization) or "",
        wishes=wishes(asked.scopes, visit.say),
        chooses=_chooses(visit, asked),
        address=_address(visit),
        destination=policy_source(asked.redirect_uri),
        asked=wanted or dict.fromkeys(FIELDS, ""),
        problem=problem,
        found=found,
        notes=notes,
    )


def wishes(scopes: tuple[str, ...], say: Texts) -> list[str]:
    """What scopes mean, a line for each; one without words is shown as it is, so that nothing is granted unseen."""
    lines: list[str] = []
    for scope in scopes:
        wanted = resources(scope)
        lines.append(say.code("scope", scope, scope) if wanted is None else _line(wanted, say))
    return lines


def _line(wanted: Resources, say: Texts) -> str:
    does = "app_reads" if wanted.letters <= set("rs") else "app_writes"
    what = say("app_all_types") if wanted.type == "*" else say.code("type", wanted.type, wanted.type)
    if wanted.arguments:
        what = f"{what} ({' & '.join(map(str, wanted.arguments))})"
    return say(does, what=what, whose=say("app_of_patient" if wanted.context == "patient" else "app_of_all"))


def _address(visit: Visit) -> str:
    """This request again."""
    pairs = [(name, value) for name, value in visit.request.query_params.multi_items() if name != "lang"]
    return f"{ADDRESS}?{urlencode(pairs)}"


def _onward(location: str) -> Response:
    """To the application; 303 so that no form is sent along (RFC 9700 section 4.12)."""
    return RedirectResponse(location, 303, headers=dict(security.HEADERS))
