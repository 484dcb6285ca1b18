"""A patient who was told of without a number, and has one when the message comes again: a correction. Reads only.

Such a patient is known by the message alone. Once it was repaired, it names the same patient by the number the facility
gave, which is what an A47 says: the number becomes another name of the first id, or, if others use it already, both
are one patient from now on (docs/decisions/0017-moves.md). So what the message had said is not refused as being about
somebody else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Final

from msgspec.structs import replace

from hub.db.database import Tx
from hub.kernel.types import IdentityEvent
from hub.records.heads import Head, Incoming, Ref, head_of
from hub.records.said import disagreeing, owners
from hub.store.store import Store

#: How the correction of a repaired message is kept among what facilities say of their numbers.
REPAIR: Final = "repair"
#: Resources of which is looked at together what stands.
_TOGETHER: Final = 1024


async def corrected(store: Store, tx: Tx, batch: Sequence[Incoming]) -> list[Incoming]:
    """The batch; a message that comes again and names its nameless patient now says so first."""
    again = [one for one in batch if one.again and not one.translation.identity_events]
    if not again:
        return list(batch)
    pairs = {one.message: await _pairs(store, tx, one) for one in again}
    patients = {Ref("Patient", before) for found in pairs.values() for _, before in found}
    people = await _heads(store, tx, patients) if patients else {}
    return [_saying(one, pairs.get(one.message, set()), people) for one in batch]


async def _heads(store: Store, tx: Tx, refs: Iterable[Ref]) -> dict[Ref, Head]:
    return {Ref(*key): head_of(version) for key, version in (await store.load(tx, sorted(refs))).items()}


async def _pairs(store: Store, tx: Tx, incoming: Incoming) -> set[tuple[str, str]]:
    """Whom the message names now, and under whom stands what it had said."""
    found: set[tuple[str, str]] = set()
    told = owners(incoming.translation.drafts)
    while some := list(islice(told, _TOGETHER)):
        stored = await store.load_facts(tx, sorted({ref for ref, _ in some}))
        facts = {Ref(*key): version for key, version in stored.items()}
        found |= {(now, before) for _, now, before in disagreeing(some, facts)}
    return found


def _saying(incoming: Incoming, pairs: set[tuple[str, str]], people: Mapping[Ref, Head]) -> Incoming:
    events = [
        IdentityEvent(kind=REPAIR, survivor=now, loser=before, effect="renumber")
        for now, before in sorted(pairs)
        if _is_known_by(incoming, people.get(Ref("Patient", before)))
    ]
    return replace(incoming, translation=replace(incoming.translation, identity_events=tuple(events)))


def _is_known_by(incoming: Incoming, patient: Head | None) -> bool:
    """Whether nobody but this message has ever told of a patient, and it gave no number."""
    if patient is None or patient.resource is None or patient.author != incoming.facility:
        return False
    return patient.source == incoming.message and "identifier" not in patient.resource
