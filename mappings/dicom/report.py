"""The conversion report: what became of every element at the top of the instances of a study, one row each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, Final

from pydicom.tag import BaseTag

from hub.kernel.types import Draft, Json, ReportRow
from mappings.dicom.item import Item, position
from mappings.dicom.tables import Row, rows

_UNUSED: Final = "its value could not be used, or another instance said it"
_PRIVATE: Final = "a private element: only its maker knows what it says"


def report(instances: Iterable[Item], drafts: Iterable[Draft]) -> tuple[ReportRow, ...]:
    """A row for each tag that holds something in any instance, in order."""
    made = [{**draft.resource, **draft.defaults} for draft in drafts]
    tags = sorted({tag for item in instances for tag in item.tags()})
    return tuple(_row(tag, made) for tag in tags if tag.group != 2)


def _row(tag: BaseTag, made: list[Json]) -> ReportRow:
    source = position(tag)
    if tag.is_private:
        return ReportRow(source=source, outcome="refused", reason=_PRIVATE)
    row = _rows().get(source.partition(" ")[2])
    if row is None:
        return ReportRow(source=source, outcome="refused", reason=_of_group(tag.group))
    targets = tuple(target for target in row["targets"].split(";") if target and _is_there(target, made))
    if row["outcome"] == "refused" or (row["targets"] and not targets):
        return ReportRow(source=source, outcome="refused", reason=row["reason"] or _UNUSED)
    if row["outcome"] == "carried":
        return ReportRow(source=source, outcome="carried", targets=targets, reason=row["reason"])
    return ReportRow(source=source, outcome="mapped", targets=targets, reason=row["reason"])


def _is_there(target: str, made: list[Json]) -> bool:
    """Whether a resource of the target's type has the element."""
    kind, *path = target.split(".")
    return any(resource["resourceType"] == kind and any(_reached(resource, path)) for resource in made)


def _reached(value: Any, path: list[str]) -> Iterator[bool]:
    if isinstance(value, list):
        for each in value:
            yield from _reached(each, path)
    elif not path:
        yield True
    elif isinstance(value, dict) and path[0] in value:
        yield from _reached(value[path[0]], path[1:])


def _of_group(group: int) -> str:
    ranges = ((int(row["first"], 16), int(row["last"], 16), row["reason"]) for row in rows("groups"))
    return next((reason for first, last, reason in ranges if first <= group <= last), "no mapping")


@cache
def _rows() -> dict[str, Row]:
    return {row["keyword"]: row for row in rows("elements")}
