"""What judges and indexes resources, compiled before the first of its type is met.

Each process would else do so in the middle of somebody's request: some milliseconds a type, for as long as it lives.
"""

from __future__ import annotations

from collections.abc import Iterable

from hub.fhir.extract import extractor_of
from hub.fhir.references import named_by_uri
from hub.fhir.structure import PRIMITIVES
from hub.fhir.validate import type_check


def prepare(types: Iterable[str]) -> None:
    """Compile the checks and the index of some resource types, and of all they are made of."""
    named_by_uri()
    found: set[str] = set()
    todo = list(types)
    for rtype in todo:
        extractor_of(rtype)
    while todo:
        name = todo.pop()
        if name not in found and name not in PRIMITIVES:
            found.add(name)
            check = type_check(name)
            check.compile()
            todo += [ref.name for element in check.elements.values() for _, ref in element.properties()]
