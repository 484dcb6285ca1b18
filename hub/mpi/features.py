"""What comparison needs of a record, normalised once."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

import msgspec

from hub.mpi.characters import fold, is_filler
from hub.mpi.citizen_id import CitizenId, parse_citizen_id
from hub.mpi.contacts import Address, parse_address, parse_phones
from hub.mpi.dates import is_placeholder, parse_date
from hub.mpi.names import NO_NAME, Name, Newborn, parse_name, parse_newborn
from hub.mpi.record import Record

#: Who bears an id is at least so many years older than the child it was lent to.
PARENT_YEARS: Final = 12
#: A placeholder is off by at most so many years.
PLACEHOLDER_YEARS: Final = 2
_SELF: Final = frozenset({"本人", "自己"})
_INSURANCE: Final = re.compile(r"[0-9A-Z]{6,}")


class Features(msgspec.Struct, frozen=True, kw_only=True):
    """A normalised record. Empty text or None where the source said nothing that can be used.

    `born` is the birth date to compare: the stated one, or that of a valid id where none (or only a year) is stated.
    `borrowed`: the id is somebody's a generation older, as when a child is registered with a parent's card; then
    `own_id` is None. A newborn under a temporary name has no name of its own yet: `name` is the parent's.
    """

    record_id: str
    facility: str
    name: Name
    newborn: Newborn | None
    sex: str
    born: date | None
    id: CitizenId | None
    borrowed: bool
    insurance: str
    card: str
    phones: tuple[str, ...]
    contact_phone: str
    address: Address | None
    contact: Name
    birth_order: str
    registered: date | None

    @property
    def own_id(self) -> CitizenId | None:
        """The id, unless it is borrowed."""
        return None if self.borrowed else self.id


def features(record: Record) -> Features:
    """Normalise a record. Never fails: what cannot be read counts as not said."""
    newborn = parse_newborn(record.name)
    citizen_id = parse_citizen_id(record.id_no)
    stated = parse_date(record.birth_date)
    borrowed = _borrowed(citizen_id, stated, newborn)
    return Features(
        record_id=record.record_id,
        facility=record.facility,
        name=parse_name(newborn.parent if newborn else record.name),
        newborn=newborn,
        sex=_sex(record.sex) or (newborn.sex if newborn else ""),
        born=stated if borrowed else _born(stated, citizen_id),
        id=citizen_id,
        borrowed=borrowed,
        insurance=_insurance(record.insurance_no),
        card=_insurance(record.health_card),
        phones=parse_phones(record.phone),
        contact_phone=next(iter(parse_phones(record.contact_phone)), ""),
        address=parse_address(record.address),
        contact=NO_NAME if record.contact_relation.strip() in _SELF else parse_name(record.contact_name),
        birth_order=record.birth_order.strip() or (newborn.order if newborn else ""),
        registered=parse_date(record.registered_on),
    )


def _borrowed(citizen_id: CitizenId | None, stated: date | None, newborn: Newborn | None) -> bool:
    if citizen_id is None or citizen_id.birth is None:
        return False
    # A child under a temporary name has no id yet, so one that is not of its birth date is a parent's.
    return newborn is not None or (stated is not None and citizen_id.birth.year + PARENT_YEARS <= stated.year)


def _born(stated: date | None, citizen_id: CitizenId | None) -> date | None:
    told = citizen_id.birth if citizen_id else None
    if told and (stated is None or (is_placeholder(stated) and abs(stated.year - told.year) <= PLACEHOLDER_YEARS)):
        return told
    return stated


def _sex(text: str) -> str:
    return text.strip().upper() if text.strip().upper() in {"M", "F"} else ""


def _insurance(text: str) -> str:
    """The number of a card; "" for what is typed only to fill the field, which would make one person of namesakes."""
    written = re.sub(r"[\s-]", "", fold(text))
    return written if _INSURANCE.fullmatch(written) and not is_filler(written) else ""
