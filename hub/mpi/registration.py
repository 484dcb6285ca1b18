"""What doors tell the index, and what of it is new. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from msgspec import Struct

from hub.kernel.ids import reference_key
from hub.kernel.types import Json
from hub.mpi.blocking import keys
from hub.mpi.features import Features, features
from hub.mpi.hashes import block_key
from hub.mpi.index_read import Known
from hub.mpi.index_write import Entry
from hub.mpi.packed import NOTHING, digest, unpack
from hub.mpi.record import Record
from hub.mpi.record_of import record_of


class Source(Struct, frozen=True):
    """A source Patient as it stands: its id, the facility (code) that answers for it, the resource (None: deleted).

    `created`: there was no version of it before this transaction.
    """

    patient: str
    facility: str
    resource: Json | None
    created: bool = False

    @property
    def pkey(self) -> UUID:
        return reference_key("Patient", self.patient)


class Statement(Struct, frozen=True, kw_only=True):
    """What a facility says of two of its numbers, by source Patient ids; `kind` is the event (A40 ...).

    `message` is the inbox number; none for a client's write, where `who` is the account.
    """

    kind: str
    survivor: str
    loser: str
    facility: str
    message: int | None
    who: str = ""

    @property
    def subjects(self) -> tuple[str, str]:
        return self.survivor, self.loser


class Registration(Struct, frozen=True):
    """The sources of one batch, of which the last of one id counts, and what facilities say of their numbers."""

    sources: Sequence[Source]
    statements: Sequence[Statement]

    @property
    def pkeys(self) -> list[UUID]:
        """Every source the batch is about."""
        return sorted({source.pkey for source in self.sources} | self._named.keys())

    @property
    def doubtful(self) -> list[UUID]:
        """The sources the index may know; it has most likely never heard of a batch of created ones."""
        return [] if not self.statements and all(source.created for source in self.sources) else self.pkeys

    @property
    def _named(self) -> dict[UUID, Source]:
        return {
            source.pkey: source
            for statement in self.statements
            for source in (Source(patient, statement.facility, None) for patient in statement.subjects)
        }

    def entries(self, known: Mapping[UUID, Known], new_person: Callable[[], str]) -> list[Entry]:
        """The sources that are new, or whose demographics changed, in the order of their keys."""
        named = self._named
        sources = named | {source.pkey: source for source in self.sources}
        found = (
            _stated(source, known.get(pkey), new_person)
            if source.resource is not None
            else _absent(source, known.get(pkey), named.get(pkey), new_person)
            for pkey, source in sorted(sources.items())
        )
        return [entry for entry in found if entry]


def _stated(source: Source, was: Known | None, new_person: Callable[[], str]) -> Entry | None:
    record = record_of(source.resource or {}, source.facility)
    now = digest(record)
    return None if was and was.digest == now else _entry(source, record, now, was, new_person)


def _absent(source: Source, was: Known | None, named: Source | None, new_person: Callable[[], str]) -> Entry | None:
    """A deleted Patient brings nobody together any more, and stays who it was; one that is only named is somebody."""
    if was is None:
        blank = Record(record_id=source.patient, facility=source.facility, name="")
        return _entry(source, blank, NOTHING, None, new_person) if named else None
    if source is named or was.digest == NOTHING:
        return None
    return _made(source, NOTHING, unpack(was.features), frozenset(), was, was.own)


def _entry(source: Source, record: Record, now: UUID, was: Known | None, new_person: Callable[[], str]) -> Entry:
    side = features(record)
    return _made(source, now, side, frozenset(map(block_key, keys(side))), was, was.own if was else new_person())


def _made(source: Source, now: UUID, side: Features, hashed: frozenset[int], was: Known | None, own: str) -> Entry:
    old = unpack(was.features) if was else None
    gone = was is None or was.digest == NOTHING
    return Entry(
        pkey=source.pkey,
        patient=source.patient,
        facility=source.facility,
        own=own,
        digest=now,
        side=side,
        keys=hashed,
        was=was,
        old_side=old,
        old_keys=frozenset() if old is None or gone else frozenset(map(block_key, keys(old))),
    )
