"""One study under translation: who sent it, the drafts so far, and what deserves a look."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Literal

from hub.kernel.ids import IdMaker
from hub.kernel.types import Draft, Issue, Json
from mappings.dicom.profile import DEFAULT, Profile

CANONICAL_BASE: Final = "https://yilian-hub.example/fhir"
DATA_ABSENT: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
#: What stands where R4 wants an element and the object has none.
UNKNOWN: Final[Json] = {"extension": [{"url": DATA_ABSENT, "valueCode": "unknown"}]}
URI: Final = "urn:ietf:rfc:3986"
#: Authorities of the keys of studies, which are UIDs, and of the Endpoints of archives.
DICOM_UID: Final = "urn:dicom:uid"
WADO_RS: Final = "wado-rs"
#: What several objects tell of together; all else is told whole by one.
_TOLD_IN_PARTS: Final = frozenset({"Patient", "Endpoint", "ImagingStudy"})
_TYPES: Final = "http://terminology.hl7.org/CodeSystem/v2-0203"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """One archive as the mapping sees it: `archive` is its name in the consortium, `wado` where the hub answers for it.

    Without them its images can be had from nobody yet. `tells_all`: it states all it has of a study at once.
    """

    facility: str
    ids: IdMaker
    canonical_base: str = CANONICAL_BASE
    profile: Profile = DEFAULT
    archive: str = ""
    wado: str = ""
    tells_all: bool = False


@dataclass(slots=True)
class Case:
    """The state of translating one study. `patient` and `study` are references once they are known."""

    sender: Sender
    zone: str
    drafts: dict[tuple[str, str, str], Draft] = field(default_factory=dict)
    issues: list[Issue] = field(default_factory=list)
    patient: Json = field(default_factory=dict)
    study: Json = field(default_factory=dict)

    def id_of(self, resource_type: str, authority: str, key: str) -> str:
        """The id of the resource with that identity at this facility."""
        return self.sender.ids(self.sender.facility, resource_type, authority, key)

    def draft(
        self,
        resource_type: str,
        authority: str,
        key: str,
        resource: Json,
        defaults: Json | None = None,
        *,
        whole: str = "",
        only_stored: bool = False,
        formerly: tuple[str, ...] = (),
    ) -> Json:
        """Add a resource about the patient (an Endpoint is about nobody); a reference to it."""
        rid = self.id_of(resource_type, authority, key)
        about = rid if resource_type == "Patient" else str(self.patient.get("reference", "")).partition("/")[2]
        self.drafts[resource_type, authority, key] = Draft(
            resource={"resourceType": resource_type, "id": rid} | _without_empty(resource),
            authority=authority,
            key=key,
            patient=None if resource_type == "Endpoint" else about or None,
            merge="overlay" if resource_type in _TOLD_IN_PARTS else "replace",
            defaults=_without_empty(defaults or {}),
            whole=whole,
            only_stored=only_stored,
            formerly=formerly,
        )
        return {"reference": f"{resource_type}/{rid}"}

    def issue(
        self, code: str, text: str, where: str = "", severity: Literal["error", "warning", "information"] = "warning"
    ) -> None:
        """Add an issue once; `text` holds no value of the object."""
        issue = Issue(severity=severity, where=where, code=code, text=text)
        if issue not in self.issues:
            self.issues.append(issue)


def identifier(system: str, value: str, kind: str = "") -> Json:
    """An Identifier; `kind` is a code of HL7 table 0203."""
    found: Json = {"type": {"coding": [{"system": _TYPES, "code": kind}]}} if kind else {}
    return found | ({"system": system} if system else {}) | {"value": value}


def oid(uid: str) -> Json:
    """A UID as an Identifier (R4 ImagingStudy)."""
    return {"system": DICOM_UID, "value": f"urn:oid:{uid}"}


def _without_empty(resource: Json) -> Json:
    return {name: value for name, value in resource.items() if value not in ("", None, [], {})}


def clip(text: str, most: int = 1_000_000) -> str:
    """A text of a length R4 allows."""
    return text if len(text) <= most else text[:most]


def texts(values: Any) -> list[str]:
    """Values that say something, each once, in order."""
    return list(dict.fromkeys(value for value in values if value))
