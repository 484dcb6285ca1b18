"""A message as it is sent: its header and the resources beside it. https://hl7.org/fhir/R4/messaging.html"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from hub.api.fhir.entries import raw_entries, where_of
from hub.fhir.temporal import interval
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)
#: Path of the code system of the hub's events, below the canonical base.
EVENTS: Final = "CodeSystem/message-event"


class Carried(NamedTuple):
    """A resource of a message; `where` is its place."""

    where: str
    full_url: str
    resource: Json

    @property
    def type(self) -> str:
        return str(self.resource["resourceType"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """`id` is that of the header: an answer names it. `endpoint` is where it says that it comes from, `made` when it
    was made (an instant with its offset), "" if it does not say."""

    id: str
    event: str
    endpoint: str
    header: Json
    carried: tuple[Carried, ...]
    made: str = ""

    def of(self, rtype: str) -> list[Carried]:
        """Its resources of one type."""
        return [each for each in self.carried if each.type == rtype]


def read_message(bundle: Any, events: str) -> Message:
    """Read a Bundle of type message; `events` is the code system of events.

    Raises HubError UNREADABLE (400) for what is no message, or names no event of that system.
    """
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle" or bundle.get("type") != "message":
        raise _unreadable("is not a Bundle of type message", "body")
    carried = tuple(_carried(index, raw) for index, raw in enumerate(raw_entries(bundle)))
    if not carried or carried[0].type != "MessageHeader":
        raise _unreadable("is not a MessageHeader", where_of(0))
    header, source, event = carried[0].resource, carried[0].resource.get("source"), _event(carried[0].resource, events)
    endpoint = source.get("endpoint") if isinstance(source, dict) else None
    if not all(isinstance(told, str) and told for told in (header.get("id"), endpoint)):
        raise _unreadable("has no id, or no source.endpoint", f"{where_of(0)}.resource")
    made = _made(bundle.get("timestamp"))
    return Message(id=header["id"], event=event, endpoint=str(endpoint), header=header, carried=carried[1:], made=made)


def _made(stated: Any) -> str:
    if stated is None:
        return ""
    if not isinstance(stated, str) or not _INSTANT.fullmatch(stated):
        raise _unreadable("is no instant with its offset", "Bundle.timestamp")
    try:
        interval(stated)
    except HubError:
        raise _unreadable("is no instant with its offset", "Bundle.timestamp") from None
    return stated


def _event(header: Json, events: str) -> str:
    coding = header.get("eventCoding")
    if isinstance(coding, dict) and coding.get("system") == events and isinstance(coding.get("code"), str):
        return str(coding["code"])
    raise _unreadable(f"is no coding of {events}", f"{where_of(0)}.resource.eventCoding")


def _carried(index: int, raw: Any) -> Carried:
    resource = raw.get("resource") if isinstance(raw, dict) else None
    if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
        raise _unreadable("has no resource", where_of(index))
    full_url = raw.get("fullUrl", "")
    if not isinstance(full_url, str):
        raise _unreadable("is not a text", f"{where_of(index)}.fullUrl")
    return Carried(where_of(index), full_url, resource)


def _unreadable(what: str, where: str) -> HubError:
    return HubError(Category.UNREADABLE, what, where=where, todo="send a message as R4 has it", code="message")
