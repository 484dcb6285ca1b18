"""The golden record: one Patient per person, computed from the source Patients somebody may see, never stored. Pure.

Each value carries the extension `golden-source` of the hub's canonical base, once for every source that states it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from hub.kernel.ids import hash128
from hub.kernel.types import Json
from hub.mpi.survival_rules import rules
from hub.mpi.survivorship import SourcePatient, Survivor, latest_first, statements, trusted_first

#: Elements whose rule knows no trust: consents go by the age, which must not hang on a setting.
_BY_TIME_ALONE: Final = frozenset({"birthDate"})
#: Elements of Patient that hold one value (R4 patient.html); all others are lists.
_SINGLE: Final = frozenset({"maritalStatus", "managingOrganization"})


def golden(sources: Sequence[SourcePatient], person: str, canonical_base: str) -> Json:
    """The golden Patient of `person` from at least one of the person's sources, in any order.

    `meta.lastUpdated` is the latest of the sources; `meta.versionId` is the same as long as the same sources stand in
    the same versions. `meta.security` holds the labels of all sources. `link` leads to each of them (seealso).
    """
    ordered, trusted = latest_first(sources), trusted_first(sources)
    provenance = f"{canonical_base}/StructureDefinition/golden-source"
    patient: Json = {"resourceType": "Patient", "id": person, "meta": _meta(ordered, canonical_base)}
    for element, rule in rules(ordered).items():
        stated = statements(ordered if element in _BY_TIME_ALONE else trusted, element)
        for survivor in rule(stated) if stated else ():
            _lay(patient, survivor, [_extension(provenance, source) for source in survivor.sources])
    links = sorted(f"Patient/{source.id}" for source in ordered)
    patient["link"] = [{"other": {"reference": reference}, "type": "seealso"} for reference in links]
    return patient


def _meta(ordered: Sequence[SourcePatient], canonical_base: str) -> Json:
    updated = ordered[0].updated
    security = _distinct(label for source in ordered for label in source.resource.get("meta", {}).get("security", ()))
    tag = {"system": f"{canonical_base}/CodeSystem/record-kind", "code": "golden", "display": "golden record"}
    meta: Json = {"versionId": _version(ordered, updated), "lastUpdated": _instant(updated), "tag": [tag]}
    return meta | ({"security": security} if security else {})


def _version(ordered: Sequence[SourcePatient], updated: datetime) -> str:
    """Time of the latest update in milliseconds, and which sources stand in which versions: one may go where another
    comes, and who has the record as it was must not take it for the same.
    """
    sources = hash128("|".join(f"{source.id}/{source.version}" for source in ordered))
    return f"{int(updated.timestamp() * 1000)}-{sources.hex}"


def _lay(patient: Json, survivor: Survivor, provenance: list[Json]) -> None:
    """Put a value where it belongs, with its provenance beside or in it."""
    said = survivor.statement
    if not isinstance(said.value, dict):
        patient[said.element] = said.value
        patient[f"_{said.element}"] = {**said.extra, "extension": [*said.extra.get("extension", ()), *provenance]}
        return
    value = {name: part for name, part in said.value.items() if name != "id"}
    _attribute(value, provenance)
    if said.element in _SINGLE:
        patient[said.element] = value
    else:
        patient.setdefault(said.element, []).append(value)


def _attribute(value: Json, provenance: list[Json]) -> None:
    """Add provenance to a complex value; to the value of an Extension that has one, which has no extensions (ext-1)."""
    held = next((name for name in value if "url" in value and name.startswith("value")), None)
    if held is None:
        value["extension"] = [*value.get("extension", ()), *provenance]
    elif isinstance(value[held], dict):
        value[held] = {**value[held], "extension": [*value[held].get("extension", ()), *provenance]}
    else:
        beside = value.get(f"_{held}", {})
        value[f"_{held}"] = {**beside, "extension": [*beside.get("extension", ()), *provenance]}


def _extension(url: str, source: str) -> Json:
    return {"url": url, "valueReference": {"reference": f"Patient/{source}"}}


def _distinct(values: Iterable[Any]) -> list[Any]:
    kept: list[Any] = []
    for value in values:
        if value not in kept:
            kept.append(value)
    return sorted(kept, key=lambda label: (label.get("system", ""), label.get("code", "")))


def _instant(moment: datetime) -> str:
    """A FHIR instant in UTC with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
