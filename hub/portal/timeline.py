"""The timeline of a record: entries newest first, what belongs together as one. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

from hub.portal.elements import objects, reference
from hub.portal.entries.care import is_follow_up
from hub.portal.entries.findings import result_references
from hub.portal.entries.makers import MAKERS
from hub.portal.entry import KINDS, Entry, Reading, newest_first
from hub.portal.moments import day
from hub.portal.record import Item

#: Entries of one page.
PAGE: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """The entries of one day; `date` is empty where none is known."""

    date: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """One page of a timeline. `counts` are those of the entries there are, by kind; `total` of the kind shown."""

    days: tuple[Day, ...]
    counts: dict[str, int]
    total: int
    kind: str
    page: int
    pages: int


def timeline(entries: Sequence[Entry], kind: str, page: int) -> Timeline:
    """A page (from 1) of the entries of a kind; `kind` "" is all of them. A page that is not there is the nearest."""
    wanted = [entry for entry in entries if kind in ("", entry.kind)]
    pages = max(1, -(-len(wanted) // PAGE))
    page = min(max(1, page), pages)
    shown = wanted[(page - 1) * PAGE : page * PAGE]
    return Timeline(
        days=tuple(Day(date=date, entries=tuple(group)) for date, group in groupby(shown, _day)),
        counts={name: sum(entry.kind == name for entry in entries) for name in KINDS},
        total=len(wanted),
        kind=kind,
        page=page,
        pages=pages,
    )


def entries_of(reading: Reading) -> list[Entry]:
    """Every entry of a record, newest first, those without a time last."""
    items = [item for item in reading.record.items if item.type in MAKERS]
    made = {item.reference: MAKERS[item.type](item, reading) for item in items}
    folds = _folds(items, made, reading)
    # What was measured comes before what was sent to a laboratory.
    for folded in sorted(folds, key=lambda one: (made[one].kind != "measurement", one)):
        made[folds[folded]] = _joined(made[folds[folded]], made.pop(folded))
    return newest_first(_grouped(made.values()))


def _folds(items: Sequence[Item], made: Collection[str], reading: Reading) -> dict[str, str]:
    """Which entry is shown within which other: results and the order within the report, what was measured within its
    follow-up, and within a document what it says and its own composition."""
    folds = _told_by_documents(items)
    for item in items:
        if item.type == "DiagnosticReport":
            # Its results stand in it already, and an order that was answered says nothing more.
            held = [*result_references(item), *map(reference, objects(item.resource, "basedOn"))]
            folds |= {one: item.reference for one in held if one in made}
    for item in items:
        if item.type == "Observation" and item.reference not in folds:
            visit = reading.item(reference(item.resource.get("encounter")))
            if visit is not None and is_follow_up(visit):
                folds[item.reference] = visit.reference
    return folds


def _told_by_documents(items: Sequence[Item]) -> dict[str, str]:
    """What came with a document of one message and is no measurement of its own: it says what the document says."""
    documents = {item.message: item.reference for item in items if item.type == "DocumentReference" and item.message}
    told = [item for item in items if item.type == "Composition" or (item.type == "Observation" and _is_wording(item))]
    return {item.reference: documents[item.message] for item in told if item.message in documents}


def _is_wording(item: Item) -> bool:
    return not item.resource.get("category") and "valueQuantity" not in item.resource


def _joined(entry: Entry, other: Entry) -> Entry:
    """`entry` with what `other` measured, unless it shows that already."""
    known = set(entry.results)
    return replace(
        entry,
        results=(*entry.results, *(result for result in other.results if result not in known)),
        messages=tuple(dict.fromkeys((*entry.messages, *other.messages))),
        references=(*entry.references, *other.references),
    )


def _grouped(entries: Iterable[Entry]) -> list[Entry]:
    """Single measurements of one facility at one moment as one entry."""
    groups: defaultdict[tuple[object, ...], list[Entry]] = defaultdict(list)
    for entry in entries:
        alone = not entry.results or entry.references[0].partition("/")[0] != "Observation"
        groups[entry.references if alone else (entry.kind, entry.began, entry.organization)].append(entry)
    return [_one(group) for group in groups.values()]


def _one(group: Sequence[Entry]) -> Entry:
    joined = group[0]
    for other in group[1:]:
        joined = replace(_joined(joined, other), title="")
    return joined


def _day(entry: Entry) -> str:
    return day(entry.began) if entry.began else ""
