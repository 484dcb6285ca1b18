"""Editions as resources: the shelf where they are read and searched, and what of an edition stands there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from hub.db.database import Tx
from hub.fhir.subset import SUBSETTED
from hub.kernel.ids import hash128
from hub.kernel.types import Json
from terminology.closure import Closure
from terminology.model import Concept, Source

#: A larger code system stands on the shelf without its concepts: those are asked for one by one, or page by page.
WHOLE: Final = 1_000


class Shelf(Protocol):
    """Where resources stand to be read, in the transaction of whoever makes or forgets their editions."""

    async def put(self, tx: Tx, resource: Json) -> None:
        """Let a resource stand under its id, as a new version where one stood."""
        ...

    async def remove(self, tx: Tx, kind: str, rid: str) -> None:
        """Delete a resource, if it is there."""
        ...


class NoShelf:
    """For a terminology that nobody reads as resources."""

    async def put(self, tx: Tx, resource: Json) -> None:
        """See `Shelf.put`."""

    async def remove(self, tx: Tx, kind: str, rid: str) -> None:
        """See `Shelf.remove`."""


UNSHELVED: Final = NoShelf()


def resource_id(kind: str, url: str, version: str) -> str:
    """The id of what is loaded: the same for the same version wherever it is loaded."""
    return hash128(f"{kind}\n{url}\n{version}").hex


def shelved(source: Source, closure: Closure) -> Json:
    """A code system as it stands on the shelf: whole, or marked as a part (R4 resource.html#Meta, tag SUBSETTED)."""
    head: Json = {**source.head, "count": closure.total}
    if closure.total > WHOLE:
        return subsetted(head)
    held = list(source.concepts())
    concepts = [element_of(one, [held[above].code for above in closure.parents(at)]) for at, one in enumerate(held)]
    return {**head, **({"concept": concepts} if concepts else {})}


def subsetted(head: Json) -> Json:
    """A code system without its concepts, marked so."""
    meta = head.get("meta", {})
    return {**head, "meta": {**meta, "tag": [*meta.get("tag", ()), dict(SUBSETTED)]}}


def element_of(concept: Concept, parents: Sequence[str]) -> Json:
    """CodeSystem.concept, with its place in the hierarchy, and that it is not to be used, as R4's own properties
    (codesystem-concept-properties.html).
    """
    stated = [one for one in concept.details.get("property", ()) if one.get("code") not in {"parent", "child"}]
    told = {one.get("code") for one in stated}
    if concept.inactive and told.isdisjoint({"inactive", "status"}):
        stated.append({"code": "inactive", "valueBoolean": True})
    properties = [*stated, *({"code": "parent", "valueCode": code} for code in parents)]
    return {
        "code": concept.code,
        **({"display": concept.display} if concept.display else {}),
        **{name: value for name, value in concept.details.items() if name != "property"},
        **({"property": properties} if properties else {}),
    }
