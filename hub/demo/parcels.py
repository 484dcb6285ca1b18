"""Files the systems of the demo hand over by HTTP, each to its feed: documents, a sheet, offline batches. Pure."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from hub.demo.calendar import Calendar
from hub.demo.documents import Issue
from hub.demo.population import Person, population
from hub.demo.staff import staff
from hub.demo.story import DATA, data, persons
from hub.fhir.json import dumps

#: Days between two follow-ups of an invented person.
_INTERVAL: Final = 30
#: Days since somebody was seen whom nobody follows up any more.
_LONG_AGO: Final = 120
_MEDICINE: Final = ("苯磺酸氨氯地平片", "5mg 每日1次")


@dataclass(frozen=True, slots=True)
class Parcel:
    """One file for a feed; `facility` is whose feed it is."""

    feed: str
    facility: str
    content: bytes


def parcels(background: int, seed: int, calendar: Calendar) -> Iterator[Parcel]:
    """All files, those of one feed in their order; the sheet of F04 also holds `background` invented persons."""
    consortium = data("consortium.yaml")
    facilities = {feed["name"]: feed["facility"] for feed in consortium["feeds"]}
    organisations = {facility["code"]: facility["name"] for facility in consortium["facilities"]}
    issue = Issue(persons=persons(), staff=staff(), organisations=organisations, calendar=calendar)
    contents = [(row["feed"], issue.document(row)) for row in data("documents.yaml")]
    contents += [("F04-follow-ups", _sheet(background, seed, calendar))]
    contents += [(row["feed"], dumps(_filled(row["batch"], calendar))) for row in data("batches.yaml")]
    for feed, content in contents:
        yield Parcel(feed, facilities[feed], content)


def _sheet(background: int, seed: int, calendar: Calendar) -> bytes:
    """The follow-up sheet as the public-health system of F04 exports it, in GB 18030."""
    told = calendar.fill((DATA / "F04-follow-ups.csv").read_text(encoding="utf-8"))
    output = io.StringIO(told)
    output.seek(0, io.SEEK_END)
    csv.writer(output).writerows(_invented(population(background, seed), seed, calendar))
    return output.getvalue().encode("gb18030")


def _invented(people: Iterator[Person], seed: int, calendar: Calendar) -> Iterator[Sequence[str]]:
    """Two follow-ups of each person, a month apart; one person in four was last seen long ago, one in three of the
    others has a pressure that is too high."""
    source = random.Random(seed)  # noqa: S311 - invented data, reproducible on purpose
    for number, person in enumerate(people):
        first = _LONG_AGO if number % 4 == 0 else 1
        for visit in range(2):
            day = calendar.day(-first - number % _INTERVAL - visit * _INTERVAL)
            high = 124 + source.randrange(15) if number % 3 else 142 + source.randrange(18)
            pressure = (str(high), str(high - 52 + source.randrange(4)))
            yield (person.name, person.citizen, day.isoformat(), "01", *pressure, *_MEDICINE, "", "梅晓岚")


def _filled(value: Any, calendar: Calendar) -> Any:
    """`value` with the days in its texts told by the calendar."""
    if isinstance(value, str):
        return calendar.fill(value)
    if isinstance(value, list):
        return [_filled(item, calendar) for item in value]
    if isinstance(value, Mapping):
        return {name: _filled(item, calendar) for name, item in value.items()}
    return value
