"""`/api/consents`: a person's consents, given, replaced, withdrawn and read back by her and those who act for her."""

from __future__ import annotations

from typing import Final

from hub.api.fhir.freshness import expected_version
from hub.api.json_doors import Asking, Door, Told
from hub.gate.gate import Gate
from hub.gate.previews import Preview, Seen
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.records.consent_evidence import signature
from hub.records.consent_reading import ConsentReads
from hub.records.consent_templates import TEMPLATES
from hub.records.consent_vocabulary import CATEGORIES
from hub.records.consents import Consents

PATH: Final = "/api/consents"
_PERSONAL: Final = ("patient", "proxy")
_GIVERS: Final = (*_PERSONAL, "clinician", "family-doctor", "consent-reviewer")


def consent_doors(consents: Consents, reads: ConsentReads, gate: Gate, base_url: str) -> list[Door]:
    """The doors; `base_url` is that of the FHIR API, under which the same consents are found."""

    async def mine(ask: Asking) -> Told:
        found = await reads.mine(ask.actor, origin=ask.origin)
        return Told(body=_bundle("searchset", found, base_url))

    async def grant(ask: Asking) -> Told:
        kept = await consents.grant(ask.actor, ask.body, origin=ask.origin)
        return Told(body=kept, status=201, location=f"{PATH}/{kept['id']}")

    async def read(ask: Asking) -> Told:
        return Told(body=await reads.read(ask.actor, ask.id, origin=ask.origin))

    async def replace(ask: Asking) -> Told:
        expected = expected_version(ask.if_match)
        return Told(body=await consents.replace(ask.actor, ask.id, ask.body, expected=expected, origin=ask.origin))

    async def withdraw(ask: Asking) -> Told:
        refuse = ask.body.get("refuse", False)
        if not isinstance(refuse, bool) or ask.body.keys() - {"refuse"}:
            raise _not_taken('send nothing, or {"refuse": true}')
        return Told(body=await consents.withdraw(ask.actor, ask.id, refuse=refuse, origin=ask.origin))

    async def history(ask: Asking) -> Told:
        found = await reads.history(ask.actor, ask.id, origin=ask.origin)
        return Told(body=_bundle("history", found, base_url))

    async def evidence(ask: Asking) -> Told:
        found = await reads.history(ask.actor, ask.id, origin=ask.origin)
        return Told(body={"versions": [signature(one) for one in found]})

    async def preview(ask: Asking) -> Told:
        said, replaces = ask.body.get("consent"), ask.body.get("replaces")
        if ask.body.keys() - {"consent", "replaces"} or not isinstance(said, dict | None):
            raise _not_taken(
                'send {"consent": ..., "replaces": ID}; without a consent, what it is to take the other away'
            )
        if said is None and replaces is None:
            raise _not_taken('send {"consent": ...}, {"replaces": ID}, or both')
        if replaces is not None:
            # One that is not hers is refused before anything is counted.
            await reads.read(ask.actor, str(replaces), origin=ask.origin)
        draft = None if said is None else await consents.draft(ask.actor, said)
        return Told(body=told_preview(await gate.preview(ask.actor, draft, replaces=replaces, origin=ask.origin)))

    async def templates(_: Asking) -> Told:
        return Told(body={"templates": [_template(name) for name in TEMPLATES], "categories": _CATEGORIES})

    one = PATH + "/{id}"
    return [
        Door(
            method="GET",
            path=PATH,
            summary="The consents of the person the token is bound to",
            roles=_PERSONAL,
            handle=mine,
            gives="Bundle",
        ),
        Door(
            method="POST",
            path=PATH,
            summary="Give a consent; a desk names the patient and sends its evidence",
            roles=_GIVERS,
            handle=grant,
            takes="ConsentOrTemplate",
            gives="Consent",
            status=201,
        ),
        Door(
            method="GET",
            path=PATH + "/templates",
            summary="The templates, in plain words, and the values each takes",
            roles=(),
            handle=templates,
            gives="Templates",
        ),
        Door(
            method="POST",
            path=PATH + "/preview",
            summary="Who could see how much before and after a consent, which is not kept",
            roles=_PERSONAL,
            handle=preview,
            takes="Wish",
            gives="Preview",
        ),
        Door(method="GET", path=one, summary="One consent", roles=_PERSONAL, handle=read, gives="Consent"),
        Door(
            method="PUT",
            path=one,
            summary="Let a consent say something else from now on",
            roles=_PERSONAL,
            handle=replace,
            takes="ConsentOrTemplate",
            gives="Consent",
        ),
        Door(
            method="POST",
            path=one + "/withdraw",
            summary="Let a consent hold no longer, or refuse everything in its place",
            roles=_PERSONAL,
            handle=withdraw,
            takes="Withdrawal",
            body_needed=False,
            gives="Consent",
        ),
        Door(
            method="GET",
            path=one + "/history",
            summary="Every version of a consent, newest first",
            roles=_PERSONAL,
            handle=history,
            gives="Bundle",
        ),
        Door(
            method="GET",
            path=one + "/evidence",
            summary="How each version was given: by whom, when, signed in or on paper, and who saw it",
            roles=_PERSONAL,
            handle=evidence,
            gives="Evidence",
        ),
    ]


def told_preview(preview: Preview) -> Json:
    """A preview as JSON."""
    return {"whole": preview.whole, "audiences": [_seen(one) for one in preview.audiences]}


def _seen(one: Seen) -> Json:
    told = {
        "who": one.who.value,
        "organization": one.organization or None,
        "person": one.person,
        "treats": one.treats,
        "supposed": one.supposed,
        "before": dict(one.before),
        "after": dict(one.after),
    }
    return {name: value for name, value in told.items() if value is not None}


def _not_taken(todo: str) -> HubError:
    return HubError(Category.INVALID, "is not taken here", where="body", todo=todo)


def _bundle(kind: str, found: list[Json], base_url: str) -> Json:
    entries: list[Json] = [{"fullUrl": f"{base_url}/Consent/{one['id']}", "resource": one} for one in found]
    if kind == "history":
        entries = [{**entry, **_interaction(entry["resource"])} for entry in entries]
    return {"resourceType": "Bundle", "type": kind, "total": len(found), **({"entry": entries} if entries else {})}


def _interaction(version: Json) -> Json:
    """What made a version (R4 invariants bdl-3 and bdl-4)."""
    first = version["meta"]["versionId"] == "1"
    method, url = ("POST", "Consent") if first else ("PUT", f"Consent/{version['id']}")
    return {"request": {"method": method, "url": url}, "response": {"status": "201" if first else "200"}}


def _template(name: str) -> Json:
    template = TEMPLATES[name]
    return {
        "template": name,
        "zh": template.chinese,
        "en": template.english,
        "needs": list(template.needs),
        "may": list(template.may),
        "topic": template.topic,
    }


_CATEGORIES: Final[list[Json]] = [
    {"category": name, "zh": kind.words[0], "en": kind.words[1]} for name, kind in CATEGORIES.items()
]
