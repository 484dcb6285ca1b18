"""The Provenance of a message: what it changed, whose it was, and the inbox entry it came from (R4 provenance.html)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from hub.kernel.ids import IdMaker
from hub.kernel.types import Json

#: `meta.source` of every resource a message wrote: this and the message number.
MESSAGE_SOURCE: Final = "urn:yilian:message:"

_PARTICIPANT: Final = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"


def provenance_id(ids: IdMaker, facility: str, message: int) -> str:
    """The id of the Provenance of a message."""
    return ids(facility, "Provenance", "message", str(message))


def message_source(message: int) -> str:
    """The `meta.source` that leads to inbox entry `message`."""
    return f"{MESSAGE_SOURCE}{message}"


def is_of_message(resource: Json) -> bool:
    """Whether a message spoke last of a resource, not a client."""
    return str(resource.get("meta", {}).get("source", "")).startswith(MESSAGE_SOURCE)


def provenance(
    provenance_id: str,
    message: int,
    facility: str,
    *,
    targets: Iterable[str],
    received_at: datetime,
    event_time: datetime | None,
    stated: Mapping[str, Any],
) -> Json:
    """The Provenance of `message` from `facility` (code) for the versions (`Type/id/_history/1`) it made.

    `stated`: what the message itself says of its origin (`Translation.provenance`); its agents and entities come after
    the facility and the inbox entry.
    """
    resource: Json = {
        "resourceType": "Provenance",
        "id": provenance_id,
        "meta": {"source": message_source(message)},
        "target": [{"reference": target} for target in targets],
    }
    if event_time is not None:
        resource["occurredDateTime"] = event_time.isoformat()
    resource["recorded"] = received_at.isoformat(timespec="milliseconds")
    author = {
        "type": {"coding": [{"system": _PARTICIPANT, "code": "author"}]},
        "who": {"reference": f"Organization/{facility}"},
    }
    raw = {"role": "source", "what": {"identifier": {"system": "urn:ietf:rfc:3986", "value": message_source(message)}}}
    return {
        **resource,
        **stated,
        "agent": [author, *stated.get("agent", ())],
        "entity": [raw, *stated.get("entity", ())],
    }
