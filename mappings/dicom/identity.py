"""Whose study it is. A person is known by issuer and PatientID together, never by the PatientID alone.

A PatientID without an issuer, or an empty one, is held unattached: the study gets a Patient of its own, known by the
study, which no other study can share.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from hub.kernel.types import Json
from mappings.dicom.case import Case, identifier
from mappings.dicom.item import Item
from mappings.dicom.person import named, names
from mappings.dicom.times import day
from mappings.registration import Registration, formerly, is_nobodys, registration

#: PatientSex, and the words that stand in its place.
_GENDERS: Final = {
    "M": "male", "F": "female", "O": "other", "MALE": "male", "FEMALE": "female", "OTHER": "other",
    "男": "male", "女": "female",
}  # fmt: skip
_OID: Final = re.compile(r"[0-2](?:\.(?:0|[1-9]\d*))+\Z")
_URI: Final = re.compile(r"(?:urn:|https?://)\S+\Z", re.IGNORECASE)
#: Who issued a number ("" if nobody says), and the number.
Number = tuple[str, str]


def number(item: Item, case: Case) -> Number:
    """Issuer and PatientID of an object; the profile's issuer stands in where the object names none."""
    value = item.text("PatientID")
    if is_nobodys(value):
        return "", ""
    stated = issuer(item, "IssuerOfPatientID", "IssuerOfPatientIDQualifiersSequence", case)
    return stated or case.sender.profile.issuer, value


def issuer(item: Item, local: str, qualifiers: str, case: Case) -> str:
    """URI of an issuer: the universal entity of its qualifiers, else its local name below the facility; "" if none."""
    qualifier = item.first(qualifiers) if qualifiers else None
    if qualifier is not None and (universal := qualifier.text("UniversalEntityID")):
        return _uri(universal, case)
    name = item.text(local) if local else ""
    if not name and qualifier is not None:
        name = qualifier.text("LocalNamespaceEntityID")
    return _uri(name, case) if name else ""


def _uri(name: str, case: Case) -> str:
    """URI of an issuer as objects name it: an OID, a URI, `name&universal&type` (HL7 v2 HD), or a local name."""
    namespace, _, rest = name.partition("&")
    universal = rest.partition("&")[0]
    for text in (universal, namespace):
        if _OID.match(text):
            return f"urn:oid:{text}"
        if _URI.match(text):
            return text
    return f"{case.sender.canonical_base}/sid/{quote(case.sender.facility, safe='')}/{quote(namespace, safe='')}"


def patient(item: Item, who: Number, study_uid: str, case: Case) -> None:
    """The Patient of a study. What an archive says of a person is used only where nothing better is stored."""
    system, value = who
    numbers = [identifier(system, value, "MR")] if value else []
    attach(who, ("dicom-study", study_uid), numbers + (_others(item, case) if system else []), _said(item), case)


def attach(who: Number, own: tuple[str, str], numbers: list[Json], said: Json, case: Case) -> None:
    """The Patient that issuer and number name; without both, one of the object's `own`, which no other can share."""
    system, value = who
    attached = bool(system and value)
    if not attached:
        _held(value, case)
    known, before = (registration(system, value), who) if attached else (Registration(*own), own)
    stated = {"identifier": numbers} | said
    case.patient = case.draft("Patient", *known, {}, stated, formerly=formerly(known, before, case.id_of))


def _held(value: str, case: Case) -> None:
    if value:
        text = "a patient number without an issuer: held unattached, nobody else's; name the issuer in the profile"
        case.issue("unqualified-patient-id", text, "(0010,0020) PatientID")
    else:
        text = "no patient number: held unattached, nobody else's; mend it in the archive and send it again"
        case.issue("no-patient-id", text, "(0010,0020) PatientID", "error")


def _others(item: Item, case: Case) -> list[Json]:
    found = []
    for other in item.items("OtherPatientIDsSequence"):
        system = issuer(other, "IssuerOfPatientID", "IssuerOfPatientIDQualifiersSequence", case)
        if (value := other.text("PatientID")) and system:
            found.append(identifier(system, value))
    return found


def _said(item: Item) -> Json:
    spoken = [
        *named(item, "PatientName"),
        *[name for value in item.texts("OtherPatientNames") for name in names(value, "old")],
        *[name for value in item.texts("PatientBirthName") for name in names(value, "maiden")],
    ]
    return {
        "name": [name for n, name in enumerate(spoken) if name not in spoken[:n]],
        "gender": _gender(item.text("PatientSex")),
        "birthDate": day(item.text("PatientBirthDate")),
        "address": [{"text": text} for text in item.texts("PatientAddress") if text],
        "telecom": [{"system": "phone", "value": text} for text in item.texts("PatientTelephoneNumbers") if text],
    }


def _gender(code: str) -> str:
    return _GENDERS.get(code.upper(), "unknown") if code else ""
