"""The entries of an expansion as a hierarchy (R4 valueset.html, expansion.contains.contains)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hub.kernel.types import Json
from terminology.model import Found


def nested(concepts: Sequence[Found], entries: Sequence[Json]) -> list[Json]:
    """Each entry within that of the closest concept above it that is here; of several the first.

    A concept stands once, so nothing is counted twice.
    """
    here = {concept.number: (concept, entry) for concept, entry in zip(concepts, entries, strict=True)}
    top: list[Json] = []
    for concept, entry in here.values():
        above = _closest(concept, {number: here[number][0] for number in concept.ancestors if number in here})
        (top if above is None else here[above][1].setdefault("contains", [])).append(entry)
    return top


def _closest(concept: Found, above: Mapping[int, Found]) -> int | None:
    """A parent that is here, else an ancestor that is above no other ancestor here."""
    parents = [number for number in concept.parents if number in above]
    lowest = [number for number in above if not any(number in other.ancestors for other in above.values())]
    return next(iter([*parents, *lowest]), None)
