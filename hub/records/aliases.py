"""Corrected keys: what a correction gave another id is put under the id first given (design, promise 3).

An id made from a corrected key is an alias of the first one: a Patient whose number changed (HL7 A47), an account or a
visit (A49, A50, A51), or one that ended in another (A35, A41, A42). So is one whose key the hub makes another way now.
What is known by such a resource, as a diagnosis is by its stay, keeps its id too.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from hub.db.database import Tx
from hub.fhir.json import dumps
from hub.fhir.long_drafts import changed
from hub.fhir.references import parse_reference, rewrite
from hub.kernel.ids import IdMaker
from hub.kernel.types import Draft, IdentityEvent
from hub.records.heads import Incoming
from hub.store.store import Store

#: A reference in the JSON of a resource.
_REFERENCE: Final = re.compile(rb'"reference":"([^"]*)"')
#: Aliases of aliases that are followed: a number that changed that often did not.
_DEEPEST: Final = 16
#: Ids that are asked for together, and are in memory.
_MOST: Final = 16_384


async def resolved(
    store: Store, tx: Tx, ids: IdMaker, batch: Sequence[Incoming]
) -> tuple[list[Incoming], dict[str, str]]:
    """`batch` with every id that has an alias replaced, in ids and in references alike; and the aliases it adds itself.

    Only a message that is alone may add aliases by what it says of numbers.
    """
    aliases: dict[str, str] = {}
    for ids_of_some in _ids(batch):
        aliases |= await _final(store, tx, sorted(ids_of_some))
    added = await _first_given(store, tx, batch, aliases)
    aliases |= added
    if len(batch) == 1:
        batch = [await _corrected(store, tx, batch[0], aliases, added)]
        aliases |= added
    if not aliases:
        return list(batch), added
    return [_under(incoming, aliases, ids) for incoming in batch], added


async def _first_given(store: Store, tx: Tx, batch: Sequence[Incoming], aliases: Mapping[str, str]) -> dict[str, str]:
    """Aliases for ids that nothing is stored under yet, of resources stored under an id they had formerly."""
    earlier = {
        (draft.resource["resourceType"], draft.resource["id"]): draft.formerly
        for incoming in batch
        for draft in incoming.translation.drafts
        if draft.formerly and draft.resource["id"] not in aliases
    }
    refs = {(rtype, rid) for (rtype, now), formerly in earlier.items() for rid in (now, *formerly)}
    stored = await store.load_facts(tx, sorted(refs)) if refs else {}
    found: dict[str, str] = {}
    for (rtype, now), formerly in earlier.items():
        if (rtype, now) not in stored and (first := next((each for each in formerly if (rtype, each) in stored), "")):
            found[now] = first
    further = await _final(store, tx, sorted(found.values()))
    return {now: further.get(first, first) for now, first in found.items()}


async def _final(store: Store, tx: Tx, ids: Sequence[str]) -> dict[str, str]:
    """Where each id that has an alias leads to in the end."""
    found = await store.aliases(tx, ids)
    for _ in range(_DEEPEST):
        further = await store.aliases(tx, sorted(set(found.values()))) if found else {}
        if not further:
            break
        found = {old: further.get(rid, rid) for old, rid in found.items()}
    return found


async def _corrected(
    store: Store, tx: Tx, incoming: Incoming, aliases: Mapping[str, str], added: dict[str, str]
) -> Incoming:
    """The message with its corrections settled: aliases in `added`, and events for what is not done by an alias."""
    if not incoming.translation.identity_events:
        return incoming
    events = [
        settled
        for event in incoming.translation.identity_events
        if (settled := await _settled(store, tx, event, {**aliases, **added}, added)) is not None
    ]
    drafts = list(incoming.translation.drafts)
    known = {**aliases, **added}
    for event in events:
        if event.effect == "merge" and event not in incoming.translation.identity_events:
            drafts = [*(_replacing(draft, event, known) for draft in drafts), _replaced(event)]
    translation = replace(incoming.translation, identity_events=tuple(events), drafts=tuple(drafts))
    return replace(incoming, translation=translation)


def _replaced(event: IdentityEvent) -> Draft:
    """The Patient whose number turned out to be another's: inactive, as one merged away by an A40 is."""
    link = {"other": {"reference": f"Patient/{event.survivor}"}, "type": "replaced-by"}
    resource = {"resourceType": "Patient", "id": event.loser, "active": False, "link": [link]}
    return Draft(resource=resource, authority="", key="", patient=event.loser)


