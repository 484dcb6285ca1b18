"""What a client asks for with a Subscription (R4 subscription.html, profile backport-subscription 1.1.0). Pure.

What the hub would not act on is refused, not kept: a channel, a payload or an extension it does not know.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from hub.events.filters import Filters, read_filters
from hub.events.headers import read_headers
from hub.events.topics import TOPICS, Topic, topic_of
from hub.fhir.temporal import interval
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

_BACKPORT: Final = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/"
FILTER: Final = _BACKPORT + "backport-filter-criteria"
CONTENT: Final = _BACKPORT + "backport-payload-content"
HEARTBEAT: Final = _BACKPORT + "backport-heartbeat-period"
TIMEOUT: Final = _BACKPORT + "backport-timeout"
MAX_COUNT: Final = _BACKPORT + "backport-max-count"

REST_HOOK: Final = "rest-hook"
WEBSOCKET: Final = "websocket"
_CHANNELS: Final = frozenset({REST_HOOK, WEBSOCKET})
_CONTENTS: Final = frozenset({"empty", "id-only", "full-resource"})
_PAYLOADS: Final = frozenset({"application/fhir+json", "application/json"})

#: Seconds: the longest a receiver may take, and what it may take when nobody says; the longest heartbeat period.
LONGEST_TIMEOUT: Final = 60
USUAL_TIMEOUT: Final = 20
LONGEST_HEARTBEAT: Final = 7 * 86_400
#: Events in one notification: at most, and when nobody says.
MOST_EVENTS: Final = 100
USUAL_EVENTS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A Subscription as the hub acts on it. `heartbeat` and `timeout` are seconds, None for no heartbeat.

    `on` is False where the client switches it off. `headers` are those stated, None where none are.
    """

    topic: Topic
    filters: Filters
    channel: str
    endpoint: str
    payload: str
    content: str
    headers: tuple[str, ...] | None
    heartbeat: int | None
    timeout: int
    max_count: int
    ends: datetime | None
    on: bool


def read_wanted(resource: Json, *, canonical_base: str, base_url: str) -> Wanted:
    """Read a Subscription. Raises HubError INVALID or UNSUPPORTED naming the element, never its value."""
    channel = _object(resource, "channel", "Subscription.channel")
    kind, payload = channel.get("type"), channel.get("payload")
    if kind not in _CHANNELS:
        raise _unsupported("Subscription.channel.type", "rest-hook or websocket")
    if payload not in _PAYLOADS:
        raise _unsupported("Subscription.channel.payload", "application/fhir+json")
    given = _extensions(resource.get("_criteria"), {FILTER}, "Subscription.criteria")
    settings = dict(_extensions(channel, {HEARTBEAT, TIMEOUT, MAX_COUNT}, "Subscription.channel"))
    told = dict(_extensions(channel.get("_payload"), {CONTENT}, "Subscription.channel.payload"))
    if "_type" in channel:
        raise _unsupported("Subscription.channel.type.extension", "leave custom channels out")
    if told.get(CONTENT) not in _CONTENTS:
        raise _invalid("Subscription.channel.payload.extension", "state backport-payload-content")
    topic = _topic(resource, canonical_base)
    return Wanted(
        topic=topic,
        filters=read_filters([_text(value) for _, value in given], topic, base_url),
        channel=kind,
        endpoint=_endpoint(channel, kind),
        payload=payload,
        content=told[CONTENT],
        headers=read_headers(channel.get("header"), kind == REST_HOOK),
        heartbeat=_number(settings, HEARTBEAT, LONGEST_HEARTBEAT),
        timeout=_number(settings, TIMEOUT, LONGEST_TIMEOUT) or USUAL_TIMEOUT,
        max_count=_number(settings, MAX_COUNT, MOST_EVENTS) or USUAL_EVENTS,
        ends=_ends(resource.get("end")),
        on=_on(resource.get("status")),
    )


def _topic(resource: Json, canonical_base: str) -> Topic:
    canonical = resource.get("criteria")
    found = topic_of(canonical, canonical_base) if isinstance(canonical, str) else None
    if found is None:
        todo = "use the canonical URL of a topic in the CapabilityStatement: " + ", ".join(sorted(TOPICS))
        raise HubError(
            Category.UNSUPPORTED, "is no topic of this hub", where="Subscription.criteria", todo=todo, code="topic"
        )
    return found


def _endpoint(channel: Json, kind: str) -> str:
    endpoint = channel.get("endpoint", "")
    if not isinstance(endpoint, str) or (kind == REST_HOOK) != bool(endpoint):
        raise _invalid("Subscription.channel.endpoint", "state one for rest-hook, and none for websocket")
    return endpoint


def _extensions(owner: Any, known: set[str], where: str) -> Iterator[tuple[str, Any]]:
    """(URL, value) of each extension."""
    rows = owner.get("extension", []) if isinstance(owner, dict) else []
    for given in rows if isinstance(rows, list) else [None]:
        row = given if isinstance(given, dict) else {}
        values = [row[name] for name in row if name.startswith("value")]
        if len(values) != 1:
            raise _invalid(f"{where}.extension", "state a url and one value")
        if row.get("url") not in known:
            raise _unsupported(f"{where}.extension", "leave out extensions the backport does not define here")
        yield row["url"], values[0]


def _number(settings: Json, url: str, most: int) -> int | None:
    value = settings.get(url)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        name = url.rpartition("/")[2]
        raise _invalid("Subscription.channel.extension", f"state a whole number from 1 to {most} for {name}")
    return value


def _ends(value: Any) -> datetime | None:
    if value is None:
        return None
    try:
        return interval(value)[0] if isinstance(value, str) else _no_instant()
    except HubError:
        raise _invalid("Subscription.end", "state an instant with a zone") from None


def _no_instant() -> datetime:
    raise _invalid("Subscription.end", "state an instant with a zone")


def _on(status: Any) -> bool:
    if status not in {"requested", "active", "off"}:
        raise _invalid("Subscription.status", "ask for requested, or off; the hub says when it is active")
    return bool(status != "off")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _invalid("Subscription.criteria.extension", "state valueString")
    return value


def _object(owner: Json, name: str, where: str) -> Json:
    found = owner.get(name)
    if not isinstance(found, dict):
        raise _invalid(where, "state it")
    return found


def _invalid(where: str, todo: str) -> HubError:
    return HubError(
        Category.INVALID, "is missing or not what it should be", where=where, todo=todo, code="subscription"
    )


def _unsupported(where: str, todo: str) -> HubError:
    return HubError(Category.UNSUPPORTED, "is not supported", where=where, todo=todo, code="subscription")
