"""What a segment says of the confidentiality of an order or a document holds for all that came of it.

Without it, a result, its file or the text of a document would be read where the order itself is withheld.
"""

from __future__ import annotations

from collections.abc import Sequence

from hub.kernel.types import Json
from mappings.hl7v2.building import Building
from mappings.hl7v2.context import Context


def labels_of(source: Building | None) -> Sequence[Json]:
    """The labels that hold for what comes of `source`."""
    labels: Sequence[Json] = source.resource.get("meta", {}).get("security", ()) if source is not None else ()
    return labels


def label(building: Building, labels: Sequence[Json]) -> None:
    """Give labels to a resource about a patient."""
    if labels and building.patient is not None:
        stated = building.resource.setdefault("meta", {}).setdefault("security", [])
        stated += [each for each in labels if each not in stated]


def spread(source: Building | None, context: Context, before: int) -> None:
    """Give the labels of `source` to every resource about a patient that was drafted after the first `before`."""
    labels = labels_of(source)
    for building in list(context.drafts.values())[before:] if labels else ():
        if building is not source:
            label(building, labels)
