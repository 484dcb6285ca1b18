"""A message that comes late overwrites nothing that a newer one said: by when it was made, else by its id.

Gateways repeat. What a message writes says in `meta` when the message was made (`recorded-at`) and which it was
(`message-id`); what comes later by the clock of the same senders stands. A message that does not say when it was made
is late where an earlier version came of it. Who changes by hand what a message said may send its stamp along: then it
counts when the change came. Labels that are put on a resource afterwards change nothing that a message said.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from hub.api.fhir.exchange import Ask
from hub.api.fhir.messaging.message import Carried, Message
from hub.api.fhir.messaging.writing import with_resources
from hub.api.services import Services
from hub.fhir.json import loads
from hub.fhir.temporal import interval
from hub.gate.released import Released
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

_MADE: Final = "StructureDefinition/recorded-at"
_NUMBER: Final = "StructureDefinition/message-id"
#: How far a clock of a sender may be ahead of ours: further on, every message behind it would be late.
_SLACK: Final = timedelta(minutes=15)
#: Elements in which a repeated resource may differ and say the same.
_BESIDE: Final = frozenset({"id", "meta", "text"})


def stamped(services: Services, message: Message) -> Message:
    """The message with its time and number in each resource. Raises HubError INVALID for a time that is yet to come."""
    made = _instant(message.made) if message.made else None
    if made is not None and made > services.clock() + _SLACK:
        todo = "set the clock of the sender, and send it anew"
        raise HubError(Category.INVALID, "lies in the future", where="Bundle.timestamp", todo=todo, code="time")
    said = [{"url": f"{services.canonical_base}/{_NUMBER}", "valueString": message.id}]
    if made is not None:
        said.append({"url": f"{services.canonical_base}/{_MADE}", "valueDateTime": message.made})
    return with_resources(message, [_with(each.resource, said) for each in message.carried])


async def is_late(services: Services, ask: Ask, message: Message, standing: Released) -> bool:
    """Whether what stands was said by a newer message than this one."""
    stands = loads(standing.body)
    made = _said(stands, f"{services.canonical_base}/{_MADE}", "valueDateTime")
    if message.made:
        when, here = _instant(message.made), standing.updated - _SLACK
        if made is None:
            return when < here  # what no message said was written by our clock
        return when < _instant(made) or (when < here and await _changed_since(services, ask, standing, when + _SLACK))
    if _said(stands, f"{services.canonical_base}/{_NUMBER}", "valueString") == message.id:
        return False
    return made is not None or await _came_before(services, ask, message, standing)


async def _changed_since(services: Services, ask: Ask, standing: Released, when: datetime) -> bool:
    """Whether what the message said that stamped what stands was changed since, with its stamp kept."""
    page = await services.gate.history(ask.actor, standing.type, standing.id, origin=ask.origin)
    versions = [(each.updated, loads(each.body)) for each in page.matches if each.body]
    return any(
        updated > when and _stamp(services, now) == _stamp(services, before) and _content(now) != _content(before)
        for (updated, now), (_, before) in pairwise(versions)
    )


def _stamp(services: Services, resource: Json) -> tuple[Any, Any]:
    made = _said(resource, f"{services.canonical_base}/{_MADE}", "valueDateTime")
    return made, _said(resource, f"{services.canonical_base}/{_NUMBER}", "valueString")


async def _came_before(services: Services, ask: Ask, message: Message, standing: Released) -> bool:
    """Whether one of the last versions is of this message."""
    page = await services.gate.history(ask.actor, standing.type, standing.id, origin=ask.origin)
    url = f"{services.canonical_base}/{_NUMBER}"
    return any(_said(loads(each.body), url, "valueString") == message.id for each in page.matches if each.body)


def refuse_late(carried: Carried, standing: Released) -> None:
    """Raises HubError CONFLICT (`late`) for a late resource that says something else than what stands."""
    if _content(carried.resource) != _content(loads(standing.body)):
        what, todo = "was said otherwise by a newer message", "leave it, or send a new message with what holds now"
        raise HubError(Category.CONFLICT, what, where=f"{carried.where}.resource", todo=todo, code="late")


def _content(resource: Json) -> Json:
    return {name: value for name, value in resource.items() if name not in _BESIDE}


def _with(resource: Json, said: list[Json]) -> Json:
    stated = resource.get("meta")
    meta = stated if isinstance(stated, dict) else {}
    urls = {each["url"] for each in said}
    others = meta.get("extension")
    kept = [each for each in others if isinstance(each, dict) and each.get("url") not in urls] if others else []
    return {**resource, "meta": {**meta, "extension": [*kept, *said]}}


def _said(resource: Json, url: str, name: str) -> Any:
    stated = resource.get("meta", {}).get("extension", ())
    return next((each.get(name) for each in stated if each.get("url") == url), None)


def _instant(text: str) -> datetime:
    return interval(text)[0]
