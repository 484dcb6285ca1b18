"""Who says who a Patient is, and what her numbers are (R4 Patient.identifier). Pure.

Patient administration does (HL7 v2 ADT): it lists the numbers it knows, so what it leaves out is none any more
(HL7 v2.5.1, 2.10.4: a list is sent whole). Results, orders, documents, forms and readings name her besides, often as
another system knew her long ago and by one or two numbers: the other numbers stay, and where administration has spoken
they fill what is absent and replace nothing. Numbers are of one kind if they have the same system and the same type.
That administration has spoken, that a Patient is known by others alone, and kinds of number administration never
stated, are remembered among what was cleared. Who only fills settles nothing: as the last to have spoken stands the
newest administration, so an older one that comes late is held against that, and not against results. A client that
writes a Patient says who she is as administration does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from typing import Final

from hub.kernel.types import Draft, Json

#: Administration, or a client by a write of its own, has said who the Patient is.
ADMINISTERED: Final = "administered"
#: Messages made the Patient and administration has not spoken of her; a write by a client ends it.
_BESIDES_ALONE: Final = "named-besides"
#: Begins what is remembered of a kind of number.
_BESIDE: Final = "identifier="


def only_fills(draft: Draft, cleared: Collection[str]) -> bool:
    """Whether a draft names a Patient of whom administration has spoken, and is no administration itself."""
    return not draft.administration and ADMINISTERED in cleared and draft.resource["resourceType"] == "Patient"


def outranks(draft: Draft, cleared: Collection[str]) -> bool:
    """Whether a draft is administration of a Patient whom only others have named: newer than it or not."""
    return draft.administration and _BESIDES_ALONE in cleared and draft.resource["resourceType"] == "Patient"


def numbered(draft: Draft, stored: Json, resource: Json, cleared: Sequence[str]) -> Json:
    """`resource`, as the draft laid over `stored` would stand, with the numbers that stand."""
    stated, standing = draft.resource.get("identifier", []), stored.get("identifier", [])
    if draft.resource["resourceType"] != "Patient" or not stated or not standing:
        return resource
    if draft.administration:
        told = _kinds(stated)
        spared = (each for each in standing if (kind := _kind(each)) not in told and _BESIDE + kind in cleared)
        return {**resource, "identifier": [*stated, *spared]}
    told = _kinds(standing)
    fresh = [each for each in stated if _kind(each) not in told]
    stays = standing if only_fills(draft, cleared) else _restated(stated, standing)
    return {**resource, "identifier": [*stays, *fresh]}


def remembered(draft: Draft, stored: Json | None, cleared: set[str]) -> tuple[str, ...]:
    """What was `cleared` with what is remembered of a Patient, once the draft was laid over `stored`; in order."""
    if draft.resource["resourceType"] == "Patient":
        stated = {_BESIDE + kind for kind in _kinds(draft.resource.get("identifier", []))}
        if draft.administration:
            cleared = cleared - stated - {_BESIDES_ALONE} | {ADMINISTERED}
        else:
            cleared = cleared if stored else cleared | {_BESIDES_ALONE}
            cleared = cleared | stated - {_BESIDE + kind for kind in _kinds((stored or {}).get("identifier", []))}
    return tuple(sorted(cleared))


def _restated(stated: Sequence[Json], standing: Sequence[Json]) -> list[Json]:
    """The numbers that stand; of a kind that is stated otherwise, those that are stated, where the first one stood."""
    told = {kind: [each for each in stated if _kind(each) == kind] for kind in _kinds(stated)}
    changed = {kind for kind, said in told.items() if said != [each for each in standing if _kind(each) == kind]}
    found: list[Json] = []
    for each in standing:
        kind = _kind(each)
        found += told.pop(kind, ()) if kind in changed else [each]
    return found


def _kinds(numbers: Iterable[Json]) -> set[str]:
    return set(map(_kind, numbers))


def _kind(number: Json) -> str:
    """Without blanks, by which what was cleared is parted."""
    codes = [coding.get("code", "") for coding in number["type"].get("coding", ())] if "type" in number else ()
    return _written(number.get("system", ""), *codes)


@lru_cache(maxsize=1024)
def _written(*parts: str) -> str:
    return "%20".join("|".join(parts).split())
