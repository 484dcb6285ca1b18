"""What a segment says of the confidentiality of an order or a document holds for all that came of it.

Without it, a result, its file or the text of a document would be read where the order itself is withheld.
"""

from __future__ import annotations

from mappings.hl7v2.context import Building, Context


def spread(source: Building | None, context: Context, before: int) -> None:
    """Give the labels of `source` to every resource about a patient that was drafted after the first `before`."""
    labels = source.resource.get("meta", {}).get("security", []) if source is not None else []
    if not labels:
        return
    for building in list(context.drafts.values())[before:]:
        if building.patient is not None and building is not source:
            stated = building.resource.setdefault("meta", {}).setdefault("security", [])
            stated += [label for label in labels if label not in stated]
