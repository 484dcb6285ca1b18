"""Entries as rows of the trail, as COPY takes them (hub.db.binary_copy): the two hundred of one request share who asked
and from where, and those parts are made once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from struct import Struct
from typing import Final

from hub.audit.entry import Entry, Interaction, Origin, Outcome, Requester
from hub.db.binary_copy import bigint, instant, integers, text, texts, uuids
from hub.kernel.ids import reference_key

#: In this order rows are sent; `number` and `xid` are given by the database.
COLUMNS: Final = (
    *("role", "organization", "requester", "bound_patient", "client", "token_id", "purpose", "form"),
    *("break_glass", "co_approval", "address", "request"),
    *("interaction", "outcome", "reason", "grounds", "obligations", "consents", "epoch"),
    *("id", "recorded", "resource_type", "resource_id", "version", "query"),
    *("patients", "patient_keys", "types", "counts"),
)

_FIELDS: Final = Struct(">h").pack(len(COLUMNS))
_UUID: Final = Struct(">i16s").pack
_INTEGER: Final = Struct(">ii").pack
_NULL: Final = text(None)


def copied(entries: Iterable[Entry]) -> Iterator[bytes]:
    """One row for each entry, in the order of COLUMNS."""
    for entry in entries:
        asked = _asked(entry.requester, entry.origin)
        decided = _decided(
            *(entry.interaction, entry.outcome, entry.reason),
            *(entry.grounds, entry.obligations, entry.consents, entry.epoch),
        )
        yield b"".join((asked, decided, *_about(entry)))


def _about(entry: Entry) -> tuple[bytes, ...]:
    return (
        *(_UUID(16, entry.id.bytes), instant(entry.time), text(entry.resource_type), text(entry.resource_id)),
        *(_NULL if entry.version is None else _INTEGER(4, entry.version), text(entry.query)),
        *(_patients(entry.patients), _counted(tuple(entry.types), tuple(entry.types.values()))),
    )


@lru_cache(maxsize=256)
def _asked(who: Requester, origin: Origin) -> bytes:
    return b"".join(
        (
            *(_FIELDS, text(who.role), text(who.organization), text(who.reference), text(who.patient)),
            *(text(who.client), text(who.token_id), texts(who.purpose), text(who.form)),
            *(text(who.break_glass), text(who.co_approval), text(origin.address), text(origin.request)),
        )
    )


@lru_cache(maxsize=256)
def _decided(
    interaction: Interaction,
    outcome: Outcome,
    reason: str | None,
    grounds: tuple[str, ...],
    obligations: tuple[str, ...],
    consents: tuple[str, ...],
    epoch: int | None,
) -> bytes:
    told = (text(interaction.value), text(outcome.value), text(reason))
    return b"".join((*told, texts(grounds), texts(obligations), texts(consents), bigint(epoch)))


@lru_cache(maxsize=256)
def _patients(patients: tuple[str, ...]) -> bytes:
    return texts(patients) + uuids([reference_key("Patient", patient).bytes for patient in patients])


@lru_cache(maxsize=256)
def _counted(types: tuple[str, ...], counts: tuple[int, ...]) -> bytes:
    return texts(types) + integers(counts)
