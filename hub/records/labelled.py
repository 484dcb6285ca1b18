"""What clients write, labelled by what it says; and a Binary bound to whom its context is about, as strict as that is.

What merely refers to something strict is not labelled for it: nothing but the reference leaves with it
(hub.gate.hidden), and whether it can be seen must not tell whether something hidden is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from consent.labelling import Labelling, spreading, with_labels
from hub.db.database import Tx
from hub.fhir.references import parse_reference
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.records.facts import labels_in
from hub.store.store import Store
from hub.store.values import Stored, Write

_BINARY: Final = "Binary"

Ref = tuple[str, str]
#: Whom something is about, how strict it is, and which facility answers for it.
Context = tuple[str | None, frozenset[str], str]
_NOTHING: Final[Context] = (None, frozenset(), "")


async def labelled(
    tx: Tx, store: Store, writes: Sequence[Write], labelling: Labelling, *, stands: bool = False
) -> list[Write]:
    """The writes as they are to be saved, each with its labels in meta.security and in its release facts.

    `stands`: they say what is stored already, so whom a Binary is about is settled. Raises HubError INVALID for a
    Binary that would go over to another patient.
    """
    own = [_with(write, labelling.labels(write.resource)) if write.resource else write for write in writes]
    contexts = {context for write in own if (context := _context(write)) is not None}
    if not contexts:
        return own
    known: dict[Ref, Context] = {
        (write.type, write.id): (write.patient, spreading(write.resource), write.facts.author_org)
        for write in own
        if write.resource
    }
    stored = await store.load_facts(tx, sorted(contexts - known.keys()))
    known |= {ref: _of(row) for ref, row in stored.items()}
    return [_bound(write, known, stands) if write.type == _BINARY else write for write in own]


def _context(write: Write) -> Ref | None:
    """What a Binary belongs to (R4 binary.html, securityContext)."""
    if write.type != _BINARY or write.resource is None:
        return None
    context = write.resource.get("securityContext")
    target = parse_reference(str(context.get("reference", ""))) if isinstance(context, dict) else None
    return None if target is None else (target.type, target.id)


def _bound(write: Write, known: dict[Ref, Context], stands: bool) -> Write:
    """A Binary is about whom its context is about, and judged as that is (attack list, 24).

    The context of another facility counts as none: what became of the Binary would tell of it.
    """
    context = _context(write)
    patient, labels, owner = known.get(context, _NOTHING) if context is not None else _NOTHING
    if owner != write.facts.author_org:
        patient, labels, _ = _NOTHING
    if stands:
        return _with(write, labels if patient == write.patient else frozenset())
    if write.current is not None and not write.current.deleted and patient != write.current.patient:
        raise HubError(
            Category.INVALID,
            "the patient of a resource does not change",
            where="Binary.securityContext",
            todo="enter it anew under the other patient and delete this one",
            code="subject-changed",
        )
    return _with(replace(write, patient=patient), labels)


def _with(write: Write, labels: frozenset[str]) -> Write:
    resource = with_labels(write.resource or {}, labels) if labels else write.resource
    if resource is None or resource is write.resource:
        return write
    return replace(write, resource=resource, facts=replace(write.facts, labels=labels_in(resource)))


def _of(row: Stored) -> Context:
    pairs = (label.partition("|") for label in row.facts.labels)
    security: list[Json] = [{"system": system, "code": code} for system, _, code in pairs]
    return row.patient, spreading({"meta": {"security": security}}), row.facts.author_org
