"""Cases for the consent tests: a small county of our own, and short ways to write consents and requests about it."""

from __future__ import annotations

from typing import Any, Final

from consent.configuration import DEFAULT, Configuration
from consent.decide import decide
from hub.kernel.types import Json

ACT_REASON: Final = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
ACT_CODE: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
CONFIDENTIALITY: Final = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
PARTICIPATION: Final = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
SCOPE: Final = "http://terminology.hl7.org/CodeSystem/consentscope"
TYPES: Final = "http://hl7.org/fhir/resource-types"
URI: Final = "urn:ietf:rfc:3986"
LOINC: Final = "http://loinc.org"
LOCAL: Final = "urn:hub:purpose"

NOW: Final = "2026-06-10T10:00:00+08:00"
PATIENT: Final = "Patient/chen"
DOCTOR: Final = "Practitioner/sun"
CLINICIAN: Final = "Practitioner/qian"
SON: Final = "RelatedPerson/son"
MOTHER: Final = "RelatedPerson/mother"

#: county hospital with a ward, township hospital, village post without an entity; all of one alliance; strangers.
DIRECTORY: Final[Json] = {
    "Organization/alliance": {"legalEntity": True},
    "Organization/county": {"legalEntity": True, "partOf": "Organization/alliance"},
    "Organization/ward": {"partOf": "Organization/county"},
    "Organization/township": {"legalEntity": True, "partOf": "Organization/alliance"},
    "Organization/centre": {"legalEntity": True},
    "Organization/institute": {"partOf": "Organization/university"},
    "Organization/university": {"legalEntity": True},
    "Organization/loose": {"partOf": "Organization/looser"},
    "Organization/looser": {},
}

_REQUESTERS: Final[dict[str, tuple[Json, list[str], str]]] = {
    "patient": ({"reference": PATIENT}, ["PATRQT"], "identified"),
    "proxy": ({"reference": SON}, ["PATRQT"], "identified"),
    "family-doctor": ({"reference": DOCTOR, "organization": "Organization/township"}, ["CAREMGT"], "identified"),
    "clinician": ({"reference": CLINICIAN, "organization": "Organization/county"}, ["TREAT"], "identified"),
    "regional-centre": (
        {"reference": "Practitioner/feng", "organization": "Organization/centre"},
        ["HQUALIMP"],
        "deidentified",
    ),
    "researcher": (
        {"reference": "Practitioner/han", "organization": "Organization/institute"},
        ["CLINTRCH"],
        "aggregate",
    ),
    "enterprise": ({"reference": "Practitioner/yang", "organization": "Organization/maker"}, ["PRODRD"], "aggregate"),
}

APPROVAL: Final[Json] = {
    "id": "EA-1",
    "status": "approved",
    "organization": "Organization/university",
    "period": {"start": "2026-01", "end": "2026-12"},
}
EMERGENCY: Final[Json] = {
    "purpose": ["ETREAT"],
    "breakGlass": {"declared": True, "justification": "昏迷", "declaredAt": "2026-06-10T09:30:00+08:00"},
}


def asked(role: str = "clinician", requester: Json | None = None, **changes: Any) -> Json:
    """A request of a role with its usual purpose and form."""
    who, purpose, form = _REQUESTERS.get(role, ({"reference": "Practitioner/x"}, ["TREAT"], "identified"))
    approval = {"ethicsApproval": APPROVAL} if role == "researcher" else {}
    base = {"time": NOW, "requester": {"role": role, **who, **(requester or {})}, "purpose": purpose, "form": form}
    return _changed({**base, "action": "access", **approval}, changes)


def resource(**changes: Any) -> Json:
    """An Observation of the township hospital; labels are given as codes."""
    base = {
        "resourceType": "Observation",
        "reference": "Observation/hb",
        "patient": PATIENT,
        "authorOrganization": "Organization/township",
        "code": [{"system": LOINC, "code": "718-7"}],
        "clinicalTime": "2026-05-20",
    }
    return _changed(base, changes)


def person(**changes: Any) -> Json:
    """A woman of 56, managed by a family doctor of the township and in the care of the county hospital."""
    base = {
        "reference": PATIENT,
        "birthDate": "1970-03-01",
        "managedBy": [{"practitioner": DOCTOR, "period": {"start": "2026-01-01", "end": "2026-12-31"}}],
        "careRelationships": [{"organization": "Organization/ward", "period": {"start": "2026-06-01"}}],
    }
    return _changed(base, changes)


def case(*consents: Any, **keys: Any) -> Json:
    """A whole case: a clinician of the county hospital asks for an Observation of the township hospital."""
    base = {
        "policy": {"clinical": "opt-out", "secondary": "opt-out"},
        "directory": DIRECTORY,
        "patient": person(),
        "consents": list(consents),
        "request": asked(),
        "resource": resource(),
    }
    return _changed(base, keys)


def strange(*consents: Any, **keys: Any) -> Json:
    """The same, but no care relationship: only a permit that names an actor helps."""
    return case(*consents, **{"patient": person(careRelationships=[]), **keys})


def _changed(base: Json, changes: Json) -> Json:
    """`base` with `changes`; `...` removes a key."""
    return {key: value for key, value in {**base, **changes}.items() if value is not ...}


def consent(type_: str | None = "permit", *nested: Json, given: str = "2026-02-01", about: Json | None = None) -> Json:
    """An active privacy consent. `about` are the criteria of the root, by their FHIR names."""
    root = provision(type_, *nested, **(about or {}))
    return {
        "resourceType": "Consent",
        "status": "active",
        "scope": {"coding": [{"system": SCOPE, "code": "patient-privacy"}]},
        "patient": {"reference": PATIENT},
        "dateTime": given,
        **({"provision": root} if root else {}),
    }


def provision(type_: str | None, *nested: Json, **criteria: Any) -> Json:
    base: Json = {} if type_ is None else {"type": type_}
    return {**base, **criteria, **({"provision": list(nested)} if nested else {})}


def rule(code: str) -> Json:
    """A policyRule."""
    return {"coding": [{"system": ACT_CODE, "code": code}]}


def actor(*references: str, role: str = "IRCP") -> list[Json]:
    coding = {"system": PARTICIPATION, "code": role}
    return [{"role": {"coding": [coding]}, "reference": {"reference": reference}} for reference in references]


def purpose(*codes: str) -> list[Json]:
    return [{"system": LOCAL if code == "PRODRD" else ACT_REASON, "code": code} for code in codes]


def label(*codes: str) -> list[Json]:
    """Security labels: one letter is a confidentiality code, anything else a v3-ActCode."""
    return [{"system": CONFIDENTIALITY if len(code) == 1 else ACT_CODE, "code": code} for code in codes]


def class_(*types: str) -> list[Json]:
    return [{"system": TYPES, "code": one} for one in types]


def code(*codes: str, system: str = LOINC) -> list[Json]:
    return [{"coding": [{"system": system, "code": one}]} for one in codes]


def data(meaning: str, *references: str) -> list[Json]:
    return [{"meaning": meaning, "reference": {"reference": reference}} for reference in references]


def proxy(type_: str, reference: str | None = SON, **changes: Any) -> Json:
    return _changed({"reference": reference, "type": type_}, changes)


def says(given: Any, configuration: Configuration = DEFAULT) -> str:
    """`permit reason` or `deny reason`, followed by the obligations in their order."""
    found = decide(given, configuration)
    return " ".join([found.decision, found.reason, *found.obligations])
