"""The series and instances of an ImagingStudy told by several messages: each is known by its uid. Pure."""

from __future__ import annotations

from typing import Final

from hub.kernel.types import Json

_LAST: Final = 1 << 31


def joined(over: Json, under: Json) -> Json:
    """The elements of an ImagingStudy that both tell of: `over` laid over `under`, series by series, and counted.

    Empty if it is no study, or if one of them names no series.
    """
    if over.get("resourceType") != "ImagingStudy" or not over.get("series") or not under.get("series"):
        return {}
    series = _by_uid(under["series"], over["series"])
    return {
        "series": series,
        "modality": _modalities(series),
        "numberOfSeries": len(series),
        "numberOfInstances": sum(each.get("numberOfInstances", 0) for each in series),
    }


def _by_uid(under: list[Json], over: list[Json]) -> list[Json]:
    found = {each["uid"]: each for each in under}
    for each in over:
        found[each["uid"]] = _one(found[each["uid"]], each) if each["uid"] in found else each
    return sorted(found.values(), key=_place)


def _one(under: Json, over: Json) -> Json:
    """A series both tell of."""
    instances = {each["uid"]: each for each in (*under.get("instance", ()), *over.get("instance", ()))}
    listed = sorted(instances.values(), key=_place)
    return {**under, **over, "instance": listed, "numberOfInstances": len(listed)}


def _place(each: Json) -> tuple[int, str]:
    return each.get("number", _LAST), each["uid"]


def _modalities(series: list[Json]) -> list[Json]:
    found: list[Json] = []
    for each in series:
        if "code" in each["modality"] and each["modality"] not in found:
            found.append(each["modality"])
    return found
