"""The story as messages: reads the data files and yields every message of the demo, ready to send, in order."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any, Final

import yaml

from hub.demo.calendar import Calendar
from hub.demo.messages import Event, his_message, lis_message
from hub.demo.population import Person, population
from hub.demo.tcm_messages import tcm_message

#: What a row of the story tells in days and local times.
_TIMES: Final = ("at", "begins", "ends", "left")

#: How each system writes.
_WRITERS: Final = {"F01-his": his_message, "F02-his": tcm_message, "F03-lis": lis_message}

DATA: Final = resources.files("hub.demo") / "data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """One message as it goes over the wire to a feed."""

    feed: str
    raw: bytes


@cache
def data(name: str) -> Any:
    """A data file of the demo, read once; whoever asks leaves it as it is."""
    return yaml.safe_load((DATA / name).read_text(encoding="utf-8"))


def persons() -> dict[str, Person]:
    """The persons of the story, by key."""
    return {key: Person(key=key, **row) for key, row in data("persons.yaml").items()}


def sendings(background: int, seed: int, calendar: Calendar) -> Iterator[Sending]:
    """The story, then visits and results of `background` invented persons."""
    items = data("laboratory.yaml")
    known = persons()
    number = 0
    for row in data("story.yaml"):
        times = {name: calendar.hl7(row[name]) for name in _TIMES if name in row}
        told = {name: value for name, value in row.items() if name != "mistaken"}
        person = replace(known[row["person"]], **row.get("mistaken", {}))
        event = Event(items=items, **{**told, **times, "person": person})
        number += event.fault != "reused-control-id"
        raw = _message(event, number)
        yield from [Sending(feed=event.feed, raw=raw)] * event.times
    for event in _background(background, seed, items, calendar):
        number += 1
        yield Sending(feed=event.feed, raw=_message(event, number))


def _message(event: Event, number: int) -> bytes:
    return _WRITERS[event.feed](event, number)


def _background(count: int, seed: int, items: Mapping[str, Any], calendar: Calendar) -> Iterator[Event]:
    source = random.Random(seed)  # noqa: S311 - invented data, reproducible on purpose
    for i, person in enumerate(population(count, seed)):
        at = calendar.hl7(f"{i % 28 - 28} {8 + i % 9:02d}:{source.randrange(60):02d}")
        visit = f"O8{i:05d}"
        his: dict[str, Any] = {"feed": "F01-his", "person": person, "mr": f"M5{i:05d}", "at": at, "items": items}
        yield Event(event="A04", visit=visit, clinic="全科门诊", **his)
        if i % 3 == 0:
            yield Event(event="A08", visit=visit, clinic="全科门诊", phone=f"0990-557{i:04d}", **his)
        results = {code: _invented(item, source) for code, item in items.items() if item["high"]}
        charset = "utf-8" if i % 2 else "gb18030"
        lis: dict[str, Any] = {"feed": "F03-lis", "person": person, "mr": f"L5{i:05d}", "at": at, "items": items}
        yield Event(event="ORU", order=f"S8{i:05d}", charset=charset, results=results, **lis)


def _invented(item: Mapping[str, Any], source: random.Random) -> str:
    return f"{source.uniform(item['low'], item['high']):.{item['digits']}f}"
