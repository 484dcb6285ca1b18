"""What a message states, laid over what is stored. Pure.

An element is the unit: a JSON key together with its `_key` and the other members of its `[x]` family. Only a stay's
period is laid over by its ends, since admission and discharge are told by different messages, the extensions of a
resource by their url, since each is an element of its own, and the series of a study by their uid, since an archive
sends its objects one by one.
A message that is older than the one that last spoke about a resource (a dead letter replayed late, a message that
overtook another in a second lane) changes nothing the newer one settled: it only fills what is absent and was not
cleared. Who has stated all it has of a study is remembered among what was cleared, and that a client gave labels:
messages lift what messages said, not what was said at another door. Who says who a Patient is: `demographics`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from msgspec import Struct

from hub.fhir.json import canonical, dumps
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Draft, Json
from hub.records.choices import element_names, element_of, elements
from hub.records.demographics import numbered, only_fills, remembered
from hub.records.heads import LABELS_STAY
from hub.records.series import joined, whole, without
from hub.records.unique import refuse_other_bytes, with_labels_of

#: Elements that say whom a resource is about; they may not change by update.
SUBJECTS: Final = ("subject", "patient", "beneficiary")

#: Elements that are overlaid part by part; a draft clears a part by `element.part`.
BY_PARTS: Final = frozenset({"period"})

#: Parts of meta that every version has of its own.
_OWN_META: Final = frozenset({"versionId", "lastUpdated", "source"})


class Merged(Struct, frozen=True):
    """`resource` as it should stand, the elements `cleared` by messages so far, and whether anything was `held_back`
    because a newer message had settled it.
    """

    resource: Json
    cleared: tuple[str, ...]
    held_back: bool = False


def merge(
    draft: Draft,
    stored: Json | None,
    cleared: Collection[str] = (),
    *,
    settled: bool = False,
    own: Collection[str] = (),
) -> Merged:
    """Lay `draft` over `stored` (None: nothing is stored). Neither is altered; parts may be shared with the result.

    `settled`: the stored resource was last spoken about by a newer message, which leaves open only the elements `own`
    that this message had set and nobody changed since.
    Raises HubError CONFLICT (`subject-changed`) if the draft is about somebody else than the stored resource, or
    (`XDSNonIdenticalHash`) is another document of its uniqueId.
    """
    if stored is None:
        return Merged(_created(draft), _cleared(draft, None, ()))
    refuse_other_subject(draft.resource, stored)
    if draft.unique:
        refuse_other_bytes(draft.resource, stored)
    if settled:
        return _filled(draft, stored, cleared, own)
    if draft.whole:
        draft = whole(draft, stored)
    if only_fills(draft, cleared):
        resource = _filled(draft, stored, cleared, ()).resource
    else:
        resource = _overlaid(draft, stored) if draft.merge == "overlay" else _replaced(draft, stored)
    resource = numbered(draft, stored, resource, tuple(cleared))
    if draft.unique or LABELS_STAY in cleared:
        resource = with_labels_of(stored, resource)
    return Merged(resource, _cleared(draft, stored, cleared))


def same(one: Json, other: Json) -> bool:
    """Whether two resources have the same content: the digits of decimals count, key order and own meta do not."""
    mine, theirs = _content(one), _content(other)
    return mine == theirs and (dumps(mine) == dumps(theirs) or canonical(mine) == canonical(theirs))


def refuse_other_subject(new: Json, stored: Json) -> None:
    """Raise HubError CONFLICT (`subject-changed`) if `new` is about somebody else than `stored`."""
    for name in SUBJECTS:
        was, now = _reference(stored, name), _reference(new, name)
        if was is not None and now is not None and was != now:
            raise subject_changed(f"{new['resourceType']}.{name}")


def subject_changed(where: str) -> HubError:
    """The refusal of an update that would move a resource to another patient."""
    return HubError(
        Category.CONFLICT,
        "is stored about another patient",
        where=where,
        todo="correct the identifiers, or move the resource in a patient move (A44, A45)",
        code="subject-changed",
    )


def _reference(resource: Json, name: str) -> str | None:
    value = resource.get(name)
    return value.get("reference") if isinstance(value, dict) else None


def _created(draft: Draft) -> Json:
    if not draft.defaults:
        return draft.resource
    return {**draft.resource, **_absent(draft, element_names(draft.resource))}


def _absent(draft: Draft, present: Collection[str]) -> dict[str, Any]:
    """The defaults whose element is not `present`."""
    kind = draft.resource["resourceType"]
    return {key: value for key, value in draft.defaults.items() if element_of(kind, key) not in present}


def _overlaid(draft: Draft, stored: Json) -> Json:
    stated = element_names(draft.resource)
    removed = stated | _clears(draft)
    kept = {key: stored[key] for element, key in elements(stored) if element not in removed}
    standing = {element_of(stored["resourceType"], key) for key in kept} | stated
    body = {**kept, **_stated(draft), **_absent(draft, standing)} | _by_parts(draft, stored) | _by_url(draft, stored)
    if not draft.whole:
        body |= joined(draft.resource, stored)
    return _assembled(draft, stored, {key: value for key, value in body.items() if value != {}})


def _by_parts(draft: Draft, stored: Json) -> Json:
    """The elements overlaid part by part, as they should stand; empty where nothing is left."""
    found: Json = {}
    for name in (BY_PARTS & stored.keys()) - _clears(draft):
        gone = {part for element, _, part in (key.partition(".") for key in draft.clears) if element == name}
        stays = {part: value for part, value in stored[name].items() if part not in gone}
        found[name] = {**stays, **draft.resource.get(name, {})}
    return found


def _by_url(draft: Draft, stored: Json) -> Json:
    """The extensions: of each url those the draft states, else those that are stored; empty if it states none."""
    stated = draft.resource.get("extension", [])
    if not stated or "extension" not in stored or "extension" in _clears(draft):
        return {}
    urls = {each.get("url") for each in stated}
    return {"extension": [*(each for each in stored["extension"] if each.get("url") not in urls), *stated]}


def _replaced(draft: Draft, stored: Json) -> Json:
    """The snapshot, but for defaults: what is stored of them stays."""
    kind = draft.resource["resourceType"]
    stated = element_names(draft.resource)
    spared = {element_of(kind, key) for key in draft.defaults} - stated
    kept = {key: stored[key] for element, key in elements(stored) if element in spared}
    standing = {element_of(kind, key) for key in kept} | stated
    return _assembled(draft, stored, {**_stated(draft), **kept, **_absent(draft, standing)})


def _filled(draft: Draft, stored: Json, cleared: Collection[str], own: Collection[str]) -> Merged:
    """A newer message has spoken: set only what is `own`, or absent and was not cleared; a snapshot sets nothing."""
    if draft.merge == "replace":
        return Merged(stored, tuple(cleared), held_back=not same(_replaced(draft, stored), stored))
    kind = stored["resourceType"]
    present = element_names(stored)
    settled = (present | set(cleared)) - set(own)
    told = _stated(draft)
    fill = {key: value for key, value in told.items() if element_of(kind, key) not in settled}
    filled = {element_of(kind, key) for key in fill}
    kept = {key: value for key, value in stored.items() if element_of(kind, key) not in filled}
    defaults = _absent(draft, present | set(cleared) | {element_of(kind, key) for key in told})
    held_back = any(key not in fill and stored.get(key) != value for key, value in told.items())
    held_back = held_back or bool(_clears(draft) & present)
    resource = {**kept, **fill, **(_by_url(draft, stored) if "extension" in fill else {}), **defaults}
    resource |= joined(stored, _still_there(draft.resource, cleared))
    return Merged(resource, tuple(cleared), held_back=held_back)


def _still_there(study: Json, cleared: Collection[str]) -> Json:
    """What an older message tells of a study, but for series of archives that have since stated all they have of it."""
    stated_whole = {each for each in cleared if each.startswith("Endpoint/")}
    return {**study, "series": without(study.get("series", []), stated_whole)} if stated_whole else study


def _stated(draft: Draft) -> dict[str, Any]:
    return {key: draft.resource[key] for _, key in elements(draft.resource)}


def _clears(draft: Draft) -> set[str]:
    """The elements cleared whole."""
    return {element_of(draft.resource["resourceType"], key) for key in draft.clears if "." not in key}


def _cleared(draft: Draft, stored: Json | None, before: Collection[str]) -> tuple[str, ...]:
    clears = () if only_fills(draft, before) else _clears(draft)
    cleared = {*before, *clears} - element_names(draft.resource)
    return remembered(draft, stored, cleared | {draft.whole} if draft.whole else cleared)


def _assembled(draft: Draft, stored: Json, body: Mapping[str, Any]) -> Json:
    head: Json = {"resourceType": stored["resourceType"], "id": stored["id"]}
    meta = {**_lasting_meta(stored), **_lasting_meta(draft.resource)}
    return {**head, "meta": meta, **body} if meta else {**head, **body}


def _lasting_meta(resource: Json) -> Json:
    return {key: value for key, value in resource.get("meta", {}).items() if key not in _OWN_META}


def _content(resource: Json) -> Json:
    content = dict(resource)
    content.pop("meta", None)
    meta = _lasting_meta(resource)
    return {**content, "meta": meta} if meta else content