def _replacing(draft: Draft, event: IdentityEvent, aliases: Mapping[str, str]) -> Draft:
    rid = draft.resource["id"]
    if draft.resource["resourceType"] != "Patient" or aliases.get(rid, rid) != event.survivor:
        return draft
    link = {"other": {"reference": f"Patient/{event.loser}"}, "type": "replaces"}
    return replace(draft, resource={**draft.resource, "link": [*draft.resource.get("link", ()), link]})


async def _settled(
    store: Store, tx: Tx, event: IdentityEvent, aliases: Mapping[str, str], added: dict[str, str]
) -> IdentityEvent | None:
    """None if all that is to be done for the event was done before."""
    if event.effect not in {"renumber", "absorb"}:
        return event
    now, before = aliases.get(event.survivor, event.survivor), aliases.get(event.loser, event.loser)
    if now == before:
        return None
    if event.effect == "renumber" and not await _is_stored(store, tx, event.type, now):
        added[now] = before
        return event
    # Both are known: the number that is corrected was taken for another's meanwhile.
    if event.type == "Patient":
        return replace(event, effect="merge", survivor=now, loser=before)
    added[before] = now
    return replace(event, effect="absorb", survivor=now, loser=before)


async def _is_stored(store: Store, tx: Tx, rtype: str, rid: str) -> bool:
    stored = await store.load_facts(tx, [(rtype, rid)])
    return any(not version.deleted for version in stored.values())


def _ids(batch: Sequence[Incoming]) -> Iterator[set[str]]:
    """All ids of a batch, in one set unless a message has thousands."""
    found: set[str] = set()
    references: set[bytes] = set()
    for incoming in batch:
        for event in incoming.translation.identity_events:
            found.update((event.survivor, event.loser))
            references.update(map(str.encode, event.resources))
        for draft in incoming.translation.drafts:
            found.add(draft.resource["id"])
            # Written as JSON and looked through, which takes half as long as a walk through its objects.
            references.update(_REFERENCE.findall(dumps(draft.resource)))
            if len(found) + len(references) > _MOST:
                yield found | _named(references)
                found, references = set(), set()
    yield found | _named(references)


def _named(references: Iterable[bytes]) -> set[str]:
    """The ids in references; what is no local one gives a text that is nobody's alias."""
    return {reference.rpartition(b"/")[2].decode() for reference in references}


def _under(incoming: Incoming, aliases: Mapping[str, str], ids: IdMaker) -> Incoming:
    """The message under the ids first given."""
    translation = incoming.translation
    known = _with_derived(translation.drafts, aliases, lambda *key: ids(incoming.facility, *key))
    return replace(
        incoming,
        translation=replace(
            translation,
            drafts=changed(translation.drafts, lambda draft: _draft(draft, known)),
            identity_events=tuple(_event(event, known) for event in translation.identity_events),
        ),
    )


def _with_derived(
    drafts: Iterable[Draft], aliases: Mapping[str, str], make: Callable[[str, str, str], str]
) -> dict[str, str]:
    """The aliases, and those of resources whose authority is one that has an alias."""
    known = dict(aliases)
    for draft in drafts:
        authority = draft.authority
        for old, rid in known.items():
            authority = authority.replace(old, rid)
        if authority != draft.authority and draft.resource["id"] not in known:
            known[draft.resource["id"]] = make(draft.resource["resourceType"], authority, draft.key)
    return known


def _draft(draft: Draft, aliases: Mapping[str, str]) -> Draft:
    def other(text: str) -> str | None:
        target = parse_reference(text)
        return f"{target.type}/{aliases[target.id]}" if target is not None and target.id in aliases else None

    resource = copy.deepcopy(draft.resource)
    resource["id"] = aliases.get(resource["id"], resource["id"])
    rewrite(resource, other)
    patient = None if draft.patient is None else aliases.get(draft.patient, draft.patient)
    return replace(draft, resource=resource, patient=patient)


def _event(event: IdentityEvent, aliases: Mapping[str, str]) -> IdentityEvent:
    """A correction is kept as it was said; what else is said, of the ids first given."""
    if event.effect in {"renumber", "absorb"}:
        return event
    return replace(
        event,
        survivor=aliases.get(event.survivor, event.survivor),
        loser=aliases.get(event.loser, event.loser),
        resources=tuple(_reference(reference, aliases) for reference in event.resources),
    )


def _reference(reference: str, aliases: Mapping[str, str]) -> str:
    rtype, _, rid = reference.partition("/")
    return f"{rtype}/{aliases.get(rid, rid)}"
