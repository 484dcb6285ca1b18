"""Whose an electrocardiogram is that is no DICOM: attached only to a number that somebody gave out."""

from __future__ import annotations

from dataclasses import dataclass

from hub.kernel.types import Json
from mappings.dicom.case import Case, identifier
from mappings.dicom.identity import attach
from mappings.dicom.person import names
from mappings.dicom.times import day


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A person as a recording names one; `name` as a PN or a whole name, `born` as YYYYMMDD."""

    system: str = ""
    value: str = ""
    name: str = ""
    gender: str = ""
    born: str = ""


def hold(holder: Holder, key: str, case: Case) -> None:
    """The Patient of a recording known by `key`."""
    said: Json = {"name": names(holder.name), "gender": holder.gender, "birthDate": day(holder.born[:8])}
    system = holder.system or (case.sender.profile.issuer if holder.value else "")
    numbers = [identifier(system, holder.value, "MR")] if holder.value else []
    attach((system, holder.value), ("ecg", key), numbers, said, case)
