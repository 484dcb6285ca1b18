"""Notification Bundles: type history, the status as Parameters first, then what the payload may hold. Pure.

Backport 1.1.0: profiles backport-subscription-notification-r4 and backport-subscription-status-r4, payloads.html.
Numbers of events are strings there. Bodies are copied as they left the gate.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from hub.fhir.json import dumps
from hub.gate.released import Released
from hub.kernel.types import Json

_PROFILES: Final = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/"
_STATUS: Final = _PROFILES + "backport-subscription-status-r4"
_NOTIFICATION: Final = _PROFILES + "backport-subscription-notification-r4"
_ERRORS: Final = "http://terminology.hl7.org/CodeSystem/subscription-error"
#: Our codes of failures in the terminology's, where that is not `error-response`.
_NEAREST: Final = {
    "receiver-address": "dns-resolution-error",
    "receiver-away": "no-response",
    "receiver-broke-off": "no-response",
    "receiver-timeout": "no-response",
}
_METHODS: Final = {"created": "POST", "updated": "PUT", "deleted": "DELETE"}

HANDSHAKE: Final = "handshake"
HEARTBEAT: Final = "heartbeat"
EVENTS: Final = "event-notification"
QUERY_STATUS: Final = "query-status"
QUERY_EVENT: Final = "query-event"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a notification says of its subscription. `counter` is the number of the last event that was told."""

    id: str
    topic: str
    status: str
    counter: int
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One numbered event. `released` None: its focus is not the owner's to see any more, so the number stands alone."""

    number: int
    happened: datetime
    outcome: str
    released: Released | None


def status(
    standing: Standing, kind: str, base_url: str, *, content: str = "id-only", events: Sequence[Told] = ()
) -> Json:
    """The status as Parameters."""
    rows: list[Json] = [
        {"name": "subscription", "valueReference": {"reference": f"{base_url}/Subscription/{standing.id}"}},
        # "SHOULD NOT be present when using empty payloads"
        *([{"name": "topic", "valueCanonical": standing.topic}] if content != "empty" else []),
        {"name": "status", "valueCode": standing.status},
        {"name": "type", "valueCode": kind},
        {"name": "events-since-subscription-start", "valueString": str(standing.counter)},
        *(_event(told, content, base_url) for told in events),
    ]
    if standing.error:
        concept = {"coding": [{"system": _ERRORS, "code": _error(standing.error)}], "text": standing.error}
        rows.append({"name": "error", "valueCodeableConcept": concept})
    return {"resourceType": "Parameters", "meta": {"profile": [_STATUS]}, "parameter": rows}


def notification(
    standing: Standing, kind: str, base_url: str, now: datetime, *, content: str, events: Sequence[Told] = ()
) -> bytes:
    """A notification as ready JSON; its ids follow from what it says, so a repetition is told as what it is."""
    told = status(standing, kind, base_url, content=content, events=events)
    span = f"{events[0].number}-{events[-1].number}" if events else str(standing.counter)
    told["id"] = str(uuid5(NAMESPACE_URL, f"{base_url}/Subscription/{standing.id}/{kind}/{span}"))
    head = {
        "resourceType": "Bundle",
        "id": told["id"],
        "meta": {"profile": [_NOTIFICATION]},
        "type": "history",
        "timestamp": instant(now),
    }
    first = {
        "fullUrl": f"urn:uuid:{told['id']}",
        "resource": told,
        "request": {"method": "GET", "url": f"{base_url}/Subscription/{standing.id}/$status"},
        "response": {"status": "200"},
    }
    bodies = _entries(events, base_url) if content == "full-resource" else ()
    return dumps(head)[:-1] + b',"entry":[' + b",".join([dumps(first), *bodies]) + b"]}"


def instant(moment: datetime) -> str:
    """A FHIR instant in UTC with milliseconds."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _event(told: Told, content: str, base_url: str) -> Json:
    parts: list[Json] = [
        {"name": "event-number", "valueString": str(told.number)},
        {"name": "timestamp", "valueInstant": instant(told.happened)},
    ]
    if told.released is not None and content != "empty":
        reference = f"{base_url}/{told.released.type}/{told.released.id}"
        parts.append({"name": "focus", "valueReference": {"reference": reference}})
    return {"name": "notification-event", "part": parts}


def _entries(events: Iterable[Told], base_url: str) -> list[bytes]:
    """Each focus once, as it stands now: two entries with one fullUrl would break bdl-7."""
    last = {(t.released.type, t.released.id): t for t in events if t.released is not None}
    return [_entry(told.released, told.outcome, base_url) for told in last.values() if told.released is not None]


def _entry(released: Released, outcome: str, base_url: str) -> bytes:
    url = f"{released.type}/{released.id}"
    method = "DELETE" if released.deleted else _METHODS[outcome] if outcome != "deleted" else "PUT"
    parts = [b'"fullUrl":' + dumps(f"{base_url}/{url}")]
    if not released.deleted:
        parts.append(b'"resource":' + released.body)
    parts.append(b'"request":' + dumps({"method": method, "url": released.type if method == "POST" else url}))
    parts.append(b'"response":' + dumps({"status": {"POST": "201", "PUT": "200", "DELETE": "204"}[method]}))
    return b"{" + b",".join(parts) + b"}"


def _error(code: str) -> str:
    return _NEAREST.get(code, "error-response")
