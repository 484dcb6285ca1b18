"""The record page of a person, its print sheet, and breaking the glass for it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Final

from starlette.responses import Response

from hub.auth.actor import Actor
from hub.auth.oauth.redirects import policy_source
from hub.auth.sessions import EMERGENCY, EMERGENCY_ROLES
from hub.kernel.errors import Category, HubError
from hub.portal import security
from hub.portal.banner import banner_of
from hub.portal.chart import chart
from hub.portal.elements import text
from hub.portal.entry import KINDS, Reading
from hub.portal.moments import parsed_date
from hub.portal.naming import in_language
from hub.portal.record import record_of
from hub.portal.summary import recent, summary_of
from hub.portal.timeline import entries_of, timeline
from hub.portal.trends import trends_of
from hub.portal.visit import Visit, see_other

#: FHIR R4 datatypes.html#id.
_ID: Final = re.compile(r"[A-Za-z0-9.-]{1,64}")
#: What the gate answers when nothing may be shown, but may be in an emergency.
_POSSIBLE: Final = "break-glass-possible"


async def own(visit: Visit) -> Response:
    """To the record of the patient the account is for: the person's, where the patient index has one."""
    patient = visit.signed_in.account.patient
    if patient is None:
        raise HubError(Category.FORBIDDEN, "this account is for no patient", where="account")
    try:
        released = await visit.services.gate.read(visit.actor(), "Patient", patient, origin=visit.origin)
    except HubError as error:
        if error.category is not Category.NOT_FOUND:
            raise
        return see_other(f"/record/{patient}")
    persons = await visit.services.persons.of([released])
    return see_other(f"/record/{persons.get(patient, patient)}")


async def show(visit: Visit) -> Response:
    """The record page, or the offer of emergency access where the gate makes one."""
    person = _person(visit)
    try:
        values = await _read(visit, person)
    except HubError as error:
        return _refused(visit, person, error)
    kind = visit.request.query_params.get("kind", "")
    number = visit.request.query_params.get("page", "1")
    shown = timeline(
        values["entries"], kind if kind in KINDS else "", int(number) if re.fullmatch(r"[0-9]{1,4}", number) else 1
    )
    apps = await visit.services.launches.offered(visit.signed_in.account)
    response = visit.render("record.html", timeline=shown, kinds=KINDS, problem="", apps=apps, **values)
    if apps:
        origins = " ".join(dict.fromkeys(policy_source(app.launch_uri) for app in apps))
        response.headers["content-security-policy"] = security.policy(form_action=origins)
    return response


async def sheet(visit: Visit) -> Response:
    """One page to print: the summary of a record."""
    person = _person(visit)
    try:
        values = await _read(visit, person)
    except HubError as error:
        return _refused(visit, person, error)
    return visit.render(
        "sheet.html",
        visits=recent(values["entries"], ("visit", "followup"), 6),
        laboratory=recent(values["entries"], ("laboratory",), 6),
        now=visit.services.clock(),
        **values,
    )


async def declare(visit: Visit) -> Response:
    """Break the glass for this person; from then on the page is asked for under that declaration."""
    person, reason = _person(visit), visit.form.get("reason", "")
    if not reason.strip():
        return visit.render("refused.html", 422, person=person, possible=True, problem="emergency_needs_reason")
    await visit.services.sessions.declare(visit.signed_in, person, reason[:500])
    await visit.services.sign_ins.glass(visit.actor(), person, "declared", origin=visit.origin)
    visit.services.log.event("glass-broken", role=visit.actor().role, organization=visit.actor().organization)
    return see_other(f"/record/{person}")


async def open_app(visit: Visit) -> Response:
    """Open an application for this person (SMART App Launch 2.2, EHR launch)."""
    person = _person(visit)
    await visit.services.gate.read(visit.actor(person), "Patient", person, origin=visit.origin)
    account = visit.signed_in.account
    client, address = await visit.services.launches.open(account, visit.form.get("client", ""), person)
    await visit.services.sign_ins.launched(visit.actor(), person, client.id, origin=visit.origin)
    return see_other(address)


async def back(visit: Visit) -> Response:
    """A declaration asked for again, as by a reload or another language: the record, where it can be made."""
    return see_other(f"/record/{_person(visit)}")


async def withdraw(visit: Visit) -> Response:
    """End the declaration before its time."""
    session = visit.signed_in
    await visit.services.sessions.withdraw(session)
    if session.emergency is not None:
        person = session.emergency.patient
        await visit.services.sign_ins.glass(visit.actor(), person, "withdrawn", origin=visit.origin)
    return see_other("/find")


def _person(visit: Visit) -> str:
    _ = visit.signed_in
    person = str(visit.request.path_params["person"])
    if not _ID.fullmatch(person):
        raise HubError(Category.NOT_FOUND, "no such page", where="URL")
    return person


async def _read(visit: Visit, person: str) -> dict[str, Any]:
    """All that the pages of a record show."""
    session = visit.signed_in
    services = visit.services
    released = await record_of(services.gate, await _seconded(visit, person), person, visit.origin)
    record = await in_language(released, services.names, visit.say.language)
    reading = Reading(record, visit.say, services.directory, services.viewers)
    born = parsed_date(text(record.patient, "birthDate"))
    trends = trends_of(record.items, born, visit.today, visit.say)
    emergency = session.emergency if session.emergency_for(person) else None
    return {
        "person": person,
        "banner": banner_of(reading, visit.today),
        "entries": entries_of(reading),
        "summary": summary_of(reading),
        "trends": [(trend, chart(trend)) for trend in trends],
        "reading": reading,
        "cut": record.cut,
        "emergency": emergency,
        "emergency_ends": emergency.at + EMERGENCY if emergency else None,
        "may_declare": _may_declare(visit),
    }


async def _seconded(visit: Visit, person: str) -> Actor:
    """Who asks, with the approval a second person has given for this patient, if one may still hold."""
    actor = visit.actor(person)
    if actor.role not in EMERGENCY_ROLES:
        return actor
    return replace(actor, co_approval=await visit.services.law.seconds.standing(actor, person))


def _refused(visit: Visit, person: str, error: HubError) -> Response:
    """The page of a record of which nothing may be shown; a refusal that is about something else goes on."""
    if error.category is not Category.FORBIDDEN or not error.code.startswith("break-glass"):
        raise error
    possible = error.code == _POSSIBLE and _may_declare(visit)
    return visit.render("refused.html", 403, person=person, possible=possible, problem="")


def _may_declare(visit: Visit) -> bool:
    return visit.signed_in.account.role in EMERGENCY_ROLES
