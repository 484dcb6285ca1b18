"""Messages into the record: one bulk read, one merge in memory, one bulk write per batch, in the caller's transaction.

Nothing is locked on the way: the store refuses a write whose resource moved on since it was read, and the batch is
then tried again. So workers do not queue for the practitioners and locations that all messages name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct, field

from consent.labelling import Labelling, shipped
from hub.db.database import Tx
from hub.fhir.json import loads
from hub.fhir.packed import Packed
from hub.kernel.errors import HubError
from hub.kernel.ids import IdMaker
from hub.kernel.types import Issue, Json, State
from hub.mpi.registration import Statement
from hub.records.aliases import resolved
from hub.records.chain import Chain, Effect, Strict
from hub.records.consequences import Consequences
from hub.records.corrections import corrected
from hub.records.heads import Head, Incoming, Ref, Relocated, head_of
from hub.records.identity_events import record_events
from hub.records.moves import relocations
from hub.records.portions import is_long, portions
from hub.records.repeats import Repeats
from hub.records.said import redirected, said, strangers
from hub.records.saving import Saving, owner, targets
from hub.records.standing import Own
from hub.records.studies import with_what_they_said, withdraws
from hub.records.withdraw import contributions
from hub.store.store import Store
from hub.store.values import Stored, Write

#: Issues of these severities make a message one to look at.
_NOTABLE: Final = frozenset({"fatal", "error", "warning"})


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
        self._saving: Final = Saving(store, ids, self._facilities)
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
            known, aliases = await self._known(tx, part)
            found, written = await self._written(tx, known)
            if all(effect.refusal is None for effect in found):
                for old_id, rid in aliases.items():
                    await self._store.add_alias(tx, old_id, rid)
            writes += written
            statements += await record_events(tx, found)
            effects += found
        await self._consequences.follow(tx, writes, statements)
        return [_ingested(effect) for effect in effects]

    async def rehearse(self, tx: Tx, batch: Sequence[Incoming]) -> list[Rehearsed]:
        """What `ingest` would do to resources, message by message; nothing is written, nobody is identified."""
        rehearsed: list[Rehearsed] = []
        for part in _parts(await corrected(self._store, tx, batch)):
            known, _ = await self._known(tx, part)
            effects, stored = await self._effects(tx, known)
            before = {ref: None if head.deleted else loads(head.body) for ref, head in stored.items()}
            rehearsed += [_rehearsed(effect, before) for effect in effects]
        return rehearsed

    async def _known(self, tx: Tx, batch: Sequence[Incoming]) -> tuple[list[Incoming], dict[str, str]]:
        """A part of a batch under the ids that its resources are known by, and the aliases it adds."""
        batch, aliases = await resolved(self._store, tx, self._ids, batch)
        return await with_what_they_said(self._store, tx, batch), aliases

    async def _written(self, tx: Tx, batch: Sequence[Incoming]) -> tuple[list[Effect], list[Write]]:
        """Write what a part of a batch does; what of it is to be followed."""
        if is_long(batch[0]):
            try:
                async with tx.transaction():
                    return await self._in_portions(tx, batch[0])
            except _RefusedError as refused:
                return [Effect(batch[0], refusal=refused.refusal)], []
            except _ElsewhereError:
                pass  # it is taken whole
        effects, stored = await self._effects(tx, batch)
        return effects, await self._saving.save(tx, effects, stored)

    async def _in_portions(self, tx: Tx, incoming: Incoming) -> tuple[list[Effect], list[Write]]:
        """As `_written`, with one portion of the message in memory. Raises _RefusedError, _ElsewhereError."""
        long = _Long(Effect(incoming))
        for portion in portions(incoming):
            await self._portion(tx, portion, long)
            del portion
        if long.made:
            stored = await self._stored(tx, {self._saving.provenance_ref(incoming)} if incoming.again else set())
            long.whole.changes = [self._saving.provenance(incoming, long.made, long.patient, stored)]
            await self._saving.write(tx, long.whole.changes, stored)
        return [long.whole], long.writes

    async def _portion(self, tx: Tx, portion: Incoming, long: _Long) -> None:
        effects, stored = await self._effects(tx, [portion], long.strict)
        (effect,) = effects
        if effect.refusal is not None:
            raise _RefusedError(effect.refusal)
        written = await self._saving.write(tx, effect.changes, stored)
        await self._saving.confirm(tx, effects)
        long.writes += await self._consequences.begin(tx, written)
        long.made.extend(targets(effect))
        long.patient = long.patient or owner(effect)
        long.whole.held_back = long.whole.held_back or effect.held_back
        long.whole.confirmed = effect.confirmed or long.whole.confirmed

    async def _effects(
        self, tx: Tx, batch: Sequence[Incoming], strict: Strict | None = None
    ) -> tuple[list[Effect], dict[Ref, Stored]]:
        """What a part of a batch does, and the versions it found. `strict`: as in `Chain.apply`, of a portion, which
        raises _ElsewhereError where what it says belongs elsewhere: then the rest of its message may too.
        """
        stored = await self._load(tx, batch)
        relocated: dict[Ref, Relocated] = {}
        if any(incoming.translation.identity_events for incoming in batch):
            incoming, relocated = await relocations(self._store, tx, batch[0], stored)
            batch = [incoming]
        heads = {ref: head_of(version) for ref, version in stored.items()}
        if not relocated and (apart := strangers(batch, heads)):
            if strict is not None:
                raise _ElsewhereError
            batch = await _redirected(tx, batch, heads, apart)
        chain = Chain(heads, self._facilities, await self._own(tx, heads, batch), self._labelling, self._repeats)
        return [chain.apply(incoming, relocated, strict) for incoming in batch], stored

    async def _load(self, tx: Tx, batch: Sequence[Incoming]) -> dict[Ref, Stored]:
        refs = set[Ref]().union(*map(_refs, batch))
        refs.update(self._saving.provenance_ref(incoming) for incoming in batch if incoming.again)
        return await self._stored(tx, refs)

    async def _stored(self, tx: Tx, refs: Collection[Ref]) -> dict[Ref, Stored]:
        return {Ref(*key): version for key, version in (await self._store.load(tx, sorted(refs))).items()}

    async def _own(self, tx: Tx, heads: Mapping[Ref, Head], batch: Sequence[Incoming]) -> dict[tuple[int, Ref], Own]:
        """What messages that come again contributed when they were processed before.

        A message that moved or ended something did so once, and takes nothing of it back.
        """
        found: dict[tuple[int, Ref], Own] = {}
        for incoming in batch:
            if not incoming.again or any(not e.is_about_people for e in incoming.translation.identity_events):
                continue
            versions = await self._store.all_versions(tx, _refs(incoming) & heads.keys())
            for key, each in versions.items():
                ref = Ref(*key)
                bodies = (_body(version, heads[ref]) for version in each)
                found[incoming.message, ref] = contributions(incoming.message, bodies)
        return found


class _Long(Struct):
    """A long message half way: what is known of all of it, and what its portions leave behind.

    `made` are the versions it made, `writes` those of them that have consequences, `patient` the first it is about.
    """

    whole: Effect
    strict: Strict = field(default_factory=dict)
    made: Packed[str] = field(default_factory=lambda: Packed(str, str))
    writes: list[Write] = field(default_factory=list)
    patient: str | None = None


class _RefusedError(Exception):
    """A portion of a message breaks a rule."""

    def __init__(self, refusal: HubError) -> None:
        super().__init__()
        self.refusal: Final = refusal


class _ElsewhereError(Exception):
    """A portion of a message is about another patient than what is stored."""


def _body(version: Stored, head: Head) -> Json | None:
    """What a version says; of the one that stands the head has it already."""
    if version.version == head.version:
        return head.resource
    return None if version.deleted else loads(version.body)


async def _redirected(
    tx: Tx, batch: Sequence[Incoming], heads: Mapping[Ref, Head], apart: Mapping[str, set[str]]
) -> list[Incoming]:
    """The batch with what it says of patients who have another number, or of what has moved, put where it belongs.

    `apart`: these patients, by facility.
    """
    known = {facility: await said(tx, facility, patients) for facility, patients in apart.items()}
    for incoming in batch:
        if incoming.facility in known:
            known[incoming.facility].hear(incoming)
    return [
        redirected(incoming, heads, known[incoming.facility]) if incoming.facility in known else incoming
        for incoming in batch
    ]


def _parts(batch: Sequence[Incoming]) -> Iterable[Sequence[Incoming]]:
    """The batch, cut so that a message about identities stands alone, whose next are read by what it said; and so do
    a long one, and one that withdraws a study, which looks for what those before it said.
    """
    together: list[Incoming] = []
    for incoming in batch:
        if incoming.translation.identity_events or is_long(incoming) or withdraws(incoming):
            yield from ([together] if together else [])
            yield [incoming]
            together = []
        else:
            together.append(incoming)
    if together:
        yield together


def _refs(incoming: Incoming) -> set[Ref]:
    return {Ref(draft.resource["resourceType"], draft.resource["id"]) for draft in incoming.translation.drafts}


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
