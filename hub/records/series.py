"""The series and instances of an ImagingStudy told by several messages: each is known by its uid. Pure.

A series names the Endpoints of the archives it is in. Objects that are sent one by one add up; an archive that states
all it has of a study (`Draft.whole`) takes back what it no longer has, and nothing of another archive.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from msgspec.structs import replace

from hub.kernel.types import Draft, Json

_LAST: Final = 1 << 31
#: What a study says of its images: gone with the last of them.
_OF_IMAGES: Final = ("series", "numberOfSeries", "numberOfInstances", "endpoint", "contained")


def joined(over: Json, under: Json) -> Json:
    """The elements of an ImagingStudy that both tell of: `over` laid over `under`, series by series, and counted.

    Empty if it is no study, or if one of them names no series.
    """
    if over.get("resourceType") != "ImagingStudy" or not over.get("series") or not under.get("series"):
        return {}
    return _counted(_by_uid(under["series"], over["series"]))


def whole(draft: Draft, stored: Json) -> Draft:
    """A statement of all that an archive has of a study, with what other archives have of it, to be laid over it.

    Of a study that none has any more nothing of its images is left.
    """
    left = without(stored.get("series", []), {draft.whole})
    told = draft.resource.get("series", [])
    if not left:
        return draft if told else replace(draft, clears=(*draft.clears, *_OF_IMAGES))
    resource = draft.resource if told else {key: stored[key] for key in ("resourceType", "id")}
    places = _distinct([*resource.get("endpoint", []), *(place for each in left for place in each["endpoint"])])
    counted = _counted(_by_uid(left, told))
    return replace(
        draft, resource={**resource, **counted, "endpoint": places}, clears=draft.clears if told else ("contained",)
    )


def without(series: list[Json], endpoints: Collection[str]) -> list[Json]:
    """The series but for those that are at these Endpoints alone; one that names none is at any."""
    found = []
    for each in series:
        places = [place for place in each.get("endpoint", []) if place.get("reference") not in endpoints]
        if places:
            found.append({**each, "endpoint": places})
    return found


def _counted(series: list[Json]) -> Json:
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
    places = [*under.get("endpoint", []), *over.get("endpoint", [])]
    one = {**under, **over, "instance": listed, "numberOfInstances": len(listed)}
    return one | ({"endpoint": _distinct(places)} if places else {})


def _distinct(places: list[Json]) -> list[Json]:
    return [each for n, each in enumerate(places) if each not in places[:n]]


def _place(each: Json) -> tuple[int, str]:
    return each.get("number", _LAST), each["uid"]


def _modalities(series: list[Json]) -> list[Json]:
    found: list[Json] = []
    for each in series:
        if "code" in each["modality"] and each["modality"] not in found:
            found.append(each["modality"])
    return found
