"""Which AuditEvent an entry is: a FHIR interaction, or one of the events of DICOM PS3.15, section A.5.3. Pure."""

from __future__ import annotations

from typing import Final

from hub.audit.entry import Entry, Interaction
from hub.kernel.types import Json

_DICOM: Final = "http://dicom.nema.org/resources/ontology/DCM"
_TYPE: Final = "http://terminology.hl7.org/CodeSystem/audit-event-type"
_INTERACTION: Final = "http://hl7.org/fhir/restful-interaction"

_AUTHENTICATION: Final = ("110114", "User Authentication")
_ALERT: Final = ("110113", "Security Alert")
#: By how the query of a deed begins (`hub.audit.deeds`): the event, and its kind where it has kinds.
_DEEDS: Final = {
    "sign-in=": (_AUTHENTICATION, ("110122", "Login")),
    "sign-out=": (_AUTHENTICATION, ("110123", "Logout")),
    "break-glass=declared": (_ALERT, ("110127", "Emergency Override Started")),
    "break-glass=withdrawn": (_ALERT, ("110138", "Emergency Override Stopped")),
    "authorisation=": (_AUTHENTICATION, None),
    "token=": (_AUTHENTICATION, None),
    "client=": (_ALERT, ("110137", "User Security Attributes Changed")),
    "device=": (_ALERT, ("110137", "User Security Attributes Changed")),
    "account=": (_ALERT, ("110137", "User Security Attributes Changed")),
    "audit=": (("110101", "Audit Log Used"), None),
    "file=": (("110107", "Import"), None),
}


def type_of(entry: Entry) -> tuple[Json, list[Json]]:
    """`type` and `subtype` of the AuditEvent."""
    deed = entry.query if entry.interaction is Interaction.OPERATION and entry.resource_type is None else None
    for begins, (event, kind) in _DEEDS.items():
        if deed is not None and deed.startswith(begins):
            return _coding(_DICOM, event), [] if kind is None else [_coding(_DICOM, kind)]
    code = entry.interaction.value
    return _coding(_TYPE, ("rest", "Restful Operation")), [_coding(_INTERACTION, (code, code))]


def _coding(system: str, code: tuple[str, str]) -> Json:
    return {"system": system, "code": code[0], "display": code[1]}
