"""My consents: what stands, how it was given, taking it back; and what is asked of me."""

from __future__ import annotations

import re
from typing import Final

from starlette.responses import Response

from hub.auth.actor import Actor
from hub.fhir.temporal import interval
from hub.gate.previews import Preview
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.portal.moments import minute
from hub.portal.outlook import Line, outlook
from hub.portal.said import Said, said
from hub.portal.visit import Visit, see_other
from hub.records.consent_templates import from_template

_ID: Final = re.compile(r"[A-Za-z0-9.-]{1,64}")
HOME: Final = "/consents"


def personal(visit: Visit) -> Actor:
    """The patient or proxy who is signed in. Raises HubError FORBIDDEN for anybody else."""
    actor = visit.actor()
    if actor.role not in ("patient", "proxy"):
        raise HubError(Category.FORBIDDEN, "this account is for no patient", where="account")
    return actor


def named(visit: Visit) -> str:
    """The id in the address. Raises HubError NOT_FOUND for one that is none."""
    found = str(visit.request.path_params["id"])
    if not _ID.fullmatch(found):
        raise HubError(Category.NOT_FOUND, "no such page", where="URL")
    return found


def told(visit: Visit, consents: list[Json]) -> list[Said]:
    """Consents in the words of the visit."""
    return [said(one, visit.say, visit.services.directory.name, visit.services.clock()) for one in consents]


async def lines_of(visit: Visit, preview: Preview) -> list[Line]:
    """A preview in the words of the visit."""
    names = await visit.services.accounts.names()
    return outlook(
        preview, visit.say, visit.services.directory.name, lambda who: names.get(who.removeprefix("Practitioner/"))
    )


async def mine(visit: Visit) -> Response:
    """What stands, newest first, and what waits for an answer."""
    actor, law = personal(visit), visit.services.law
    consents = told(visit, await law.reads.mine(actor, origin=visit.origin))
    consents.sort(key=lambda one: (one.state == "active", one.since), reverse=True)
    waiting = [one for one in await law.requests.listed(actor, origin=visit.origin) if one["status"] == "open"]
    notices = [one for one in await law.board.listed(actor, origin=visit.origin) if one.get("seen") is False]
    names = await visit.services.accounts.names()
    asked = [request_words(visit, one, names) for one in waiting]
    return visit.render("consents.html", consents=consents, requests=asked, unseen=len(notices))


async def one(visit: Visit) -> Response:
    """Every version of one, with how it was given."""
    found = await visit.services.law.reads.history(personal(visit), named(visit), origin=visit.origin)
    return visit.render("consent_one.html", versions=told(visit, found))


async def ask_withdraw(visit: Visit) -> Response:
    """Who could see what if it were taken back."""
    actor, rid, law = personal(visit), named(visit), visit.services.law
    consent = await law.reads.read(actor, rid, origin=visit.origin)
    preview = await visit.services.gate.preview(actor, None, replaces=rid, origin=visit.origin)
    (words,) = told(visit, [consent])
    lines = await lines_of(visit, preview)
    return visit.render("consent_withdraw.html", one=words, lines=lines, whole=preview.whole)


async def withdraw(visit: Visit) -> Response:
    """Take it back; it holds no longer from the next request on."""
    await visit.services.law.consents.withdraw(personal(visit), named(visit), origin=visit.origin)
    return see_other(HOME)


def request_words(visit: Visit, request: Json, names: dict[str, str]) -> Json:
    """A request for consent as a page shows it."""
    naming = visit.services.directory.name
    made = from_template(request["asks"], visit.services.clock(), naming)
    words = said(_as_consent(request, made), visit.say, naming, visit.services.clock())
    by = request["by"].removeprefix("Practitioner/")
    return {
        "id": request["id"],
        "who": names.get(by, ""),
        "facility": naming(request["organization"]) or request["organization"],
        "sentence": words.sentence,
        "reason": request["reason"],
        "at": minute(interval(request["recorded"])[0]),
        "status": request["status"],
        "patient": request["patient"],
    }


def _as_consent(request: Json, made: Json) -> Json:
    """The consent that agreeing would make, as far as its words go."""
    return {
        **made,
        "id": request["id"],
        "meta": {"versionId": "1"},
        "status": "active",
        "dateTime": request["recorded"],
        "performer": [{"reference": "Patient/"}],
    }


async def show_request(visit: Visit) -> Response:
    """One request, and who could see what if it were agreed to."""
    actor, law = personal(visit), visit.services.law
    request = await _request(visit, actor)
    draft = await law.consents.draft(actor, request["asks"])
    preview = await visit.services.gate.preview(actor, draft, origin=visit.origin)
    words = request_words(visit, request, await visit.services.accounts.names())
    lines = await lines_of(visit, preview)
    return visit.render("consent_request.html", request=words, lines=lines, whole=preview.whole)


async def answer(visit: Visit) -> Response:
    """Agree or refuse. One that was answered already, or too late, is simply no longer there."""
    agree = visit.form.get("answer") == "yes"
    try:
        await visit.services.law.requests.answer(personal(visit), named(visit), agree=agree, origin=visit.origin)
    except HubError as error:
        if error.category is not Category.CONFLICT:
            raise
    return see_other(HOME)


async def _request(visit: Visit, actor: Actor) -> Json:
    wanted = named(visit)
    for one in await visit.services.law.requests.listed(actor, origin=visit.origin):
        if one["id"] == wanted and one["status"] == "open":
            return one
    raise HubError(Category.NOT_FOUND, "no such request to you", where="URL")
