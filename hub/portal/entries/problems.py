"""Conditions, allergies and alerts."""

from __future__ import annotations

from dataclasses import replace

from hub.portal.elements import code, concept, concepts, objects, text
from hub.portal.entry import Entry, Reading
from hub.portal.record import Item


def condition(item: Item, reading: Reading) -> Entry:
    """A Condition, with its ICD code."""
    resource = item.resource
    entry = reading.entry(
        item, "condition", concept(resource.get("code")), _icd(resource), *concepts(resource, "stage")
    )
    clinical = code(resource.get("clinicalStatus")) or ""
    verified = code(resource.get("verificationStatus")) or ""
    shown = "refuted" if verified == "refuted" else "entered-in-error" if verified == "entered-in-error" else clinical
    return replace(entry, status=reading.say.code("status", shown))


def allergy(item: Item, reading: Reading) -> Entry:
    """An AllergyIntolerance, with its reactions and how dangerous it is."""
    resource = item.resource
    say = reading.say
    reactions = [
        " ".join([*concepts(one, "manifestation"), say.code("severity", text(one, "severity"))]).strip()
        for one in objects(resource, "reaction")
    ]
    criticality = say.code("criticality", text(resource, "criticality"))
    entry = reading.entry(item, "allergy", concept(resource.get("code")), *reactions, criticality)
    return replace(entry, status=say.code("status", code(resource.get("clinicalStatus"))))


def alert(item: Item, reading: Reading) -> Entry:
    """A Flag: what is to be known before anything else."""
    return reading.entry(item, "other", concept(item.resource.get("code")))


def _icd(resource: dict[str, object]) -> str:
    stated = resource.get("code")
    codings = objects(stated, "coding") if isinstance(stated, dict) else []
    return next((text(one, "code") for one in codings if "icd" in text(one, "system").lower()), "")
