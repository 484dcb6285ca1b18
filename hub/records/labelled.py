"""What clients write, labelled: by what it says, by what it holds; and a Binary bound to whom its context is about.

A resource that holds others is as strict as they are (attack list, 23 and 24): its text may repeat them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from msgspec import structs

from consent.labelling import HOLDERS, Labelling, spreading, with_labels
from hub.db.database import Tx
from hub.fhir.references import parse_reference, references
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.records.facts import labels_in
from hub.store.store import Store
from hub.store.values import Write

_BINARY: Final = "Binary"

Ref = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Held:
    """What matters of a resource that another one holds: whom it is about, and how strict it is."""

    patient: str | None
    labels: frozenset[str]


async def labelled(
    tx: Tx, store: Store, writes: Sequence[Write], labelling: Labelling, *, stands: bool = False
) -> list[Write]:
    """The writes as they are to be saved, each with its labels in meta.security and in its release facts.

    `stands`: they say what is stored already, so whom a Binary is about is settled. Raises HubError INVALID for a
    Binary that would go over to another patient.
    """
    own = [_said(write, labelling) for write in writes]
    held = {(write.type, write.id): _Held(write.patient, spreading(write.resource)) for write in own if write.resource}
    wanted = {ref for write in own if write.resource and write.type in HOLDERS for ref in _targets(write.resource)}
    stored = await store.load_facts(tx, sorted(wanted - held.keys())) if wanted - held.keys() else {}
    held |= {ref: _Held(row.patient, spreading(_security(row.facts.labels))) for ref, row in stored.items()}
    found = own
    for _ in own:  # what holds one that holds another: a step each time, until nothing is added
        found = [_holding(write, held, stands) for write in own]
        said = {(one.type, one.id): _Held(one.patient, spreading(one.resource)) for one in found if one.resource}
        after = held | said
        if after == held:
            break
        held = after
    return found


def _said(write: Write, labelling: Labelling) -> Write:
    return write if write.resource is None else _with(write, labelling.labels(write.resource))


def _holding(write: Write, held: Mapping[Ref, _Held], stands: bool) -> Write:
    """A write with the labels of what it holds."""
    if write.resource is None or write.type not in HOLDERS:
        return write
    parts = [held[ref] for ref in _targets(write.resource) if ref in held]
    if write.type == _BINARY and not stands:
        write = _bound(write, parts)
    return _with(write, {label for part in parts if part.patient == write.patient for label in part.labels})


def _bound(write: Write, parts: Sequence[_Held]) -> Write:
    """A Binary is about whom its `securityContext` is about (R4 binary.html)."""
    patients = {part.patient for part in parts if part.patient is not None}
    patient = patients.pop() if len(patients) == 1 else None
    if write.current is not None and not write.current.deleted and patient != write.current.patient:
        raise HubError(
            Category.INVALID,
            "the patient of a resource does not change",
            where="Binary.securityContext",
            todo="enter it anew under the other patient and delete this one",
            code="subject-changed",
        )
    return replace(write, patient=patient)


def _with(write: Write, labels: set[str] | frozenset[str]) -> Write:
    resource = with_labels(write.resource or {}, labels)
    if resource is write.resource:
        return write
    return replace(write, resource=resource, facts=structs.replace(write.facts, labels=labels_in(resource)))


def _targets(resource: Json) -> list[Ref]:
    targets = (parse_reference(text) for text in references(resource))
    return [(one.type, one.id) for one in targets if one is not None]


def _security(labels: Sequence[str]) -> Json:
    pairs = (label.partition("|") for label in labels)
    return {"meta": {"security": [{"system": system, "code": code} for system, _, code in pairs]}}
