"""Saying something new, or something else in place of what was said: choose, fill in, look, confirm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from hub.auth.actor import Actor
from hub.fhir.json import loads
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.portal.elements import reference
from hub.portal.pages.consents import HOME, lines_of, personal, told
from hub.portal.visit import Visit, see_other
from hub.records.consent_templates import TEMPLATES, Template, from_template, template_of
from hub.records.consent_vocabulary import CATEGORIES

#: Values a form can ask for; templates that need others are for programs.
_ASKABLE: Final = frozenset({"organization", "practitioner", "hours", "until", "categories"})
_CHECKED: Final = "category_"
#: Choices of hours: a visit, a day, three days, a week, a month.
HOURS: Final = (4, 24, 72, 168, 720)
#: Refusals that are told on the form itself.
_PROBLEMS: Final[Mapping[str, str]] = {
    "not-entitled": "consent_not_entitled",
    "self-grant": "consent_self_grant",
    "template-value": "consent_value_wrong",
    "unknown-organization": "consent_value_wrong",
}


async def choose(visit: Visit) -> Response:
    """The templates a form can fill."""
    personal(visit)
    replaces = visit.request.query_params.get("replaces", "")
    offered = [(one, _title(one, visit)) for one in _offered()]
    groups = {name: [pair for pair in offered if _group(pair[0]) == name] for name in ("share", "hide", "rest")}
    return visit.render("consent_choose.html", groups=groups, replaces=replaces)


async def fill(visit: Visit) -> Response:
    """The form of one template."""
    actor, template = personal(visit), _template(visit.request.path_params["template"])
    replaces = visit.request.query_params.get("replaces", "") or await _standing(visit, actor, template)
    return await _form(visit, actor, template, {}, replaces, "")


async def again(visit: Visit) -> Response:
    """The look asked for again, as by a reload or in another language: what was said went with the form."""
    personal(visit)
    return see_other("/consents/new")


async def look(visit: Visit) -> Response:
    """Who could see what if this were said; and the button that says it."""
    actor, template, replaces = personal(visit), _template(visit.form.get("template", "")), _replaces(visit)
    asked = _asked(visit, template)
    try:
        draft = await visit.services.law.consents.draft(actor, asked)
    except HubError as error:
        return await _refused(visit, actor, template, replaces, error)
    if replaces:
        await visit.services.law.reads.read(actor, replaces, origin=visit.origin)
    preview = await visit.services.gate.preview(actor, draft, replaces=replaces or None, origin=visit.origin)
    lines = await lines_of(visit, preview)
    fields = {name: value for name, value in visit.form.items() if name != "form_token"}
    sentence = _sentence(visit, asked)
    return visit.render("consent_look.html", sentence=sentence, lines=lines, whole=preview.whole, fields=fields)


async def confirm(visit: Visit) -> Response:
    """Say it."""
    actor, template, replaces = personal(visit), _template(visit.form.get("template", "")), _replaces(visit)
    asked, consents = _asked(visit, template), visit.services.law.consents
    try:
        if replaces:
            await consents.replace(actor, replaces, asked, origin=visit.origin)
        else:
            await consents.grant(actor, asked, origin=visit.origin)
    except HubError as error:
        return await _refused(visit, actor, template, replaces, error)
    return see_other(HOME)


async def _form(
    visit: Visit, actor: Actor, template: Template, given: Json, replaces: str, problem: str, status: int = 200
) -> Response:
    takes = set(template.takes)
    directory = visit.services.directory
    values: dict[str, Any] = {
        "facilities": [(code, directory.name(code)) for code in directory.codes] if "organization" in takes else [],
        "categories": [(name, kind.words[visit.say.column]) for name, kind in CATEGORIES.items()]
        if "categories" in takes
        else [],
        "hours": HOURS if "hours" in takes else (),
        "until": "until" in takes,
        "doctors": await _doctors(visit, actor) if "practitioner" in takes else [],
    }
    return visit.render(
        "consent_fill.html",
        status,
        form=template,
        title=_title(template, visit),
        given=given,
        replaces=replaces,
        problem=problem,
        **values,
    )


async def _refused(visit: Visit, actor: Actor, template: Template, replaces: str, error: HubError) -> Response:
    if error.code not in _PROBLEMS:
        raise error
    return await _form(visit, actor, template, dict(visit.form), replaces, _PROBLEMS[error.code], 422)


async def _doctors(visit: Visit, actor: Actor) -> list[tuple[str, str]]:
    """The family doctors of the person, by id and name, as their contracts name them."""
    page = await visit.services.gate.search(actor, "EpisodeOfCare", [("status", "active")], origin=visit.origin)
    names = await visit.services.accounts.names()
    managers = [loads(one.body).get("careManager", {}) for one in page.matches]
    ids = {reference(one).removeprefix("Practitioner/"): str(one.get("display", "")) for one in managers}
    return [(rid, names.get(rid) or display or rid) for rid, display in ids.items() if rid]


async def _standing(visit: Visit, actor: Actor, template: Template) -> str:
    """The consent of the same topic that stands: what is said now takes its place."""
    if not template.topic:
        return ""
    for one in await visit.services.law.reads.mine(actor, origin=visit.origin):
        made = template_of(one)
        if one["status"] == "active" and made is not None and made.topic == template.topic:
            return str(one["id"])
    return ""


def _offered() -> list[Template]:
    return [one for one in TEMPLATES.values() if _ASKABLE.issuperset(one.takes)]


def _group(template: Template) -> str:
    if template.topic == "general" or template.name.startswith(("show", "glucose", "prescriptions")):
        return "share"
    return "rest" if template.topic else "hide"


def _template(name: str) -> Template:
    found = TEMPLATES.get(name)
    if found is None or not _ASKABLE.issuperset(found.takes):
        raise HubError(Category.NOT_FOUND, "no such page", where="URL")
    return found


def _title(template: Template, visit: Visit) -> str:
    """The sentence of a template with its places still open."""
    words = (template.chinese, template.english)[visit.say.column]
    fixed = [CATEGORIES[name].words[visit.say.column] for name in template.fixed.get("categories", ())]
    what = visit.say("list_comma").join(fixed) or visit.say("place_what")
    return words.format(
        whom=visit.say("place_whom"), what=what, ends=visit.say("place_ends"), until=visit.say("place_until")
    )


def _asked(visit: Visit, template: Template) -> Json:
    """What the form says, as the consent door takes it; what it leaves open is left out."""
    form = visit.form
    asked: Json = {"template": template.name}
    asked |= {name: form[name] for name in ("organization", "practitioner", "until") if form.get(name)}
    categories = [name for name in CATEGORIES if form.get(f"{_CHECKED}{name}")]
    if categories:
        asked["categories"] = categories
    if form.get("hours", "").isdigit():
        asked["hours"] = int(form["hours"][:5])
    return {name: value for name, value in asked.items() if name in {"template", *template.takes}}


def _sentence(visit: Visit, asked: Json) -> str:
    made = from_template(asked, visit.services.clock(), visit.services.directory.name)
    shown = {
        **made,
        "id": "new",
        "meta": {"versionId": "1"},
        "status": "active",
        "dateTime": visit.services.clock().isoformat(timespec="seconds"),
        "performer": [{"reference": "Patient/"}],
    }
    return told(visit, [shown])[0].sentence


def _replaces(visit: Visit) -> str:
    return visit.form.get("replaces", "")[:64]
