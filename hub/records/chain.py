"""A batch of messages in memory: each draft is merged with what the messages before it left. Pure.

Every message that changes a resource gives it a version of its own, also within a batch: so each version has one
source, and the version before a message's own can be found when that message is replayed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Final, TypeAlias

from msgspec import Struct, field
from msgspec.structs import replace

from consent.labelling import HOLDERS, WHOLE, Labelling, shipped, spreading, with_labels
from consent.tables import ACT_CODE
from hub.fhir.compartments import is_about_patients
from hub.fhir.references import parse_reference, references
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Draft, Json
from hub.records.facts import facts_of
from hub.records.heads import Head, Incoming, Ref, Relocated
from hub.records.merge import refuse_other_subject, same, subject_changed
from hub.records.provenance import message_source
from hub.records.relocation import corrected
from hub.records.repeats import Repeats
from hub.records.standing import Own, Standing, begin_with, relocated_for
from hub.store.values import Facts


class Change(Struct, frozen=True):
    """A version to write. `spoken` is the newest message that has spoken about the resource."""

    ref: Ref
    resource: Json
    patient: str | None
    facts: Facts
    version: int
    spoken: int | None
    cleared: tuple[str, ...]
    moved: bool = False


class Effect(Struct):
    """What one message does: versions to write, heads it confirmed as they stand, or why it was refused as a whole."""

    incoming: Incoming
    changes: list[Change] = field(default_factory=list)
    confirmed: dict[Ref, Head] = field(default_factory=dict)
    held_back: bool = False
    refusal: HubError | None = None

    @property
    def superseded(self) -> bool:
        """Whether newer messages had settled all it says."""
        nothing = not self.changes and not self.confirmed and not self.incoming.translation.identity_events
        return self.held_back and nothing


#: By resource: whom it is about, and its labels that hold for what holds it.
Strict: TypeAlias = dict[Ref, tuple[str | None, frozenset[str]]]


class Chain:
    """The heads of all resources a batch touches; messages are applied in order.

    `own`: what messages that come again contributed before, by message and resource. `repeats`: merges of earlier
    batches under the same `labelling`.
    """

    def __init__(
        self,
        heads: Mapping[Ref, Head],
        facilities: Collection[str],
        own: Mapping[tuple[int, Ref], Own] | None = None,
        labelling: Labelling | None = None,
        repeats: Repeats | None = None,
    ) -> None:
        self._labelling: Final = labelling or shipped()
        self._repeats: Final = repeats or Repeats()
        self._heads: Final = dict(heads)
        self._facilities: Final = facilities
        self._own: Final = own or {}

    def apply(
        self, incoming: Incoming, relocated: Mapping[Ref, Relocated] | None = None, strict: Strict | None = None
    ) -> Effect:
        """Merge every draft of `incoming`. A refusal leaves all heads as they were: a message counts whole or not.

        `relocated`: what its identity events make of resources that are stored, before its drafts are merged. `strict`:
        of a message that comes in portions, what was strict in those before; what is in this one is added.
        Raises HubError UNAVAILABLE while a value set of the list of labels is not known: the message waits.
        """
        effect = Effect(incoming)
        heads: dict[Ref, Head] = {}
        try:
            merged = self._merged(incoming, relocated or {})
            self._label(merged, {} if strict is None else strict)
            for ref in list(merged):
                standing = merged.pop(ref)  # each is let go of as it is concluded
                effect.held_back = effect.held_back or standing.held_back
                self._conclude(ref, standing, effect, heads)
        except HubError as refusal:
            if refusal.category is Category.UNAVAILABLE:
                raise
            return Effect(incoming, refusal=refusal)
        self._heads.update(heads)
        return effect

    def _merged(self, incoming: Incoming, relocated: Mapping[Ref, Relocated]) -> dict[Ref, Standing]:
        relocated = {**corrected(incoming, self._heads), **relocated}
        found = {ref: relocated_for(self._heads[ref], incoming, each) for ref, each in relocated.items()}
        for stated in incoming.translation.drafts:
            ref = Ref(stated.resource["resourceType"], stated.resource["id"])
            draft = _of_stored(stated, self._heads.get(ref)) if stated.only_stored and ref not in found else stated
            if draft is None:
                continue
            _refuse_nobody(ref, draft)
            if ref not in found:
                own = self._own.get((incoming.message, ref))
                found[ref] = begin_with(self._heads.get(ref), incoming, draft, own)
                if ref.type not in HOLDERS:  # what they hold may be said by others of the message
                    found[ref].begin(draft, self._repeats)
                    continue
            found[ref].add(draft)
        return found

    def _label(self, merged: Mapping[Ref, Standing], strict: Strict) -> None:
        """Label what a message makes of its resources; what holds others is as strict as they are."""
        for ref, standing in merged.items():
            # What stands was labelled when it was written; by value sets, as they were in force then.
            if standing.resource is None or (standing.repeats and not self._labelling.sets.urls):
                continue
            standing.resource = with_labels(standing.resource, self._labelling.labels(standing.resource))
            if ref.type in HOLDERS and standing.head is not None and standing.head.resource is not None:
                # What it holds need not stand in this message: what was spread to it stays.
                standing.resource = _still(standing.resource, standing.head.resource)
            if standing.head is not None:
                standing.resource = with_labels(standing.resource, standing.head.labels)
        for _ in merged:  # what holds one that holds another: a step each time, until nothing is added
            if not self._spread(merged, strict):
                break

    def _spread(self, merged: Mapping[Ref, Standing], strict: Strict) -> bool:
        """One step from what is strict to what holds it; whether it added anything."""
        for ref, standing in merged.items():
            if standing.resource is not None and (found := spreading(standing.resource)):
                strict[ref] = standing.patient, found
        added = False
        for ref, standing in merged.items() if strict else ():
            if standing.resource is not None and ref.type in HOLDERS:
                held = strict if ref.type in WHOLE else _referred(standing.resource, strict)
                own = [labels for patient, labels in map(strict.__getitem__, held) if patient == standing.patient]
                labelled = with_labels(standing.resource, frozenset().union(*own))
                added = added or labelled is not standing.resource
                standing.resource = labelled
        return added

    def _conclude(self, ref: Ref, standing: Standing, effect: Effect, heads: dict[Ref, Head]) -> None:
        head, resource, incoming = standing.head, standing.resource, effect.incoming
        if resource is None:
            return
        spoken = head.source if head and standing.stays_spoken else incoming.message
        if (
            head is not None
            and head.resource is not None
            and (resource is head.resource or same(resource, head.resource))
        ):
            if standing.merge and not standing.settled:
                self._repeats.keep(standing.merge, standing.cleared)
            if not standing.settled and standing.patient is not None:
                heads[ref] = effect.confirmed[ref] = replace(head, source=spoken, cleared=standing.cleared)
            return
        facts = facts_of(resource, incoming.facility, self._facilities)
        if head is not None:
            _refuse_foreign(ref, head, incoming.facility, facts)
            _refuse_move(ref, head, standing)
        change = Change(
            ref,
            {**resource, "meta": _sourced(resource.get("meta"), incoming.message)},
            standing.patient,
            facts,
            version=head.version + 1 if head else 1,
            spoken=spoken,
            cleared=standing.cleared,
            moved=head is not None and head.patient != standing.patient,
        )
        effect.changes.append(change)
        heads[ref] = _head_after(change, incoming)


def _sourced(meta: Json | None, message: int) -> Json:
    """The meta of what a message wrote, not to be changed: one for all that have nothing else in it."""
    return {**meta, **_source(message)} if meta else _source(message)


@lru_cache(maxsize=16)
def _source(message: int) -> Json:
    return {"source": message_source(message)}


def _still(resource: Json, before: Json) -> Json:
    """`resource` with the sensitivity that stood before."""
    return with_labels(resource, (label for label in spreading(before) if label.startswith(f"{ACT_CODE}|")))


def _referred(resource: Json, among: Collection[Ref]) -> set[Ref]:
    """Which of some resources another one refers to."""
    targets = (parse_reference(text) for text in references(resource))
    return {ref for one in targets if one is not None and (ref := Ref(one.type, one.id)) in among}


def _of_stored(draft: Draft, head: Head | None) -> Draft | None:
    """What is said of a resource that stands, about whom it stands; None where it does not."""
    if head is None or head.resource is None:
        return None
    return replace(draft, patient=draft.patient or head.patient)


def _refuse_nobody(ref: Ref, draft: Draft) -> None:
    """A clinical statement about nobody could never be found, and nobody could be asked for consent to it."""
    if draft.patient is None and is_about_patients(ref.type):
        raise HubError(
            Category.INVALID,
            "is about no patient",
            where=ref.type,
            todo="repair the message with the patient's identifiers, or name them in the facility profile",
            code="no-patient",
        )


def _head_after(change: Change, incoming: Incoming) -> Head:
    return Head(
        resource=change.resource,
        version=change.version,
        source=change.spoken,
        updated=incoming.received_at,
        cleared=change.cleared,
        author=change.facts.author_org,
        patient=change.patient,
    )


def _refuse_foreign(ref: Ref, head: Head, facility: str, facts: Facts) -> None:
    """A feed writes as its facility; it may update what that facility answers for, and nothing else."""
    if head.author not in {facility, facts.author_org}:
        raise HubError(
            Category.FORBIDDEN,
            "belongs to another facility",
            where=ref.type,
            todo="check the identifier authorities in the facility profile",
            code="other-facility",
        )


def _refuse_move(ref: Ref, head: Head, standing: Standing) -> None:
    if standing.relocated is not None:
        return
    if head.patient != standing.patient:
        raise subject_changed(ref.type)
    if head.resource is not None and standing.resource is not None:
        refuse_other_subject(standing.resource, head.resource)
