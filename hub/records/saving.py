"""What messages made of resources goes into the store: versions, the Provenance of each message, what it confirmed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final
from uuid import UUID

from hub.db.database import Tx
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import IdMaker, reference_key
from hub.records.chain import Change, Effect
from hub.records.facts import facts_of
from hub.records.heads import Head, Incoming, Ref
from hub.records.provenance import provenance, provenance_id
from hub.store.store import Store
from hub.store.values import Stored, Write, patient_key

# A message that changed nothing has still spoken: older ones replayed later must not undo what it said.
_CONFIRM: Final = """
UPDATE resource SET source = new.source, cleared = string_to_array(new.cleared, ' ')
FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::bigint[], $5::text[]) AS new (pkey, key, version, source, cleared)
WHERE resource.pkey = new.pkey AND resource.key = new.key AND resource.version = new.version
"""


class Saving:
    """Writes in the caller's transaction."""

    def __init__(self, store: Store, ids: IdMaker, facilities: Collection[str]) -> None:
        self._store: Final = store
        self._ids: Final = ids
        self._facilities: Final = facilities

    async def save(self, tx: Tx, effects: Sequence[Effect], stored: Mapping[Ref, Stored]) -> list[Write]:
        """Write what messages did, with the Provenance of each that changed anything. Raises as `write`."""
        writes = await self.write(tx, [each for effect in effects for each in self._traced(effect, stored)], stored)
        await self.confirm(tx, effects)
        return writes

    async def write(self, tx: Tx, changes: Sequence[Change], stored: Mapping[Ref, Stored]) -> list[Write]:
        """Write versions. Raises HubError UNAVAILABLE (`lost-race`) when others changed the same resources."""
        writes = [_write(change, stored.get(change.ref)) for change in changes]
        if not writes:
            return []
        try:
            await self._store.save(tx, writes, answered=False)
        except HubError as error:
            if error.category is not Category.CONFLICT:
                raise
            raise HubError(
                Category.UNAVAILABLE,
                "others changed the same resources",
                where="ingest",
                todo="try again",
                code="lost-race",
            ) from error
        return writes

    async def confirm(self, tx: Tx, effects: Sequence[Effect]) -> None:
        """Note which message has said last what stands already."""
        heads: dict[Ref, Head] = {}
        for effect in effects:
            heads.update(effect.confirmed)
        if heads:
            rows = [
                (
                    patient_key(*ref, head.patient),
                    reference_key(*ref),
                    head.version,
                    head.source,
                    " ".join(head.cleared),
                )
                for ref, head in sorted(heads.items())
            ]
            await tx.execute(_CONFIRM, *map(list, zip(*rows, strict=True)))

    def provenance_ref(self, incoming: Incoming) -> Ref:
        """The Provenance of a message."""
        return Ref("Provenance", provenance_id(self._ids, incoming.facility, incoming.message))

    def provenance(
        self, incoming: Incoming, targets: Iterable[str], patient: str | None, stored: Mapping[Ref, Stored]
    ) -> Change:
        """The Provenance of a message that made these versions, in the record of `patient`.

        That of a message that comes again stays in the record it was first written to.
        """
        ref = self.provenance_ref(incoming)
        resource = provenance(
            ref.id,
            incoming.message,
            incoming.facility,
            targets=targets,
            received_at=incoming.received_at,
            event_time=incoming.translation.event_time,
            stated=incoming.translation.provenance,
        )
        return Change(
            ref,
            resource,
            stored[ref].patient if ref in stored else patient,
            facts_of(resource, incoming.facility, self._facilities),
            version=0,
            spoken=incoming.message,
            cleared=(),
        )

    def _traced(self, effect: Effect, stored: Mapping[Ref, Stored]) -> Iterable[Change]:
        """The versions a message makes, and its Provenance if it makes any."""
        if effect.changes:
            yield from effect.changes
            yield self.provenance(effect.incoming, targets(effect), owner(effect), stored)


def targets(effect: Effect) -> list[str]:
    """References to the versions a message makes."""
    return [f"{change.ref.type}/{change.ref.id}/_history/{change.version}" for change in effect.changes]


def owner(effect: Effect) -> str | None:
    """The first patient of whom a message changed anything."""
    return next((change.patient for change in effect.changes if change.patient is not None), None)


def _write(change: Change, current: Stored | None) -> Write:
    return Write(
        type=change.ref.type,
        id=change.ref.id,
        resource=change.resource,
        patient=change.patient,
        facts=change.facts,
        source=change.spoken,
        cleared=change.cleared,
        current=current,
        moved=change.moved,
    )


def _confirmed(ref: Ref, head: Head) -> tuple[UUID, UUID, int, int | None, str]:
    return patient_key(*ref, head.patient), reference_key(*ref), head.version, head.source, " ".join(head.cleared)
