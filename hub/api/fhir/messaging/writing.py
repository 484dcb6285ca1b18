"""A message as the transaction that writes it. Sent again it makes nothing twice; the last to come stands. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final
from urllib.parse import quote

from hub.api.fhir.messaging.message import Carried, Message
from hub.fhir.json import dumps, loads
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

_ENTRY: Final = re.compile(r"Bundle\.entry\[(\d+)\]")


def as_transaction(message: Message, organization: str) -> Json:
    """Each resource as an update: under its id where that lies in the id space of the sender (`F05-...`), else by the
    first of its identifiers. Raises HubError INVALID for one that has neither.
    """
    entries = [_entry(each, organization) for each in message.carried]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def _entry(carried: Carried, organization: str) -> Json:
    resource, rid = carried.resource, carried.resource.get("id")
    if isinstance(rid, str) and rid.startswith(f"{organization}-"):
        url = f"{carried.type}/{rid}"
    else:
        resource = {name: value for name, value in resource.items() if name != "id"}
        url = f"{carried.type}?identifier={quote(_identifier(carried), safe=':/')}"
    entry: Json = {"resource": resource, "request": {"method": "PUT", "url": url}}
    return {"fullUrl": carried.full_url, **entry} if carried.full_url else entry


def _identifier(carried: Carried) -> str:
    stated = carried.resource.get("identifier")
    first = stated[0] if isinstance(stated, list) and stated else stated
    told = (first.get("system"), first.get("value")) if isinstance(first, dict) else (None, None)
    if not all(isinstance(part, str) and part for part in told):
        todo = "give it an identifier with system and value, which stays the same when the message is sent again"
        where = f"{carried.where}.resource.identifier"
        raise HubError(Category.INVALID, "does not tell it apart", where=where, todo=todo, code="no-identifier")
    return "|".join(re.sub(r"([\\$,|])", r"\\\1", str(part)) for part in told)


def in_message(outcome: Json) -> Json:
    """What the transaction refused, naming the entries of the message: there the header stands before the others."""
    text = dumps(outcome).decode()
    told: Json = loads(_ENTRY.sub(lambda found: f"Bundle.entry[{int(found[1]) + 1}]", text).encode())
    return told


def with_resources(message: Message, resources: list[Json]) -> Message:
    """The message with other content in its entries."""
    carried = [each._replace(resource=resource) for each, resource in zip(message.carried, resources, strict=True)]
    return replace(message, carried=tuple(carried))
