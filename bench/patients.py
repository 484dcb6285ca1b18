"""Registrations as the Patient resources a facility would send, for benchmarks of the online index."""

from __future__ import annotations

from hub.kernel.types import Json
from hub.mpi.record import Record

_SEXES = {"M": "male", "F": "female"}
_NUMBERS = {"mrn": "MR", "insurance_no": "NH"}
_CITIZEN = "urn:oid:2.16.156.10011.1.3"


def as_patient(record: Record) -> Json:
    """The Patient of a registration; `record_of` reads it back, but for the day it was registered."""
    resource: Json = {"resourceType": "Patient", "id": record.record_id}
    resource["identifier"] = [
        {"type": {"coding": [{"code": kind}]}, "value": getattr(record, name)}
        for name, kind in _NUMBERS.items()
        if getattr(record, name)
    ]
    if record.id_no:
        resource["identifier"].append({"system": _CITIZEN, "value": record.id_no})
    if record.name:
        resource["name"] = [{"text": record.name}]
    if record.phone:
        resource["telecom"] = [{"system": "phone", "value": record.phone}]
    if record.address:
        resource["address"] = [{"text": record.address}]
    plain = {"gender": _SEXES.get(record.sex, ""), "birthDate": record.birth_date}
    resource |= {name: value for name, value in plain.items() if value}
    if record.birth_order.isdigit():
        resource["multipleBirthInteger"] = int(record.birth_order)
    contact = _contact(record)
    return resource | ({"contact": [contact]} if contact else {})


def _contact(record: Record) -> Json:
    told: Json = {}
    if record.contact_name:
        told["name"] = {"text": record.contact_name}
    if record.contact_relation:
        told["relationship"] = [{"text": record.contact_relation}]
    if record.contact_phone:
        told["telecom"] = [{"system": "phone", "value": record.contact_phone}]
    return told
