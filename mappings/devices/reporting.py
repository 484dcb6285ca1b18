"""What became of every member of a reading, for the conversion report."""

from __future__ import annotations

from hub.kernel.types import ReportRow
from mappings.devices.readings import Reading
from mappings.devices.vendormap import Vendor
from mappings.forms.json_rows import cells

_UNKNOWN = "the vendor map describes no such member"


def report(reading: Reading, vendor: Vendor, refused: str = "") -> tuple[ReportRow, ...]:
    """One row for each leaf of the reading; all are refused for the reason `refused`, if there is one."""
    targets = _targets(reading, vendor)
    doubted = {issue.where: issue.text for issue in reading.issues if issue.severity == "error"}
    rows = []
    for name, text in cells(reading.data).items():
        if not text:
            continue
        reason = refused or doubted.get(name, "") or ("" if name in targets else _UNKNOWN)
        found = () if reason else (targets[name],)
        rows.append(ReportRow(source=name, outcome="refused" if reason else "mapped", targets=found, reason=reason))
    return tuple(rows)


def _targets(reading: Reading, vendor: Vendor) -> dict[str, str]:
    """Which element each path the vendor map reads goes to."""
    found = {vendor.device: "Device.identifier.value", vendor.time: "Observation.effectiveDateTime"}
    found |= {vendor.citizen_id: "Patient.identifier", vendor.person_name: "Patient.name"}
    for event in reading.events:
        found.update(dict.fromkeys(event.when, "Observation.code"))
    for measure, _ in reading.values:
        element = "Observation.component.valueQuantity" if measure.panel else "Observation.valueQuantity"
        found[measure.path] = element
        found.update(dict.fromkeys(measure.when, "Observation.code"))
        if measure.unit_path:
            found[measure.unit_path] = element
    return found
