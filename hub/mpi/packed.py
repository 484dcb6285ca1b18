"""Features as bytes, for the index: a third of the size of their JSON and read back in microseconds."""

from __future__ import annotations

from datetime import date
from typing import Final
from uuid import UUID

import msgspec

from hub.kernel.ids import hash128
from hub.mpi.characters import is_filler
from hub.mpi.citizen_id import read_written
from hub.mpi.contacts import Address
from hub.mpi.features import Features
from hub.mpi.names import NO_NAME, NOBODYS, Name, Newborn
from hub.mpi.record import Record

#: Part of every digest: raised when normalisation or this form changes, so that all sources are read anew.
FORM: Final = "2"
#: Digest of a source of which only the id is known.
NOTHING: Final = UUID(int=0)


class _Packed(msgspec.Struct, array_like=True, frozen=True):
    record_id: str
    facility: str
    name: Name | None
    newborn: Newborn | None
    sex: str
    born: date | None
    id: str
    borrowed: bool
    insurance: str
    card: str
    phone: str
    contact_phone: str
    address: Address | None
    contact: Name | None
    birth_order: str
    registered: date | None


#: Between the telephones of one person.
_SEVERAL: Final = ";"
_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(_Packed)


def pack(side: Features) -> bytes:
    """The bytes of a normalised record."""
    return _ENCODER.encode(
        _Packed(
            side.record_id,
            side.facility,
            side.name if side.name.full else None,
            side.newborn,
            side.sex,
            side.born,
            side.id.written if side.id else "",
            side.borrowed,
            side.insurance,
            side.card,
            _SEVERAL.join(side.phones),
            side.contact_phone,
            side.address,
            side.contact if side.contact.full else None,
            side.birth_order,
            side.registered,
        )
    )


def unpack(data: bytes) -> Features:
    """The normalised record of `pack`'s bytes, which may be older than what is known of fillers."""
    side = _DECODER.decode(data)
    phone = side.phone
    return Features(
        record_id=side.record_id,
        facility=side.facility,
        name=_known(side.name),
        newborn=side.newborn,
        sex=side.sex,
        born=side.born,
        id=read_written(side.id) if side.id else None,
        borrowed=side.borrowed,
        insurance="" if side.insurance and is_filler(side.insurance) else side.insurance,
        card="" if side.card and is_filler(side.card) else side.card,
        phones=tuple(phone.split(_SEVERAL)) if phone else (),
        contact_phone=side.contact_phone,
        address=side.address,
        contact=_known(side.contact),
        birth_order=side.birth_order,
        registered=side.registered,
    )


def _known(name: Name | None) -> Name:
    return NO_NAME if name is None or name.full in NOBODYS else name


def digest(record: Record) -> UUID:
    """A digest of what the matcher reads of a registration."""
    told = [getattr(record, name) for name in record.__struct_fields__]
    return hash128(msgspec.json.encode([FORM, *told]).decode())
