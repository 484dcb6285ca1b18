"""A batch of messages in memory: each draft is merged with what the messages before it left. Pure.

Every message that changes a resource gives it a version of its own, also within a batch: so each version has one
source, and the version before a message's own can be found when that message is replayed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, NamedTuple

from consent.labelling import HOLDERS, WHOLE, Labelling, shipped, spreading, with_labels
from consent.tables import ACT_CODE
from hub.fhir.compartments import is_about_patients
from hub.fhir.json import loads
from hub.fhir.references import parse_reference, references
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Draft, Json, Translation
from hub.records.dating import newer_stands
from hub.records.facts import facts_of
from hub.records.merge import merge, refuse_other_subject, same, subject_changed
from hub.records.provenance import message_source
from hub.records.withdraw import Contribution, withdraw
from hub.store.values import Facts, Stored

#: What a message contributed to one resource when it was processed before, by element.
Own = Mapping[str, Contribution]


class Ref(NamedTuple):
    """A resource by type and id."""

    type: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A translated message on its way in. `again`: it was processed before."""

    message: int
    feed: str
    facility: str
    translation: Translation
    received_at: datetime
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The newest version of a resource as the batch sees it.

    `resource` is None for a deleted one. `source`: the newest message that spoke about it. `author`: code of the
    organisation that answers for it.
    """

    resource: Json | None
    version: int
    source: int | None
    updated: datetime | None
    cleared: tuple[str, ...]
    author: str
    patient: str | None

    def settled_for(self, incoming: Incoming) -> bool:
        """Whether something newer than `incoming` spoke: another message, or a client after its receipt."""
        if self.source is not None:
            return self.source > incoming.message
        return self.updated is not None and self.updated > incoming.received_at


@dataclass(frozen=True, slots=True)
class Change:
    """A version to write. `spoken` is the newest message that has spoken about the resource."""

    ref: Ref
    resource: Json
    patient: str | None
    facts: Facts
    version: int
    spoken: int | None
    cleared: tuple[str, ...]
    moved: bool = False


@dataclass(frozen=True, slots=True)
class Relocated:
    """How a stored resource should stand before a message is merged into it: about whom, saying what."""

    resource: Json
    patient: str | None


@dataclass(slots=True)
class Effect:
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


@dataclass(slots=True)
class _Standing:
    """One resource while one message is merged into it, which may state it several times."""

    head: Head | None
    settled: bool
    resource: Json | None
    cleared: tuple[str, ...]
    patient: str | None
    own: frozenset[str] = frozenset()
    held_back: bool = False
    relocated: Relocated | None = None

    def add(self, draft: Draft) -> None:
        if self.relocated is not None and draft.patient != self.patient:
            raise subject_changed(draft.resource["resourceType"])
        if self.settled and self.resource is None:
            self.held_back = True  # deleted since
            return
        self.settled = self.settled or newer_stands(draft, self.resource)
        merged = merge(draft, self.resource, self.cleared, settled=self.settled, own=self.own)
        self.resource, self.cleared = merged.resource, merged.cleared
        self.held_back = self.held_back or merged.held_back


def head_of(stored: Stored) -> Head:
    """The head for a stored version."""
    return Head(
        resource=None if stored.deleted else loads(stored.body),
        version=stored.version,
        source=stored.source,
        updated=stored.updated,
        cleared=tuple(stored.cleared),
        author=stored.facts.author_org,
        patient=stored.patient,
    )


class Chain:
    """The heads of all resources a batch touches; messages are applied in order.

    `own`: what messages that come again contributed before, by message and resource.
    """

    def __init__(
        self,
        heads: Mapping[Ref, Head],
        facilities: Collection[str],
        own: Mapping[tuple[int, Ref], Own] | None = None,
        labelling: Labelling | None = None,
    ) -> None:
        self._labelling: Final = labelling or shipped()
        self._heads: Final = dict(heads)
        self._facilities: Final = facilities
        self._own: Final = own or {}

    def apply(self, incoming: Incoming, relocated: Mapping[Ref, Relocated] | None = None) -> Effect:
        """Merge every draft of `incoming`. A refusal leaves all heads as they were: a message counts whole or not.

        `relocated`: what its identity events make of resources that are stored, before its drafts are merged.
        """
        effect = Effect(incoming)
        heads: dict[Ref, Head] = {}
        try:
            merged = self._merged(incoming, relocated or {})
            self._label(merged)
            for ref, standing in merged.items():
                effect.held_back = effect.held_back or standing.held_back
                self._conclude(ref, standing, effect, heads)
        except HubError as refusal:
            return Effect(incoming, refusal=refusal)
        self._heads.update(heads)
        return effect

    def _merged(self, incoming: Incoming, relocated: Mapping[Ref, Relocated]) -> dict[Ref, _Standing]:
        found = {ref: _relocate(self._heads[ref], incoming, each) for ref, each in relocated.items()}
        for stated in incoming.translation.drafts:
            ref = Ref(stated.resource["resourceType"], stated.resource["id"])
            draft = _of_stored(stated, self._heads.get(ref)) if stated.only_stored and ref not in found else stated
            if draft is None:
                continue
            _refuse_nobody(ref, draft)
            if ref not in found:
                own = self._own.get((incoming.message, ref))
                found[ref] = _begin(self._heads.get(ref), incoming, draft, own)
            found[ref].add(draft)
        return found

    def _label(self, merged: Mapping[Ref, _Standing]) -> None:
        """Label what a message makes of its resources; what holds others is as strict as they are."""
        for ref, standing in merged.items():
            if standing.resource is None:
                continue
            standing.resource = with_labels(standing.resource, self._labelling.labels(standing.resource))
            if ref.type in HOLDERS and standing.head is not None and standing.head.resource is not None:
                # What it holds need not stand in this message: what was spread to it stays.
                standing.resource = _still(standing.resource, standing.head.resource)
        for _ in merged:  # what holds one that holds another: a step each time, until nothing is added
            if not self._spread(merged):
                break

    def _spread(self, merged: Mapping[Ref, _Standing]) -> bool:
        """One step from what is strict to what holds it; whether it added anything."""
        strict = {
            ref: found
            for ref, standing in merged.items()
            if standing.resource is not None and (found := spreading(standing.resource))
        }
        added = False
        for ref, standing in merged.items() if strict else ():
            if standing.resource is not None and ref.type in HOLDERS:
                held = strict if ref.type in WHOLE else _referred(standing.resource, strict)
                own = [strict[other] for other in held if merged[other].patient == standing.patient]
                labelled = with_labels(standing.resource, frozenset().union(*own))
                added = added or labelled is not standing.resource
                standing.resource = labelled
        return added

    def _conclude(self, ref: Ref, standing: _Standing, effect: Effect, heads: dict[Ref, Head]) -> None:
        head, resource, incoming = standing.head, standing.resource, effect.incoming
        if resource is None:
            return
        if head is not None and head.resource is not None and same(resource, head.resource):
            if not standing.settled and standing.patient is not None:
                heads[ref] = effect.confirmed[ref] = replace(head, source=incoming.message, cleared=standing.cleared)
            return
        facts = facts_of(resource, incoming.facility, self._facilities)
        if head is not None:
            _refuse_foreign(ref, head, incoming.facility, facts)
            _refuse_move(ref, head, standing)
        change = Change(
            ref,
            {**resource, "meta": {**resource.get("meta", {}), "source": message_source(incoming.message)}},
            standing.patient,
            facts,
            version=head.version + 1 if head else 1,
            spoken=head.source if head and standing.settled else incoming.message,
            cleared=standing.cleared,
            moved=head is not None and head.patient != standing.patient,
        )
        effect.changes.append(change)
        heads[ref] = _head_after(change, incoming)


def _still(resource: Json, before: Json) -> Json:
    """`resource` with the sensitivity that stood before."""
    return with_labels(resource, (label for label in spreading(before) if label.startswith(f"{ACT_CODE}|")))


def _referred(resource: Json, among: Collection[Ref]) -> set[Ref]:
    """Which of some resources another one refers to."""
    targets = (parse_reference(text) for text in references(resource))
    return {Ref(one.type, one.id) for one in targets if one is not None} & set(among)


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


def _begin(head: Head | None, incoming: Incoming, draft: Draft, own: Own | None) -> _Standing:
    if head is None:
        return _Standing(None, settled=False, resource=None, cleared=(), patient=draft.patient)
    standing = _Standing(head, head.settled_for(incoming), head.resource, head.cleared, draft.patient)
    # A newer snapshot has stated all that stands, also what it has in common with this one.
    open_to_it = draft.merge == "overlay" or not standing.settled
    if own and head.resource is not None and open_to_it:
        standing.resource, standing.own = withdraw(head.resource, own)
    return standing


def _relocate(head: Head, incoming: Incoming, relocated: Relocated) -> _Standing:
    settled = head.settled_for(incoming)
    standing = _Standing(head, settled, relocated.resource, head.cleared, relocated.patient)
    standing.relocated = relocated
    return standing


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


def _refuse_move(ref: Ref, head: Head, standing: _Standing) -> None:
    if standing.relocated is not None:
        return
    if head.patient != standing.patient:
        raise subject_changed(ref.type)
    if head.resource is not None and standing.resource is not None:
        refuse_other_subject(standing.resource, head.resource)
