"""The mapping tables of the HL7 v2-to-FHIR guide (IG 1.0.0), read from its CSVs: every row that has a FHIR target.

A row is named by its key, `PID[Patient] PID-3 identifier[2]`: the map, the column Identifier, the FHIR target, white
space collapsed. The second and third row of one key, in the order of the file, end in ` #2` and ` #3`.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Final, Literal

Part = Literal["segments", "datatypes", "messages", "codesystems"]
PARTS: Final[tuple[Part, ...]] = ("segments", "datatypes", "messages", "codesystems")

#: `HL7 Segment - FHIR R4_ PID[Patient] - PID.csv`, `HL7 Concept Map_ AdministrativeSex - Sheet1.csv`.
_TITLE: Final = re.compile(r"_ (.+?) - ")
#: The columns of a row that matter, by the words their heads begin with; several words for several editions.
_COLUMNS: Final[dict[Part, dict[str, tuple[str, ...]]]] = {
    "segments": {"target": ("FHIR Attribute",), "condition": ("Computable ANTLR",), "assignment": ("Assignment",)},
    "datatypes": {"target": ("FHIR Attribute",), "condition": ("Computable",), "assignment": ("Assignment",)},
    "messages": {"target": ("Primary Target",), "condition": ("Computable ANTLR",), "references": ("References",)},
    "codesystems": {"condition": ("Computable",)},
}

#: Tables whose name says more, or less, than the guide's.
_NAMES: Final = {
    "AdditivePreservative": "additive",
    "AdmissionLevelOfCareCode": "admission-level-of-care",
    "AddressType[Type]": "address-type",
    "AddressType[Use]": "address-use",
    "AllergenType[AllergyIntoleranceCategory]": "allergy-category",
    "AllergenType[AllergyIntoleranceOriginalCategory]": "allergen-type",
    "AllergySeverity[AllergyIntolerance.criticality-original]": "allergy-severity",
    "AllergySeverity[AllergyIntolerance.criticality]": "allergy-criticality",
    "AllergySeverity[AllergyIntolerance.reaction.severity]": "reaction-severity",
    "AppointmentReasonCodes": "appointment-reason",
    "AppointmentTypeCodes": "appointment-type",
    "ConfidentialityCode": "confidentiality",
    "DegreeLicenseCertificate": "degree",
    "DiagnosisType": "diagnosis-use",
    "DiagnosticServiceSectionID": "service-section",
    "Event[EncounterStatus]": "encounter-status-by-event",
    "ExtendedPriorityCodes": "request-priority",
    "FillerStatusCodes[Appointment]": "appointment-status",
    "IdentifierType": "identifier-kinds",
    "InterpretationCodes": "interpretation",
    "LivingWillCode": "living-will",
    "ModeOfArrivalCode": "mode-of-arrival",
    "NameAssemblyOrder": "name-order",
    "NameType": "name-use",
    "NatureOfAbnormalTesting": "abnormal-nature",
    "ObservationResultStatusCodesInterpretation": "observation-status",
    "OrderControlCode[ServiceRequest.status]": "order-control",
    "PatientClass[EncounterClass]": "encounter-class",
    "PatientClass[EncounterStatus]": "encounter-status-by-class",
    "PractitionerIDNumberType": "practitioner-number",
    "ReadmissionIndicator": "readmission",
    "ResultStatus[Non-Queries]": "report-status",
    "SpecimenCollectionMethod": "specimen-method",
    "TelecommunicationEquipmentType": "telecom-equipment",
    "TelecommunicationUseCode": "telecom-use",
    "UniversalIDType": "universal-id-type",
    "YesNoIndicator": "yes-no",
    "YesNoIndicator[AvailabilityStatus]": "specimen-availability",
}


@dataclass(frozen=True, slots=True)
class GuideRow:
    """One row with a FHIR target.

    `identifier` is the source: a field (`PID-3`), a component (`CX.4`), a path (`ADT_A01.PROCEDURE.PR1`), a code; it
    may be empty. `target` is the element, the resource, the references, or the FHIR code. `display` and `system` are
    those of a code.
    """

    part: Part
    map: str
    identifier: str
    target: str
    key: str
    condition: str = ""
    assignment: str = ""
    display: str = ""
    system: str = ""


@cache
def guide(folder: Path) -> tuple[GuideRow, ...]:
    """Every row of every map under `folder`, the guide's `mappings`."""
    return tuple(row for part in PARTS for path in sorted((folder / part).glob("*.csv")) for row in _rows(part, path))


def _rows(part: Part, path: Path) -> Iterator[GuideRow]:
    title = _TITLE.search(path.name)
    if title is None:
        return
    with path.open(encoding="utf-8-sig", newline="") as lines:
        _, names, *rows = ([" ".join(cell.split()) for cell in row] for row in csv.reader(lines))
    seen: Counter[str] = Counter()
    for row in rows:
        found = _coded(title[1], row, names) if part == "codesystems" else _mapped(part, title[1], row, names)
        if found is not None:
            seen[found.key] += 1
            yield replace(found, key=f"{found.key} #{seen[found.key]}") if seen[found.key] > 1 else found


def _mapped(part: Part, title: str, row: Sequence[str], names: Sequence[str]) -> GuideRow | None:
    cells = {name: _cell(row, names, heads) for name, heads in _COLUMNS[part].items()}
    target = cells["target"] or cells.get("references", "")
    if not target:
        return None
    key = _key(title, row[1], target)
    return GuideRow(part, title, row[1], target, key, cells["condition"], cells.get("assignment", ""))


def _coded(title: str, row: Sequence[str], names: Sequence[str]) -> GuideRow | None:
    """A code of a concept map; the columns are told apart by their order, for their heads are alike."""
    code, display, system = (_cell(row[3:], names[3:], (head,)) for head in ("Code", "Display", "Code System"))
    if not code or not row[0]:
        return None
    condition = _cell(row, names, _COLUMNS["codesystems"]["condition"])
    key = _key(title, row[0], code)
    return GuideRow("codesystems", title, row[0], code, key, condition, display=display, system=system)


def _cell(row: Sequence[str], names: Sequence[str], heads: tuple[str, ...]) -> str:
    """The cell of the first column whose head is one of those words or begins with it."""
    exact = (i for i, name in enumerate(names) if name in heads)
    close = (i for i, name in enumerate(names) if name.startswith(heads))
    at = next(exact, None) if any(name in heads for name in names) else next(close, None)
    return row[at] if at is not None and at < len(row) else ""


def _key(*parts: str) -> str:
    return " ".join(" ".join(parts).split())


def name_of(concept_map: str) -> str:
    """Our name of a table of the guide: `AddressType[Use]` is `address-use`, `SpecimenType` is `specimen-type`."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", concept_map)
    return _NAMES.get(concept_map) or words.lower()
