"""What clinicians ask of others: a patient for a consent, a colleague for a second approval."""

from __future__ import annotations

import re
from typing import Any, Final

from starlette.responses import Response

from hub.auth.actor import Actor
from hub.fhir.temporal import interval
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.portal.moments import minute
from hub.portal.pages.consent_wizard import HOURS
from hub.portal.pages.consents import named, request_words
from hub.portal.visit import Visit, see_other
from hub.records.consent_vocabulary import CATEGORIES

_ID: Final = re.compile(r"[A-Za-z0-9.-]{1,64}")
CLINICAL: Final = ("clinician", "family-doctor")
ASK: Final = "/ask"
SECOND: Final = "/second"


async def ask(visit: Visit) -> Response:
    """The form, and what was asked before."""
    return await _ask_page(visit, 200, "", _given(visit.request.query_params.get("patient", "")))


async def send(visit: Visit) -> Response:
    """Ask. Whether there is such a patient is not told."""
    form, actor = visit.form, _clinician(visit)
    asked: Json = {"patient": form.get("patient", ""), "reason": form.get("reason", "")}
    hours = int(form["hours"][:5]) if form.get("hours", "").isdigit() else 24
    category = form.get("category", "")
    if category:
        asked |= {"template": "show-for-hours", "categories": [category], "hours": hours}
    else:
        asked |= {"template": "show-all-for-hours", "hours": hours}
    try:
        await visit.services.law.requests.ask(actor, asked, origin=visit.origin)
    except HubError as error:
        if error.category not in (Category.INVALID, Category.TOO_LARGE):
            raise
        problem = "ask_too_many" if error.category is Category.TOO_LARGE else "ask_wrong"
        return await _ask_page(visit, 422, problem, _filled(visit))
    return see_other(ASK)


async def second(visit: Visit) -> Response:
    """Requests of the own legal entity: those to answer, and one's own."""
    return await _second_page(visit, 200, "", _given(visit.request.query_params.get("patient", "")))


async def ask_second(visit: Visit) -> Response:
    """Ask a colleague to approve."""
    asked: Json = {"patient": visit.form.get("patient", ""), "reason": visit.form.get("reason", "")}
    try:
        await visit.services.law.seconds.ask(_clinician(visit), asked, origin=visit.origin)
    except HubError as error:
        if error.category not in (Category.INVALID, Category.TOO_LARGE):
            raise
        problem = "ask_too_many" if error.category is Category.TOO_LARGE else "ask_wrong"
        return await _second_page(visit, 422, problem, _filled(visit))
    return see_other(SECOND)


async def answer_second(visit: Visit) -> Response:
    """Approve a colleague's request, or refuse it."""
    agree = visit.form.get("answer") == "yes"
    try:
        await visit.services.law.seconds.answer(_clinician(visit), named(visit), agree=agree, origin=visit.origin)
    except HubError as error:
        if error.category is not Category.CONFLICT:
            raise
    return see_other(SECOND)


def _clinician(visit: Visit) -> Actor:
    actor = visit.actor()
    if actor.role not in CLINICAL:
        raise HubError(Category.FORBIDDEN, "this account asks nobody", where="account")
    return actor


def _filled(visit: Visit) -> dict[str, str]:
    return {name: visit.form.get(name, "") for name in ("patient", "reason")}


def _given(patient: str) -> dict[str, str]:
    return {"patient": patient if _ID.fullmatch(patient) else "", "reason": ""}


async def _ask_page(visit: Visit, status: int, problem: str, given: dict[str, str]) -> Response:
    actor = _clinician(visit)
    found = await visit.services.law.requests.listed(actor, origin=visit.origin)
    names = await visit.services.accounts.names()
    requests = [{**request_words(visit, one, names), "state": _state(visit, one)} for one in found]
    categories = [(name, kind.words[visit.say.column]) for name, kind in CATEGORIES.items()]
    return visit.render(
        "ask.html", status, requests=requests, problem=problem, given=given, categories=categories, hours=HOURS
    )


async def _second_page(visit: Visit, status: int, problem: str, given: dict[str, str]) -> Response:
    found = await visit.services.law.seconds.listed(_clinician(visit), origin=visit.origin)
    names = await visit.services.accounts.names()
    told = [_second_words(visit, one, names) for one in found]
    waiting = [one for one in told if one["status"] == "open" and not one["own"]]
    mine = [one for one in told if one["own"]]
    return visit.render("second.html", status, waiting=waiting, mine=mine, problem=problem, given=given)


def _state(visit: Visit, one: Json) -> str:
    return visit.say.code("matter", one["status"], one["status"])


def _second_words(visit: Visit, one: Json, names: dict[str, str]) -> dict[str, Any]:
    by = str(one["by"]).removeprefix("Practitioner/")
    second = str(one.get("second", "")).removeprefix("Practitioner/")
    purposes = (visit.say.code("purpose", code, code) for code in one["purpose"])
    return {
        **one,
        "who": names.get(by, by),
        "facility": visit.services.directory.name(one["organization"]) or one["organization"],
        "at": minute(interval(one["recorded"])[0]),
        "approver": names.get(second, second),
        "state": _state(visit, one),
        "purpose": visit.say("comma").join(purposes),
    }
