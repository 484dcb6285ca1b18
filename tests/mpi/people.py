"""Fictional persons for these tests. Citizen ids bear the division code 990122, which no place has."""

from __future__ import annotations

from typing import Final

from msgspec import structs

from hub.kernel.citizen_id import check_digit
from hub.mpi.features import Features, features
from hub.mpi.record import Record


def citizen_id(birth: str, sequence: int) -> str:
    """A valid id of 18 characters; `birth` is YYYY-MM-DD, an odd sequence is a man's."""
    body = f"990122{birth.replace('-', '')}{sequence:03d}"
    return body + check_digit(body)


#: A record with every field filled.
WU: Final = Record(
    record_id="1",
    facility="F01",
    mrn="M1",
    name="吴晓岚",
    sex="F",
    birth_date="1984-05-17",
    id_no=citizen_id("1984-05-17", 126),
    insurance_no="990155501234",
    phone="13800990001",
    address="示范省示范市虚构县青石镇白云村3组12号",
    contact_name="吴大海",
    contact_relation="父亲",
    contact_phone="13800990002",
    registered_on="2024-03-02",
)


def record(base: Record = WU, /, **changes: str) -> Record:
    """`base` with some fields changed."""
    return structs.replace(base, **changes)


def side(base: Record = WU, /, **changes: str) -> Features:
    """The same, normalised."""
    return features(structs.replace(base, **changes))


def bare(name: str, /, **known: str) -> Features:
    """A record that says only a name and what is given."""
    return features(Record(**{"record_id": "1", "facility": "F01", "name": name} | known))
