"""An entry as a leaf of the tree: what is hashed, and what can be opened and erased beside it. Pure.

A leaf is one JSON text. It names who acted, when and with what outcome; whatever could tell of a patient stands in
items beside it, each sealed by a salted hash: one for each patient, one for the details. An item can be shown to one
who may see it, and erased for good, and the leaf stays what it was. The index and the hash of the leaf before stand
first, so that whoever reads leaves in order sees the first that is wrong.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from hub.audit.entry import Entry
from hub.audit.merkle import leaf_hash
from hub.kernel.types import Json

SALT_BYTES: Final = 32
_ITEM_SALT_BYTES: Final = 16
#: The item of everything that is not about one patient alone; it comes first.
DETAILS: Final = "details"
PATIENT: Final = "patient"
#: Whoever asks as one of these is a patient, or acts for one: a personal fact.
_PERSONS: Final = ("Patient/", "RelatedPerson/")
_ENCODER: Final = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Leaf:
    """A leaf: its text, and the texts of its items in the order of their seals; None for one that was erased."""

    text: str
    items: tuple[str | None, ...]

    @property
    def hash(self) -> bytes:
        return leaf_hash(self.text.encode())

    def opened(self, patients: Sequence[str] = ()) -> Leaf:
        """The leaf as it is shown to one of these patients: with the items that name them, and no others."""
        return Leaf(self.text, tuple(item if _names(item, patients) else None for item in self.items))

    def detailed(self, patients: Sequence[str]) -> Leaf:
        """The leaf with its details, as who answers for these patients is shown it: no other patient is named."""
        shown = (item if _kind(item) == DETAILS or _names(item, patients) else None for item in self.items)
        return Leaf(self.text, tuple(shown))

    def without(self, patient: str) -> Leaf:
        """The leaf after what could tell of a patient was erased; the others of the entry keep their names."""
        kept = (None if _kind(item) == DETAILS or _names(item, (patient,)) else item for item in self.items)
        return Leaf(self.text, tuple(kept))


def leaf_of(entry: Entry, index: int, salt: bytes) -> Leaf:
    """The leaf an entry becomes at `index`."""
    items = [_item(salt, 0, DETAILS, _details(entry))]
    items += [_item(salt, place, PATIENT, patient) for place, patient in enumerate(entry.patients, start=1)]
    seals = [hashlib.sha256(item.encode()).hexdigest() for item in items]
    return Leaf(_text({"index": index, **_open(entry), "sealed": seals}), tuple(items))


def _open(entry: Entry) -> Json:
    who = entry.requester
    return {
        "id": str(entry.id),
        "recorded": entry.time.isoformat(timespec="microseconds"),
        "interaction": entry.interaction.value,
        "outcome": entry.outcome.value,
        "reason": entry.reason,
        "role": who.role,
        "organization": who.organization,
        "requester": None if _is_person(who.reference) else who.reference,
        "client": who.client,
        "token": who.token_id,
        "purpose": list(who.purpose),
        "form": who.form,
        "request": entry.origin.request,
        "type": entry.resource_type,
        "epoch": entry.epoch,
    }


def _details(entry: Entry) -> Json:
    who = entry.requester
    return {
        "requester": who.reference if _is_person(who.reference) else None,
        "bound": who.patient,
        "break_glass": who.break_glass,
        "co_approval": who.co_approval,
        "address": entry.origin.address,
        "resource": entry.resource_id,
        "version": entry.version,
        "query": entry.query,
        "grounds": list(entry.grounds),
        "obligations": list(entry.obligations),
        "consents": list(entry.consents),
        "types": dict(entry.types),
    }


def _is_person(reference: str | None) -> bool:
    return reference is not None and reference.startswith(_PERSONS)


def _item(salt: bytes, place: int, kind: str, content: Any) -> str:
    own = hmac.digest(salt, place.to_bytes(4), hashlib.sha256)[:_ITEM_SALT_BYTES]
    return _text([own.hex(), kind, content])


def _kind(item: str | None) -> str:
    return "" if item is None else json.loads(item)[1]


def _names(item: str | None, patients: Sequence[str]) -> bool:
    if item is None:
        return False
    _, kind, content = json.loads(item)
    return kind == PATIENT and content in patients


def _text(content: Any) -> str:
    """Compact JSON in which nothing is escaped that need not be: byte for byte what `json.dumps` writes, in a fifth of
    its time.
    """
    return _ENCODER.encode(content).decode()
