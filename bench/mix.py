"""The mix of the end-to-end benchmark: 60 % ADT (one in three changes something), 30 % ORU of 8 OBX, 10 % orders."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any, Final

from hub.demo.messages import Event, his_message, lis_message
from hub.demo.population import Person, population
from hub.demo.story import data

RESULTS: Final = 8


def mix(count: int, persons: int, seed: int, *, adt_only: bool = False) -> Iterator[tuple[str, bytes]]:
    """`count` messages as (feed, raw) about `persons` invented people, with control numbers of their own."""
    source = random.Random(seed)
    people = list(population(persons, seed))
    phones = {person.key: person.phone for person in people}
    items = data("laboratory.yaml")
    for number in range(count):
        person = source.choice(people)
        share = 0.0 if adt_only else source.random()
        if share < 0.6:
            if number % 3 == 0:
                phones[person.key] = f"0990-558{source.randrange(10_000):04d}"
            yield "F01-his", his_message(_adt(person, phones[person.key], source, items), number)
        elif share < 0.9:
            yield "F03-lis", lis_message(_result(person, number, source, items), number)
        else:
            yield "F01-his", his_message(_order(person, number, source, items), number)


def _adt(person: Person, phone: str, source: random.Random, items: Mapping[str, Any]) -> Event:
    visit = f"B{person.key}"
    return _event("F01-his", "A08", person, source, items, visit=visit, ward="内科^01^01", phone=phone)


def _order(person: Person, number: int, source: random.Random, items: Mapping[str, Any]) -> Event:
    return _event("F01-his", "ORM", person, source, items, order=f"D{number}", item="GLU", title="空腹血糖")


def _result(person: Person, number: int, source: random.Random, items: Mapping[str, Any]) -> Event:
    results = {code: f"{source.uniform(1, 9):.2f}" for code in list(items)[:RESULTS]}
    return _event("F03-lis", "ORU", person, source, items, order=f"S{number}", results=results)


def _event(
    feed: str, event: str, person: Person, source: random.Random, items: Mapping[str, Any], **values: Any
) -> Event:
    at = f"202605{source.randrange(1, 29):02d}{source.randrange(8, 18):02d}{source.randrange(60):02d}00"
    return Event(feed=feed, event=event, person=person, mr=f"M{person.key}", at=at, items=items, **values)
