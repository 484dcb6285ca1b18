"""Specimens named by their numbers (EIP: SPM-2, SPM-3, OBX-33)."""

from __future__ import annotations

from typing import Any, Final

from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.base import Datatype, plain
from mappings.hl7v2.datatypes.identifiers import placer_and_filler
from mappings.hl7v2.leaves import leaf
from mappings.hl7v2.parser import Repetition

_PARTS: Final = {f"{comp}.{sub}": "identifier" for comp in (1, 2) for sub in (1, 2, 3, 4)}


def specimen_key(rep: Repetition) -> tuple[str, str] | None:
    """Authority and key of a specimen known by the placer's and the filler's number as they are stated."""
    halves = [(leaf(rep, comp), leaf(rep, comp, 2)) for comp in (1, 2)]
    if not any(number for number, _ in halves):
        return None
    return "specimen|" + "|".join(authority for _, authority in halves), "|".join(number for number, _ in halves)


def specimen(rep: Repetition, context: Context) -> dict[str, Any] | None:
    """Reference to the Specimen an EIP names; the message may say no more of it than its numbers."""
    key = specimen_key(rep)
    if key is None:
        return None
    building = context.draft("Specimen", *key, context.owner.patient if context.owner else None)
    building.defaults.setdefault("identifier", placer_and_filler(rep, context))
    if context.owner is not None:
        building.resource.setdefault("subject", context.owner.reference)
    return building.reference


DATATYPES: Final[dict[str, Datatype]] = {"EIP-specimen": plain(specimen, _PARTS)}
