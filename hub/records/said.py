"""What a facility has said of its patients: which of its numbers are one patient, and what moved between them."""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from msgspec.structs import replace

from hub.db.database import Tx
from hub.fhir.json import loads
from hub.fhir.references import rewrite
from hub.kernel.types import Draft, Json
from hub.records.heads import Head, Incoming, Ref
from hub.store.values import Stored

#: What is read of patients who are one with patients who are one with ...
_ROUNDS: Final = 8
_UNMERGE: Final = "A37"

_SAID: Final = """
SELECT kind, survivor, loser, message, detail FROM identity_event
WHERE facility = $1 AND (survivor = ANY($2::text[]) OR loser = ANY($2::text[])) ORDER BY message, id
"""


@dataclass(frozen=True, slots=True)
class Move:
    """`message` moved `resources` (references) from the patient `loser` to `survivor`."""

    message: int
    survivor: str
    loser: str
    resources: frozenset[str]


@dataclass(slots=True)
class Said:
    """Statements of one facility about some of its patients, in order."""

    groups: dict[str, set[str]] = field(default_factory=dict)
    moves: list[Move] = field(default_factory=list)
    messages: set[int] = field(default_factory=set)

    def hear(self, incoming: Incoming) -> None:
        """Add what a message says itself of who is one patient, unless it was heard when it came before."""
        if incoming.message not in self.messages:
            for event in incoming.translation.identity_events:
                if event.is_about_people:
                    _add(self, event.kind, event.survivor, event.loser, incoming.message, {})

    def same(self, one: str, other: str) -> bool:
        """Whether the facility says that two numbers are one patient."""
        return other in self.groups.get(one, ())

    def moved_to(self, patient: str, message: int) -> str:
        """Where what `message` says of `patient` is now, as far as moves go that came after it."""
        for move in self.moves:
            if move.message > message and move.loser == patient:
                patient = move.survivor
        return patient

    def moved_since(self, resources: Collection[str], message: int) -> bool:
        """Whether a message after `message` moved one of these resources."""
        return any(move.message > message and not move.resources.isdisjoint(resources) for move in self.moves)


async def said(tx: Tx, facility: str, patients: Collection[str]) -> Said:
    """What `facility` has said of `patients`, and of those it made one with them."""
    named, rows = set(patients), []
    for _ in range(_ROUNDS):
        rows = await tx.fetch(_SAID, facility, sorted(named))
        found = {patient for row in rows for patient in (row["survivor"], row["loser"])}
        if found <= named:
            break
        named |= found
    result = Said()
    for row in rows:
        _add(result, row["kind"], row["survivor"], row["loser"], row["message"], loads(row["detail"]))
    return result


def _add(result: Said, kind: str, survivor: str, loser: str, message: int, detail: Json) -> None:
    result.messages.add(message)
    if detail.get("effect") == "move":
        resources = frozenset(str(detail.get("resources", "")).split())
        result.moves.append(Move(message, survivor, loser, resources))
    elif kind == _UNMERGE:
        _part(result.groups, loser)
    elif "effect" not in detail:
        together = result.groups.get(survivor, {survivor}) | result.groups.get(loser, {loser})
        result.groups.update(dict.fromkeys(together, together))


def _part(groups: dict[str, set[str]], patient: str) -> None:
    left = groups.pop(patient, {patient}) - {patient}
    groups.update(dict.fromkeys(left, left))


def strangers(batch: Sequence[Incoming], heads: Mapping[Ref, Head]) -> dict[str, set[str]]:
    """By facility, the patients of drafts and stored resources that do not agree on whom they are about."""
    found: dict[str, set[str]] = {}
    for incoming in batch:
        for _, told, stands in disagreeing(owners(incoming.translation.drafts), heads):
            found.setdefault(incoming.facility, set()).update((told, stands))
    return found


def owners(drafts: Iterable[Draft]) -> Iterator[tuple[Ref, str | None]]:
    """Whom each resource of a message is about."""
    for draft in drafts:
        yield Ref(draft.resource["resourceType"], draft.resource["id"]), draft.patient


def disagreeing(
    told: Iterable[tuple[Ref, str | None]], stored: Mapping[Ref, Head | Stored]
) -> Iterator[tuple[Ref, str, str]]:
    """Resources that are told of as being about one patient, and are about another as they stand."""
    for ref, patient in told:
        stands = stored.get(ref)
        if patient is not None and stands is not None and stands.patient not in (None, patient):
            yield ref, patient, str(stands.patient)


def redirected(incoming: Incoming, heads: Mapping[Ref, Head], known: Said) -> Incoming:
    """The message with what it says of a patient who has another number now put where the facility says it belongs.

    A resource stays with the number it was first told under when the facility made one patient of two. What was moved
    since the message was sent has moved for all the message says of it.
    """
    to: dict[Ref, str] = {}
    moved: set[str] = set()
    for ref, told, stands in disagreeing(owners(incoming.translation.drafts), heads):
        if known.same(told, stands):
            to[ref] = stands
        elif known.moved_to(told, incoming.message) == stands:
            to[ref] = stands
            moved.add(f"{ref.type}/{ref.id}")
    if not to:
        return incoming
    _follow(incoming.translation.drafts, moved, to)
    drafts = tuple(
        _about(draft, to.get(Ref(draft.resource["resourceType"], draft.resource["id"])))
        for draft in incoming.translation.drafts
    )
    return replace(incoming, translation=replace(incoming.translation, drafts=drafts))


def _follow(drafts: Sequence[Draft], moved: set[str], to: dict[Ref, str]) -> None:
    """Add to `to` what refers to the `moved`, however far."""
    patient = next((to[Ref(*reference.split("/"))] for reference in moved), None)
    found = bool(moved)
    while found and patient is not None:
        found = False
        for draft in drafts:
            ref = Ref(draft.resource["resourceType"], draft.resource["id"])
            if draft.patient is not None and ref.type != "Patient" and ref not in to and _refers(draft.resource, moved):
                to[ref] = patient
                moved.add(f"{ref.type}/{ref.id}")
                found = True


def _refers(value: object, references: Collection[str]) -> bool:
    if isinstance(value, dict):
        return value.get("reference") in references or any(_refers(part, references) for part in value.values())
    return isinstance(value, list) and any(_refers(part, references) for part in value)


def _about(draft: Draft, patient: str | None) -> Draft:
    if patient is None or draft.patient is None:
        return draft
    resource = copy.deepcopy(draft.resource)
    rewrite(resource, {f"Patient/{draft.patient}": f"Patient/{patient}"}.get)
    return replace(draft, resource=resource, patient=patient)
