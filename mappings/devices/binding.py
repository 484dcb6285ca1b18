"""Whose a device is, and when: kiosks are shared, bands are handed on."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from hub.kernel.devices import Binding


def bound(bindings: Iterable[Binding], when: datetime) -> str | None:
    """The source patient (resource id) a device belongs to at an instant; None for nobody, or for several."""
    patients = {each.patient for each in bindings if each.start <= when and (each.end is None or when < each.end)}
    return patients.pop() if len(patients) == 1 else None


def mistaken(bindings: Collection[Binding], when: datetime) -> frozenset[str]:
    """The source patients a device was said to belong to at an instant, and did not."""
    found = {
        one.patient
        for one in bindings
        if one.end is not None and one.claimed is not None and one.start <= when and one.end <= when < one.claimed
    }
    return frozenset(found - {bound(bindings, when)})
