"""Names of codes in the reader's language, for what was sent in another.

What a facility wrote in the reader's own script stays as it was written. Elsewhere the terminology's name of the first
code that has one takes its place on the page; without one, what was sent is shown. Nothing of it is stored.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from hub.kernel.ports import Names
from hub.kernel.types import Json
from hub.portal.elements import concept, objects, text
from hub.portal.record import Item, Record

_HAN: Final = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")

_Names = Mapping[tuple[str, str], str]


async def in_language(record: Record, names: Names, language: str) -> Record:
    """The record with its coded concepts named in a language (`zh` or `en`). Raises HubError UNAVAILABLE."""
    asked = {pair for item in record.items for one in _concepts(item.resource) for pair in _foreign(one, language)}
    if not asked:
        return record
    known = await names.displays(sorted(asked), language)
    return replace(record, items=tuple(_named(record.items, known, language))) if known else record


def _named(items: Iterable[Item], known: _Names, language: str) -> Iterator[Item]:
    for item in items:
        for one in _concepts(item.resource):
            name = next((known[pair] for pair in _foreign(one, language) if pair in known), "")
            if name:
                one["text"] = name
        yield item


def _foreign(one: Json, language: str) -> list[tuple[str, str]]:
    """The codes of a concept that is not said in a language."""
    said = concept({**one, "coding": [{"display": text(c, "display")} for c in objects(one, "coding")]})
    if said and bool(_HAN.search(said)) == (language == "zh"):
        return []
    pairs = [(text(c, "system"), text(c, "code")) for c in objects(one, "coding")]
    return [pair for pair in pairs if all(pair)]


def _concepts(value: Any) -> Iterator[Json]:
    """Every CodeableConcept of a resource: what has codings."""
    if isinstance(value, dict):
        if isinstance(value.get("coding"), list):
            yield value
        for inner in value.values():
            yield from _concepts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _concepts(inner)
