"""Visits, follow-ups, appointments, orders and what was done at them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from hub.portal.elements import codes, concept, concepts, objects, text
from hub.portal.entry import Entry, Reading
from hub.portal.record import Item

#: Words by which facilities say that a visit is a follow-up: no code for it is in common use in China.
_FOLLOW_UP_WORDS: Final = re.compile(r"随访|随诊|follow[- ]?up", re.IGNORECASE)
#: SNOMED CT 390906007 |Follow-up encounter|.
_FOLLOW_UP_CODES: Final = frozenset({"http://snomed.info/sct|390906007"})


def visit(item: Item, reading: Reading) -> Entry:
    """An Encounter: its class and reason, place, attending people."""
    resource = item.resource
    reasons = [*concepts(resource, "type"), *concepts(resource, "reasonCode"), *_diagnoses(item, reading)]
    title = reading.say("comma").join(dict.fromkeys(reasons))
    places = [reading.named(place.get("location")) for place in objects(resource, "location")]
    if not title:
        title, *places = [place for place in places if place] or [""]
    people = [reading.named(who.get("individual")) for who in objects(resource, "participant")]
    kind = "followup" if is_follow_up(item) else "visit"
    entry = reading.entry(item, kind, title, *dict.fromkeys(places), *dict.fromkeys(people))
    return replace(entry, tag=reading.say.code("encounter_class", _class_code(resource), entry.tag))


def is_follow_up(item: Item) -> bool:
    """Whether an Encounter is a follow-up, by its code or its words."""
    elements = ("type", "reasonCode", "serviceType")
    stated = [one for name in elements for one in objects(item.resource, name)]
    return any(_FOLLOW_UP_WORDS.search(concept(one)) or not _FOLLOW_UP_CODES.isdisjoint(codes(one)) for one in stated)


def episode(item: Item, reading: Reading) -> Entry:
    """An EpisodeOfCare, such as a family-doctor contract."""
    title = reading.say("comma").join(concepts(item.resource, "type"))
    return reading.entry(item, "other", title, reading.named(item.resource.get("careManager")))


def appointment(item: Item, reading: Reading) -> Entry:
    """An Appointment, and who it is with."""
    resource = item.resource
    title = reading.say("comma").join(
        dict.fromkeys([*concepts(resource, "serviceType"), *concepts(resource, "reasonCode")])
    )
    actors = [part.get("actor") for part in objects(resource, "participant")]
    return reading.entry(item, "visit", title, *(reading.named(actor) for actor in actors))


def order(item: Item, reading: Reading) -> Entry:
    """A ServiceRequest: what was ordered or where to, and why."""
    resource = item.resource
    performers = [reading.named(who) for who in objects(resource, "performer")]
    to = [f"→ {name}" for name in performers if name]
    return reading.entry(item, "other", concept(resource.get("code")), *to, *concepts(resource, "reasonCode"))


def procedure(item: Item, reading: Reading) -> Entry:
    """A Procedure and who did it."""
    people = [reading.named(part.get("actor")) for part in objects(item.resource, "performer")]
    return reading.entry(item, "other", concept(item.resource.get("code")), *people)


def plan(item: Item, reading: Reading) -> Entry:
    """A CarePlan."""
    resource = item.resource
    title = text(resource, "title") or reading.say("comma").join(concepts(resource, "category"))
    return reading.entry(item, "followup", title, text(resource, "description"))


def questionnaire(item: Item, reading: Reading) -> Entry:
    """A QuestionnaireResponse: how follow-up forms are written."""
    answered = [text(one, "text") for one in objects(item.resource, "item")]
    return reading.entry(item, "followup", "", *answered[:3])


def _diagnoses(item: Item, reading: Reading) -> list[str]:
    found = []
    for one in objects(item.resource, "diagnosis"):
        condition = reading.item(text(one.get("condition", {}), "reference"))
        if condition is not None:
            found.append(concept(condition.resource.get("code")))
    return [name for name in found if name]


def _class_code(resource: dict[str, object]) -> str:
    stated = resource.get("class")
    return text(stated, "code") if isinstance(stated, dict) else ""
