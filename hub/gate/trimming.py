"""What a permitted resource repeats of a hidden one is left out: displays of references, and the narrative. Pure.

A reference itself stays: ids tell nothing, and one to something hidden looks like one to something that is not there.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any, Final

from consent.tables import NON_PATIENT_TYPES
from hub.fhir.json import dumps, loads
from hub.fhir.references import parse_reference, references
from hub.kernel.types import Json
from hub.store.resource_types import NUMBERS

#: (type, id).
Pointer = tuple[str, str]

#: Bodies are compact JSON (hub.fhir.json.dumps), so a look at the bytes tells where a resource points.
_POINTERS: Final = re.compile(rb'"reference":"([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/[^"]*)?"')
#: What a Reference says of its target besides where it is.
_TOLD: Final = ("display", "identifier")


def pointers(body: bytes) -> set[Pointer]:
    """Resources about patients that a body refers to on this server."""
    found = ((kind.decode(), rid.decode()) for kind, rid in set(_POINTERS.findall(body)))
    return {(kind, rid) for kind, rid in found if kind in NUMBERS and kind not in NON_PATIENT_TYPES}


def trimmed(body: bytes, hidden: Collection[Pointer]) -> bytes:
    """`body` without what it tells of `hidden` resources: the same bytes if it points to none of them."""
    if pointers(body).isdisjoint(hidden):
        return body
    resource: Json = loads(body)
    if any(_points_to(text, hidden) for text in references(resource)):
        # Nobody can tell which of its words came from what is hidden.
        resource.pop("text", None)
    _clear(resource, hidden)
    return dumps(resource)


def _clear(value: Any, hidden: Collection[Pointer]) -> None:
    if isinstance(value, list):
        for item in value:
            _clear(item, hidden)
    elif isinstance(value, dict):
        if _points_to(value.get("reference"), hidden):
            for name in _TOLD:
                value.pop(name, None)
                value.pop(f"_{name}", None)
        for item in value.values():
            _clear(item, hidden)


def _points_to(text: Any, hidden: Collection[Pointer]) -> bool:
    target = parse_reference(text) if isinstance(text, str) else None
    return target is not None and (target.type, target.id) in hidden
