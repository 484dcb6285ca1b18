"""Messages into the record: one bulk read, one merge in memory, one bulk write per batch, in the caller's transaction.

Nothing is locked on the way: the store refuses a write whose resource moved on since it was read, and the batch is
then tried again. So workers do not queue for the practitioners and locations that all messages name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from consent.labelling import Labelling, shipped
from hub.db.database import Tx
from hub.fhir.json import loads
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import IdMaker, reference_key
from hub.kernel.types import Issue, Json, State
from hub.mpi.registration import Statement
from hub.records.aliases import resolved
from hub.records.chain import Chain, Change, Effect
from hub.records.consequences import Consequences
from hub.records.corrections import corrected
from hub.records.facts import facts_of
from hub.records.heads import Head, Incoming, Ref, Relocated, head_of
from hub.records.identity_events import record_events
from hub.records.moves import relocations
from hub.records.provenance import provenance, provenance_id
from hub.records.repeats import Repeats
from hub.records.said import redirected, said, strangers
from hub.records.standing import Own
from hub.records.studies import with_what_they_said, withdraws
from hub.records.withdraw import contributions
from hub.store.store import Store
from hub.store.values import Stored, Write, patient_key

#: Issues of these severities make a message one to look at.
_NOTABLE: Final = frozenset({"fatal", "error", "warning"})

# A message that changed nothing has still spoken: older ones replayed later must not undo what it said.
_CONFIRM: Final = """
UPDATE resource SET source = new.source, cleared = string_to_array(new.cleared, ' ')
FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::bigint[], $5::text[]) AS new (pkey, key, version, source, cleared)
WHERE resource.pkey = new.pkey AND resource.key = new.key AND resource.version = new.version
"""


class Ingested(Struct, frozen=True, kw_only=True):
    """What became of a message: `refusal` says why it is a dead letter."""

    message: int
    outcome: State
    issues: tuple[Issue, ...] = ()
    refusal: HubError | None = None


class Touched(Struct, frozen=True, kw_only=True):
    """A resource a message would state: as it stands before all messages of the batch, and as it would stand after."""

    ref: Ref
    before: Json | None
    after: Json | None


class Rehearsed(Struct, frozen=True, kw_only=True):
    """What would become of a message."""

    ingested: Ingested
    touched: tuple[Touched, ...]


class Ingest:
    """The door in for messages of the `facilities` (codes) of a consortium; `labelling` is the shipped list if none."""

    def __init__(
        self,
        store: Store,
        ids: IdMaker,
        facilities: Collection[str],
        consequences: Consequences,
        labelling: Labelling | None = None,
    ) -> None:
        self._labelling: Final = labelling or shipped()
        self._store: Final = store
        self._ids: Final = ids
        self._facilities: Final = frozenset(facilities)
        self._consequences: Final = consequences
        self._repeats: Final = Repeats()

    async def ingest(self, tx: Tx, batch: Sequence[Incoming]) -> list[Ingested]:
        """Write what the messages of `batch` say, in order; returns what became of each.

        A message that breaks a rule is refused as a whole and touches nothing. Raises HubError UNAVAILABLE when others
        changed the same resources meanwhile (`lost-race`), or a value set of the list of labels is not known
        (`label-set`): roll back and try again.
        """
        effects: list[Effect] = []
        writes: list[Write] = []
        statements: list[Statement] = []
        for part in _parts(await corrected(self._store, tx, batch)):
            found, stored, aliases = await self._effects(tx, part)
            if all(effect.refusal is None for effect in found):
                for old_id, rid in aliases.items():
                    await self._store.add_alias(tx, old_id, rid)
            writes += await self._save(tx, found, stored)
            await _confirm(tx, found)
            statements += await record_events(tx, found)
            effects += found
        await self._consequences.follow(tx, writes, statements)
        return [_ingested(effect) for effect in effects]

    async def rehearse(self, tx: Tx, batch: Sequence[Incoming]) -> list[Rehearsed]:
        """What `ingest` would do to resources, message by message; nothing is written, nobody is identified."""
        rehearsed: list[Rehearsed] = []
        for part in _parts(await corrected(self._store, tx, batch)):
            effects, stored, _ = await self._effects(tx, part)
            before = {ref: None if head.deleted else loads(head.body) for ref, head in stored.items()}
            rehearsed += [_rehearsed(effect, before) for effect in effects]
        return rehearsed

    async def _effects(
        self, tx: Tx, batch: Sequence[Incoming]
    ) -> tuple[list[Effect], dict[Ref, Stored], dict[str, str]]:
        """What a part of a batch does, the versions it found, and the aliases it adds."""
        batch, aliases = await resolved(self._store, tx, self._ids, batch)
        batch = await with_what_they_said(self._store, tx, batch)
        stored = await self._load(tx, batch)
        relocated: dict[Ref, Relocated] = {}
        if any(incoming.translation.identity_events for incoming in batch):
            incoming, relocated = await relocations(self._store, tx, batch[0], stored)
            batch = [incoming]
        heads = {ref: head_of(version) for ref, version in stored.items()}
        batch = batch if relocated else await _redirected(tx, batch, heads)
        chain = Chain(heads, self._facilities, await self._own(tx, stored, batch), self._labelling, self._repeats)
        return [chain.apply(incoming, relocated) for incoming in batch], stored, aliases

    async def _load(self, tx: Tx, batch: Sequence[Incoming]) -> dict[Ref, Stored]:
        refs = set[Ref]().union(*map(_refs, batch))
        refs.update(self._provenance_ref(incoming) for incoming in batch if incoming.again)
        return {Ref(*key): version for key, version in (await self._store.load(tx, sorted(refs))).items()}

    async def _own(self, tx: Tx, stored: Mapping[Ref, Stored], batch: Sequence[Incoming]) -> dict[tuple[int, Ref], Own]:
        """What messages that come again contributed when they were processed before.

        A message that moved or ended something did so once, and takes nothing of it back.
        """
        found: dict[tuple[int, Ref], Own] = {}
        for incoming in batch:
            if not incoming.again or any(not e.is_about_people for e in incoming.translation.identity_events):
                continue
            refs = _refs(incoming) & stored.keys()
            for ref in refs:
                bodies = await self._bodies(tx, ref)
                found[incoming.message, ref] = contributions(incoming.message, bodies)
        return found

    async def _bodies(self, tx: Tx, ref: Ref) -> list[Json | None]:
        """Every version of a resource, oldest first, also those in the records of patients it moved from."""
        found: list[Stored] = []
        while page := await self._store.versions(tx, *ref, below=found[-1].version if found else None):
            found += page
        return [None if version.deleted else loads(version.body) for version in reversed(found)]

    async def _save(self, tx: Tx, effects: Sequence[Effect], stored: Mapping[Ref, Stored]) -> list[Write]:
        changes = [change for effect in effects for change in self._changes(effect, stored)]
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

    def _changes(self, effect: Effect, stored: Mapping[Ref, Stored]) -> Iterable[Change]:
        """The versions a message makes, and its Provenance if it makes any."""
        if not effect.changes:
            return
        yield from effect.changes
        incoming = effect.incoming
        ref = self._provenance_ref(incoming)
        resource = provenance(
            ref.id,
            incoming.message,
            incoming.facility,
            targets=[(change.ref.type, change.ref.id, change.version) for change in effect.changes],
            received_at=incoming.received_at,
            event_time=incoming.translation.event_time,
            stated=incoming.translation.provenance,
        )
        # The Provenance of a message that comes again stays in the record it was first written to.
        first = next((change.patient for change in effect.changes if change.patient is not None), None)
        patient = stored[ref].patient if ref in stored else first
        yield Change(
            ref,
            resource,
            patient,
            facts_of(resource, incoming.facility, self._facilities),
            version=0,
            spoken=incoming.message,
            cleared=(),
        )

    def _provenance_ref(self, incoming: Incoming) -> Ref:
        return Ref("Provenance", provenance_id(self._ids, incoming.facility, incoming.message))


async def _redirected(tx: Tx, batch: Sequence[Incoming], heads: Mapping[Ref, Head]) -> list[Incoming]:
    """The batch with what it says of patients who have another number, or of what has moved, put where it belongs."""
    known = {facility: await said(tx, facility, patients) for facility, patients in strangers(batch, heads).items()}
    for incoming in batch:
        if incoming.facility in known:
            known[incoming.facility].hear(incoming)
    return [
        redirected(incoming, heads, known[incoming.facility]) if incoming.facility in known else incoming
        for incoming in batch
    ]


def _parts(batch: Sequence[Incoming]) -> Iterable[Sequence[Incoming]]:
    """The batch, cut so that a message about identities stands alone, whose next are read by what it said; and so does
    one that withdraws a study, which looks for what those before it said.
    """
    together: list[Incoming] = []
    for incoming in batch:
        if incoming.translation.identity_events or withdraws(incoming):
            yield from ([together] if together else [])
            yield [incoming]
            together = []
        else:
            together.append(incoming)
    if together:
        yield together


def _refs(incoming: Incoming) -> set[Ref]:
    return {Ref(draft.resource["resourceType"], draft.resource["id"]) for draft in incoming.translation.drafts}


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


async def _confirm(tx: Tx, effects: Sequence[Effect]) -> None:
    heads: dict[Ref, Head] = {}
    for effect in effects:
        heads.update(effect.confirmed)
    if heads:
        rows = [
            (patient_key(*ref, head.patient), reference_key(*ref), head.version, head.source, " ".join(head.cleared))
            for ref, head in sorted(heads.items())
        ]
        await tx.execute(_CONFIRM, *map(list, zip(*rows, strict=True)))


def _rehearsed(effect: Effect, before: Mapping[Ref, Json | None]) -> Rehearsed:
    after = {change.ref: change.resource for change in effect.changes}
    touched = [
        Touched(ref=ref, before=before.get(ref), after=after.get(ref, before.get(ref)))
        for ref in sorted(_refs(effect.incoming) | after.keys())
    ]
    return Rehearsed(ingested=_ingested(effect), touched=tuple(touched) if effect.refusal is None else ())


def _ingested(effect: Effect) -> Ingested:
    issues = effect.incoming.translation.issues
    if effect.refusal is not None:
        outcome = State.DEAD
    elif effect.superseded:
        outcome = State.SUPERSEDED
    else:
        outcome = State.WARNINGS if any(issue.severity in _NOTABLE for issue in issues) else State.DONE
    return Ingested(message=effect.incoming.message, outcome=outcome, issues=issues, refusal=effect.refusal)
