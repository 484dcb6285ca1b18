"""The shape of the resources of an answer: `_summary` and `_elements` (R4 http.html#parameters, search.html#summary).

They are applied to what the gate has released, after its own surgery, so they can only take away. Without them nothing
is parsed. A whole resource has no shape (None).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from msgspec import structs
from msgspec.structs import replace

from hub.fhir.json import dumps, loads
from hub.fhir.structure import RESOURCE_TYPES, structure
from hub.fhir.subset import data, narrative, only, summary
from hub.gate.parameters import invalid
from hub.gate.released import Released, ReleasedPage
from hub.kernel.types import Json

SHAPING: Final = frozenset({"_summary", "_elements"})

_SUMMARIES: Final[Mapping[str, Callable[[Json], Json]]] = {"true": summary, "text": narrative, "data": data}


@dataclass(frozen=True, slots=True)
class Shape:
    """A summary ("true", "text", "data") or, where that is empty, elements of the top level."""

    summary: str = ""
    elements: frozenset[str] = frozenset()

    def of(self, body: bytes) -> bytes:
        """The part of a resource that is asked for, as ready JSON."""
        if not body:
            return body
        resource: Json = loads(body)
        cut = _SUMMARIES.get(self.summary)
        return dumps(cut(resource) if cut is not None else only(resource, self.elements))


def read_shape(pairs: Sequence[tuple[str, str]], rtype: str, *, counting: bool = False) -> Shape | None:
    """The shape some parameters ask for; `rtype` is the type of the resources, "" for any.

    `counting` tells that `_summary=count` can be meant: a search, which answers it by itself. Raises HubError INVALID
    (400) for a value that cannot be, an element the type does not have, and for `_elements` beside a summary.
    """
    summaries = [value for name, value in pairs if name == "_summary" and value]
    names = frozenset(part for name, value in pairs if name == "_elements" for part in value.split(",") if part)
    if len(summaries) > 1:
        raise invalid("stands twice", "_summary")
    kind = summaries[0] if summaries else "false"
    if kind == "count" and not counting:
        raise invalid("count is for searches", "_summary")
    if kind not in _SUMMARIES and kind not in {"count", "false"}:
        raise invalid("is not one of true, text, data, count, false", "_summary")
    if names and kind in _SUMMARIES:
        raise invalid("stands beside a _summary: ask for one of them", "_elements")
    if kind in _SUMMARIES:
        return Shape(kind)
    return Shape(elements=_elements(names, rtype)) if names and kind != "count" else None


def _elements(names: Iterable[str], rtype: str) -> frozenset[str]:
    # The type is no element, is always given, and is named by fhirpy and its kind, for it is a property in JSON.
    found = frozenset(name.removesuffix("[x]") for name in names if name != "resourceType")
    if not found <= _known(rtype):
        raise invalid(f"names what is no element of {rtype or 'any type'}", "_elements")
    return found


@cache
def _known(rtype: str) -> frozenset[str]:
    """The elements of the top level of a type, or of any."""
    types = (structure(name) for name in ((rtype,) if rtype else RESOURCE_TYPES))
    return frozenset(name for found in types if found is not None for name in found.elements)


def shaped(body: bytes, shape: Shape | None) -> bytes:
    """A body in a shape; the same bytes where none is asked for."""
    return body if shape is None else shape.of(body)


def shaped_page(page: ReleasedPage, shape: Shape | None) -> ReleasedPage:
    """A page in a shape. `_elements` are of the matches: what they include stays whole (R4 search.html#elements)."""
    if shape is None:
        return page
    included = shape if shape.summary else None
    return replace(page, matches=_rows(page.matches, shape), included=_rows(page.included, included))


def _rows(rows: tuple[Released, ...], shape: Shape | None) -> tuple[Released, ...]:
    return rows if shape is None else tuple(structs.replace(row, body=shape.of(row.body)) for row in rows)
