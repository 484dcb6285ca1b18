"""Corrected keys: drafts under an id that a correction gave are put under the id first given (promise 3)."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace

from hub.db.database import Tx
from hub.fhir.references import parse_reference, rewrite
from hub.kernel.types import Draft, IdentityEvent, Json, Translation
from hub.records.chain import Incoming
from hub.store.store import Store


async def resolved(store: Store, tx: Tx, batch: Sequence[Incoming]) -> list[Incoming]:
    """`batch` with every id that has an alias replaced, in ids and in references alike."""
    aliases = await store.aliases(tx, sorted(_ids(batch)))
    if not aliases:
        return list(batch)
    return [replace(incoming, translation=_translation(incoming.translation, aliases)) for incoming in batch]


def _ids(batch: Sequence[Incoming]) -> set[str]:
    found: set[str] = set()
    for incoming in batch:
        for event in incoming.translation.identity_events:
            found.update((event.survivor, event.loser))
        for draft in incoming.translation.drafts:
            found.add(draft.resource["id"])
            _add_referred(draft.resource, found)
    return found


def _add_referred(value: Json, found: set[str]) -> None:
    """Add the ids of all local references; others give texts that are nobody's alias. On the path of every message."""
    for key, part in value.items():
        if key == "reference" and isinstance(part, str):
            found.add(part[part.rfind("/") + 1 :])
        elif isinstance(part, dict):
            _add_referred(part, found)
        elif isinstance(part, list):
            for item in part:
                if isinstance(item, dict):
                    _add_referred(item, found)


def _translation(translation: Translation, aliases: Mapping[str, str]) -> Translation:
    return replace(
        translation,
        drafts=tuple(_draft(draft, aliases) for draft in translation.drafts),
        identity_events=tuple(_event(event, aliases) for event in translation.identity_events),
    )


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
    return replace(
        event,
        survivor=aliases.get(event.survivor, event.survivor),
        loser=aliases.get(event.loser, event.loser),
    )
