"""The closed tables of section 2, and the code systems of section 9a. Nothing outside them exists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_TERMINOLOGY: Final = "http://terminology.hl7.org/CodeSystem/"

#: Code systems and URI schemes by which a consent speaks.
ACT_REASON: Final = _TERMINOLOGY + "v3-ActReason"
CONFIDENTIALITY: Final = _TERMINOLOGY + "v3-Confidentiality"
ACT_CODE: Final = _TERMINOLOGY + "v3-ActCode"
PARTICIPATION: Final = _TERMINOLOGY + "v3-ParticipationType"
CONSENT_SCOPE: Final = _TERMINOLOGY + "consentscope"
LOCAL_PURPOSE: Final = "urn:hub:purpose"
RESOURCE_TYPE: Final = "http://hl7.org/fhir/resource-types"
PROFILE_URI: Final = "urn:ietf:rfc:3986"

#: The v3-ParticipationType of an actor to whom information is disclosed.
RECIPIENT: Final = "IRCP"


def _kinds(parents: Mapping[str, str], others: tuple[str, ...]) -> dict[str, frozenset[str]]:
    """Every code with itself and all it is a kind of."""
    found: dict[str, frozenset[str]] = {}
    for code in {*parents, *parents.values(), *others}:
        line = [code]
        while line[-1] in parents:
            line.append(parents[line[-1]])
        found[code] = frozenset(line)
    return found


#: Purposes: what each is, and is a kind of. `PRODRD` is local, all others are of v3-ActReason.
PURPOSE_KINDS: Final[Mapping[str, frozenset[str]]] = _kinds(
    {
        "COC": "TREAT",
        "CAREMGT": "TREAT",
        "ETREAT": "TREAT",
        "BTG": "ETREAT",
        "HQUALIMP": "HOPERAT",
        "CLINTRCH": "HRESCH",
        "BIORCH": "HRESCH",
        "FAMRQT": "PATRQT",
    },
    ("PUBHLTH", "PRODRD"),
)
LOCAL_PURPOSES: Final = frozenset({"PRODRD"})
EMERGENCY_PURPOSES: Final = frozenset({"ETREAT", "BTG"})
BREAK_THE_GLASS: Final = "BTG"

#: Section 4c: the purposes for which a consent of scope `research` counts.
RESEARCH_PURPOSES: Final = LOCAL_PURPOSES | {code for code, kinds in PURPOSE_KINDS.items() if "HRESCH" in kinds}

IDENTIFIED: Final = "identified"
DEIDENTIFIED: Final = "deidentified"
AGGREGATE: Final = "aggregate"


@dataclass(frozen=True, slots=True)
class Role:
    """The ceiling of one role: no consent raises it."""

    purposes: frozenset[str]
    forms: frozenset[str]


PATIENT: Final = "patient"
PROXY: Final = "proxy"
FAMILY_DOCTOR: Final = "family-doctor"
CLINICIAN: Final = "clinician"
REGIONAL_CENTRE: Final = "regional-centre"
RESEARCHER: Final = "researcher"
ENTERPRISE: Final = "enterprise"

_CLINICAL: Final = Role(frozenset({"TREAT", "COC", "CAREMGT", "ETREAT", "BTG"}), frozenset({IDENTIFIED}))

ROLES: Final[Mapping[str, Role]] = {
    PATIENT: Role(frozenset({"PATRQT"}), frozenset({IDENTIFIED})),
    PROXY: Role(frozenset({"PATRQT", "FAMRQT"}), frozenset({IDENTIFIED})),
    FAMILY_DOCTOR: _CLINICAL,
    CLINICIAN: _CLINICAL,
    REGIONAL_CENTRE: Role(frozenset({"HOPERAT", "HQUALIMP", "PUBHLTH"}), frozenset({DEIDENTIFIED, AGGREGATE})),
    RESEARCHER: Role(frozenset({"HRESCH", "CLINTRCH", "BIORCH"}), frozenset({AGGREGATE})),
    ENTERPRISE: Role(frozenset({"PRODRD"}), frozenset({AGGREGATE})),
}
CLINICAL_ROLES: Final = frozenset({FAMILY_DOCTOR, CLINICIAN})

#: Confidentiality codes, from the lowest.
RANKS: Final[Mapping[str, int]] = {code: rank for rank, code in enumerate("ULMNRV")}
NORMAL: Final = RANKS["N"]
RESTRICTED: Final = RANKS["R"]
VERY_RESTRICTED: Final = RANKS["V"]

#: Sensitivity labels (v3-ActCode): what each is, and is a kind of. Other labels of that system are none.
SENSITIVITY_KINDS: Final[Mapping[str, frozenset[str]]] = _kinds(
    {"PSYTHPN": "PSY", "ETHUD": "ETH", "OPIOIDUD": "ETH"}, ("HIV", "STD", "SEX", "SDV", "GDIS")
)

NON_PATIENT_TYPES: Final = frozenset(
    {
        "Organization",
        "Practitioner",
        "PractitionerRole",
        "Location",
        "HealthcareService",
        "ValueSet",
        "CodeSystem",
        "ConceptMap",
        "StructureDefinition",
        "CapabilityStatement",
        "Medication",
    }
)
NOT_DEIDENTIFIABLE: Final = frozenset(
    {"Binary", "DocumentReference", "Media", "Communication", "RelatedPerson", "Person"}
)

#: Section 3 step 7: records about the record, for the patient and the proxy alone.
RECORD_TYPES: Final = frozenset({"Consent", "AuditEvent"})
