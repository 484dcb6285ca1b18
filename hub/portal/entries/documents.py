"""Documents and messages between people."""

from __future__ import annotations

from hub.portal.elements import concept, concepts, objects, text
from hub.portal.entry import Entry, Reading
from hub.portal.record import Item


def document(item: Item, reading: Reading) -> Entry:
    """A DocumentReference or Composition; its file is not opened here."""
    resource = item.resource
    kind = concept(resource.get("type"))
    title = text(resource, "description") or text(resource, "title") or kind
    authors = [reading.named(who) for who in objects(resource, "author")]
    return reading.entry(item, "other", title, kind if kind != title else "", *authors)


def communication(item: Item, reading: Reading) -> Entry:
    """A Communication."""
    resource = item.resource
    said = [text(part, "contentString") for part in objects(resource, "payload")]
    return reading.entry(item, "other", reading.say("comma").join(concepts(resource, "category")), *said)
