"""Electrocardiograms: the original kept as a document, what was measured as Observations, statements as a report.

One shape for all formats: DICOM waveforms (`waveform`), HL7 aECG (`aecg`) and SCP-ECG (`scp`) fill a `Recording`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Final

from hub.kernel.types import Json
from mappings.attachment import attachment
from mappings.dicom.case import Case
from mappings.dicom.coded import UCUM
from mappings.dicom.study import category
from mappings.dicom.tables import Row, rows

MDC: Final = "urn:iso:std:iso:11073:10101"
_LOINC: Final = "http://loinc.org"
#: LOINC: EKG study.
_STUDY: Final[Json] = {"coding": [{"system": _LOINC, "code": "11524-6", "display": "EKG study"}]}
#: Units as devices write them, in UCUM.
_UNITS: Final = {"bpm": "/min", "BPM": "/min", "degree": "deg", "degrees": "deg", "°": "deg", "msec": "ms", "sec": "s"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What was measured: the sender's code and Coding of it ({} if it has none), value and unit."""

    source: str
    coding: Json
    value: Decimal
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One electrocardiogram. `key` identifies it, `when` is a dateTime or "", `pictures` are further attachments."""

    key: str
    when: str
    original: Json
    measurements: list[Measurement] = field(default_factory=list)
    statements: list[str] = field(default_factory=list)
    pictures: tuple[Json, ...] = ()


def keep(recording: Recording, case: Case, identifiers: list[Json]) -> None:
    """The DocumentReference, Observations and report of a recording."""
    document = case.draft(
        "DocumentReference",
        "ecg",
        recording.key,
        {
            "identifier": identifiers,
            "status": "current",
            "type": _STUDY,
            "subject": case.patient,
            "date": recording.when if "T" in recording.when else "",
            "content": [{"attachment": each} for each in (recording.original, *recording.pictures)],
            "context": {"related": [case.study]} if case.study else {},
        },
    )
    taken: dict[str, Json] = {}
    for each in recording.measurements:
        row = _known().get(each.source.upper())
        name = row["mdc"] if row else each.source
        if row and row["unit"] in {"ms", "/min"} and each.value <= 0:
            case.issue("not-measured", "a measurement of zero says that nothing was measured", severity="information")
        elif name not in taken:
            taken[name] = _observation(each, row, name, document, recording, case)
    if recording.measurements or recording.statements:
        _report(recording, list(taken.values()), case)


def _observation(
    each: Measurement, row: Row | None, name: str, document: Json, recording: Recording, case: Case
) -> Json:
    unit = _UNITS.get(each.unit, each.unit) or (row["unit"] if row else "")
    amount: Json = {"value": each.value}
    return case.draft(
        "Observation",
        f"ecg/{recording.key}",
        name,
        {
            "status": "final",
            "category": [category("procedure")],
            "code": _code(each, row),
            "subject": case.patient,
            "effectiveDateTime": recording.when,
            "valueQuantity": amount | ({"unit": unit, "system": UCUM, "code": unit} if unit else {}),
            "derivedFrom": [document],
        },
    )


def _code(each: Measurement, row: Row | None) -> Json:
    codings = []
    if row and row["loinc"]:
        codings.append({"system": _LOINC, "code": row["loinc"], "display": row["display"]})
    if row:
        codings.append({"system": MDC, "code": row["mdc"], "display": row["display"]})
    if each.coding and each.coding not in codings:
        codings.append(each.coding)
    return {"coding": codings} if codings else {"text": each.source}


def _report(recording: Recording, results: list[Json], case: Case) -> None:
    """What the device concluded: nobody has confirmed it, so it is preliminary."""
    text = "\n".join(recording.statements)
    case.draft(
        "DiagnosticReport",
        "ecg",
        recording.key,
        {
            "status": "preliminary",
            "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "EC"}]}],
            "code": _STUDY,
            "subject": case.patient,
            "effectiveDateTime": recording.when,
            "result": results,
            "imagingStudy": [case.study] if case.study else [],
            "conclusion": text,
            "presentedForm": [attachment(text.encode(), "text/plain; charset=utf-8")] if text else [],
        },
    )


@cache
def _known() -> dict[str, Row]:
    return {row["source"].upper(): row for row in rows("ecg")}
