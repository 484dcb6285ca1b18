"""Who looked: the audit trail of a record, for the patient it is about."""

from __future__ import annotations

import base64
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final
from urllib.parse import parse_qsl

from starlette.responses import Response

from hub.fhir.json import loads
from hub.fhir.temporal import interval
from hub.gate.asking import PERSONAL
from hub.gate.pages import CURSOR
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.portal.elements import code, codes, human_name, objects, reference, text
from hub.portal.moments import minute
from hub.portal.visit import Visit

#: Events of one page.
PAGE: Final = "50"
_EMERGENCY: Final = frozenset({"ETREAT", "BTG"})
_PRACTITIONER: Final = "Practitioner/"
#: Of http://hl7.org/fhir/restful-interaction.
_OPERATION: Final = "operation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What somebody did within a minute: when, who (name and role) from where, what, why; `own`: the reader did it."""

    at: str
    name: str
    role: str
    facility: str
    did: str
    purpose: str
    emergency: bool
    refused: bool
    own: bool


async def show(visit: Visit) -> Response:
    """One page of the looks, newest first."""
    if visit.signed_in.account.patient is None:
        raise HubError(Category.FORBIDDEN, "this account is for no patient", where="account")
    cursor = visit.request.query_params.get("after", "")
    # Without naming a patient: looks at whatever any facility keeps of the person.
    params = [("_count", PAGE), *([(CURSOR, cursor)] if cursor else [])]
    page = await visit.services.gate.search(visit.actor(), "AuditEvent", params, origin=visit.origin)
    looks = await looks_of(visit, [loads(one.body) for one in page.matches])
    others, own = ([one for one in looks if one[0].own is mine] for mine in (False, True))
    return visit.render("looked.html", others=others, own=own, next=page.next)


async def looks_of(visit: Visit, events: Sequence[Json]) -> list[tuple[Look, int, str]]:
    """The looks with how often each was repeated within its minute, and the id of the newest event of each.

    One request makes an event for every registration of the person, whose ids differ after the dot only.
    """
    names = await names_of(visit, {reference(_user(event).get("who")) for event in events})
    requests = {text(event, "id").partition(".")[0]: event for event in events}
    looks = [(_look(event, names, visit), text(event, "id")) for event in requests.values()]
    groups = [(look, list(same)) for look, same in groupby(looks, key=lambda pair: pair[0])]
    return [(look, len(same), same[0][1]) for look, same in groups]


async def names_of(visit: Visit, who: Collection[str]) -> Mapping[str, str]:
    """The names of the practitioners among these, by reference: as their account or their Practitioner gives them.

    An auditor reads no Practitioner: of those without an account there is no name.
    """
    accounts = await visit.services.accounts.names()
    ids = sorted(one.removeprefix(_PRACTITIONER) for one in who if one.startswith(_PRACTITIONER))
    known = {_PRACTITIONER + rid: accounts[rid] for rid in ids if rid in accounts}
    if visit.actor().role not in PERSONAL:
        return known
    return known | await _practitioners(visit, [rid for rid in ids if rid not in accounts])


async def _practitioners(visit: Visit, ids: Sequence[str]) -> dict[str, str]:
    if not ids:
        return {}
    params = [("_id", ",".join(ids)), ("_count", PAGE)]
    page = await visit.services.gate.search(visit.actor(), "Practitioner", params, origin=visit.origin)
    return {f"{one.type}/{one.id}": human_name(loads(one.body)) for one in page.matches if not one.deleted}


def _look(event: Json, names: Mapping[str, str], visit: Visit) -> Look:
    user, say = _user(event), visit.say
    local = {one.rpartition("|")[0].rpartition("/")[2]: one for part in objects(user, "role") for one in codes(part)}
    facility = local.get("facility", "").rpartition("|")[2]
    purposes = [code(one) for one in objects(event, "purposeOfEvent")]
    return Look(
        at=minute(interval(text(event, "recorded"))[0]),
        name=names.get(reference(user.get("who")), ""),
        role=say.code("role", local.get("role", "").rpartition("|")[2]),
        facility=visit.services.directory.name(facility) or facility,
        did=say.code("deed", deed_of(event)) or say.code("interaction", _subtype(event)),
        purpose=say("comma").join(filter(None, (say.code("purpose", one, one) for one in purposes))),
        emergency=not _EMERGENCY.isdisjoint(purposes),
        refused=text(event, "outcome") not in {"", "0"},
        own=reference(user.get("who")) == visit.actor().reference,
    )


def deed_of(event: Json) -> str:
    """The name of an operation that is no look at the whole record, or of a deed, as the query of the entry begins."""
    if _subtype(event) != _OPERATION:
        return ""
    queries = (base64.b64decode(text(one, "query")).decode() for one in objects(event, "entity") if "query" in one)
    pairs = parse_qsl(next(queries, "").partition("?")[2], keep_blank_values=True)
    return next((name for name, _ in pairs), "")


def _subtype(event: Json) -> str:
    return next((text(one, "code") for one in objects(event, "subtype")), "")


def _user(event: Json) -> Json:
    """The agent who asked."""
    return next((agent for agent in objects(event, "agent") if agent.get("requestor") is True), {})
