"""A study as ImagingStudy (R4), its Endpoint, and the body measures it states.

Sources of the targets: the R4 ImagingStudy mappings of DICOM. The study's UID and accession number are identifiers; a
series has a Coding of its modality; the order is named by the accession number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final
from urllib.parse import quote

from hub.kernel.types import Json
from mappings.dicom.case import DICOM_UID, UNKNOWN, URI, WADO_RS, Case, identifier, oid, texts
from mappings.dicom.coded import UCUM, coding, concepts
from mappings.dicom.identity import issuer
from mappings.dicom.item import Item
from mappings.dicom.person import displays
from mappings.dicom.times import at

#: Id of the Endpoint within a study.
_WITHIN: Final = "wado"
DCM: Final = "http://dicom.nema.org/resources/ontology/DCM"
_SIDES: Final = {"R": ("24028007", "Right"), "L": ("7771000", "Left"), "B": ("51440002", "Bilateral")}
_SNOMED: Final = "http://snomed.info/sct"
#: Instance Availability (0008,0056) of what cannot be retrieved (PS3.3 C.4.23.1.1).
UNAVAILABLE: Final = "UNAVAILABLE"
_CONNECTION: Final = "http://terminology.hl7.org/CodeSystem/endpoint-connection-type"
#: Whether an address wants the access token of the FHIR API (Argonaut SMART Imaging Access 0.1.0, a draft).
_WITH_TOKEN: Final = "http://fhir.org/argonaut/smart-imaging/StructureDefinition/requires-access-token"  # noqa: S105
#: Element, LOINC code, its name, unit (R4 vital signs), and what a value must be multiplied by.
_MEASURES: Final = (
    ("PatientSize", "8302-2", "Body height", "m"),
    ("PatientWeight", "29463-7", "Body weight", "kg"),
)


def imaging_study(uid: str, instances: list[Item], case: Case) -> None:
    """The ImagingStudy of the instances of one study, and the Endpoint it can be fetched from."""
    first = instances[0]
    ordered = accession(instances, case)
    place = endpoint(case)
    series = _series(instances, case, place)
    resource: Json = {
        "identifier": [oid(uid), *([ordered] if ordered else []), *_study_id(first, case)],
        "status": "available",
        "modality": _distinct(each["modality"] for each in series),
        "subject": case.patient,
        "encounter": _encounter(first, case),
        "started": _said(instances, lambda item: at(item, "StudyDate", "StudyTime", case.zone)),
        "basedOn": [{"type": "ServiceRequest", "identifier": ordered}] if ordered else [],
        "referrer": _people(first, "ReferringPhysicianName")[:1],
        "interpreter": _people(first, "NameOfPhysiciansReadingStudy"),
        "contained": _contained(case),
        "endpoint": [place, *({"reference": f"#{_WITHIN}"} for _ in _contained(case))],
        "numberOfSeries": len(series),
        "numberOfInstances": sum(each["numberOfInstances"] for each in series),
        "procedureCode": _procedures(first, case),
        "location": {"display": first.text("InstitutionName")} if first.text("InstitutionName") else {},
        "reasonCode": _reasons(first, case),
        "note": [{"text": text} for text in texts(first.texts("StudyComments"))],
        "description": _said(instances, lambda item: item.text("StudyDescription")),
        "series": series,
    }
    resource["referrer"] = resource["referrer"][0] if resource["referrer"] else {}
    whole = place["reference"] if case.sender.tells_all else ""
    case.study = case.draft("ImagingStudy", DICOM_UID, uid, resource, whole=whole)
    _body(first, uid, case)


def is_gone(instances: list[Item]) -> bool:
    """Whether an archive says of a study that it has nothing of it any more."""
    first, *more = instances
    return not more and not first.has("SOPInstanceUID") and first.text("InstanceAvailability") == UNAVAILABLE


def gone(uid: str, case: Case) -> None:
    """A study without its images: withdrawn, as far as no other archive of the facility has it."""
    place = case.id_of("Endpoint", WADO_RS, _archive(case))
    resource = {"status": case.sender.profile.gone}
    case.study = case.draft("ImagingStudy", DICOM_UID, uid, resource, whole=f"Endpoint/{place}", only_stored=True)


def accession(instances: list[Item], case: Case) -> Json:
    """The accession number with its issuer, typed ACSN; {} if no instance has one."""
    for item in instances:
        if value := item.text("AccessionNumber"):
            system = issuer(item, "", "IssuerOfAccessionNumberSequence", case) or case.sender.profile.accession_issuer
            return identifier(system or _local(case, "accession"), value, "ACSN")
    return {}


def endpoint(case: Case) -> Json:
    """The place the hub answers WADO-RS for this archive at; it is off where the hub does not know the archive."""
    return case.draft("Endpoint", WADO_RS, _archive(case), _endpoint(case), {"status": "off"})


def _archive(case: Case) -> str:
    return case.sender.archive or case.sender.facility


def _contained(case: Case) -> list[Json]:
    """The place once more within the study: an Endpoint on its own is released to nobody (consent rules, section 3)."""
    if not case.sender.wado:
        return []
    return [
        {"resourceType": "Endpoint", "id": _WITHIN, **{name: value for name, value in _endpoint(case).items() if value}}
    ]


def _endpoint(case: Case) -> Json:
    sender = case.sender
    nowhere = f"{sender.canonical_base.rsplit('/', 1)[0]}/dicom-web/{quote(sender.facility, safe='')}"
    return {
        "extension": [{"url": _WITH_TOKEN, "valueBoolean": True}] if sender.wado else [],
        "status": "active" if sender.wado else "",
        "connectionType": {"system": _CONNECTION, "code": "dicom-wado-rs"},
        "name": "DICOMweb",
        "payloadType": [{"text": "DICOM WADO-RS"}],
        "payloadMimeType": ["application/dicom", "application/dicom+json"],
        "address": sender.wado or nowhere,
    }


def _series(instances: list[Item], case: Case, place: Json) -> list[Json]:
    """The series in the order of their numbers, each with its instances in order."""
    by_uid: dict[str, list[Item]] = {}
    for item in instances:
        uid = item.uid("SeriesInstanceUID")
        if not uid:
            case.issue("no-series", "an instance names no series it is in; it is not listed", "(0020,000E)", "error")
            continue
        by_uid.setdefault(uid, []).append(item)
    found = [_one_series(uid, items, case, place) for uid, items in by_uid.items()]
    return sorted(found, key=lambda each: (each.get("number", 1 << 31), each["uid"]))


def _one_series(uid: str, items: list[Item], case: Case, place: Json) -> Json:
    first = items[0]
    listed = _instances(items, case)
    found: Json = {
        "uid": uid,
        "number": first.whole("SeriesNumber"),
        "modality": _modality(first),
        "description": first.text("SeriesDescription"),
        "numberOfInstances": len(listed),
        "endpoint": [place],
        "bodySite": _site(first, case),
        "laterality": _side(first),
        "started": at(first, "SeriesDate", "SeriesTime", case.zone),
        "performer": [
            {"actor": {"display": name}}
            for name in texts([*displays(first, "PerformingPhysicianName"), *displays(first, "OperatorsName")])
        ],
        "instance": listed,
    }
    return {name: value for name, value in found.items() if value not in (None, "", {}, []) or value == 0}


def _instances(items: list[Item], case: Case) -> list[Json]:
    by_uid: dict[str, Json] = {}
    for item in items:
        uid = item.uid("SOPInstanceUID")
        if not uid:
            case.issue("no-instance", "an instance has no UID; it is not listed", "(0008,0018)", "error")
        elif uid in by_uid:
            case.issue("same-instance", "an instance came twice; it is listed once", "(0008,0018)", "information")
        else:
            by_uid[uid] = _instance(uid, item)
    return sorted(by_uid.values(), key=lambda each: (each.get("number", 1 << 31), each["uid"]))


def _instance(uid: str, item: Item) -> Json:
    sop = item.uid("SOPClassUID")
    found: Json = {"uid": uid, "sopClass": {"system": URI, "code": f"urn:oid:{sop}"} if sop else dict(UNKNOWN)}
    number = item.whole("InstanceNumber")
    if number is not None:
        found["number"] = number
    if title := item.text("ContentLabel") or item.text("DocumentTitle"):
        found["title"] = title
    return found


def _modality(item: Item) -> Json:
    code = " ".join(item.text("Modality").split())
    return {"system": DCM, "code": code} if code else dict(UNKNOWN)


def _site(item: Item, case: Case) -> Json:
    region = item.first("AnatomicRegionSequence")
    found = coding(region, case) if region is not None else {}
    examined = item.text("BodyPartExamined")
    return found or ({"display": examined} if examined else {})


def _side(item: Item) -> Json:
    side = _SIDES.get(item.text("Laterality").upper() or item.text("ImageLaterality").upper())
    return {"system": _SNOMED, "code": side[0], "display": side[1]} if side else {}


def _people(item: Item, keyword: str) -> list[Json]:
    return [{"display": name} for name in displays(item, keyword)]


def _procedures(item: Item, case: Case) -> list[Json]:
    sequences = ("ProcedureCodeSequence", "RequestedProcedureCodeSequence")
    return _distinct(found for name in sequences for found in concepts(item.items(name), case))


def _reasons(item: Item, case: Case) -> list[Json]:
    said = [*item.texts("ReasonForTheRequestedProcedure"), *item.texts("AdmittingDiagnosesDescription")]
    coded = concepts(item.items("ReasonForRequestedProcedureCodeSequence"), case)
    return coded + [{"text": text} for text in texts(said)]


def _encounter(item: Item, case: Case) -> Json:
    value = item.text("AdmissionID")
    if not value:
        return {}
    system = issuer(item, "", "IssuerOfAdmissionIDSequence", case) or _local(case, "admission")
    return {"type": "Encounter", "identifier": identifier(system, value, "VN")}


def _study_id(item: Item, case: Case) -> list[Json]:
    value = item.text("StudyID")
    return [identifier(_local(case, "study"), value)] if value else []


def _local(case: Case, name: str) -> str:
    return f"{case.sender.canonical_base}/sid/{quote(case.sender.facility, safe='')}/{name}"


def _distinct(values: Iterable[Json]) -> list[Json]:
    found: list[Json] = []
    for value in values:
        if value not in found and value != UNKNOWN:
            found.append(value)
    return found


def _body(item: Item, uid: str, case: Case) -> None:
    """Height and weight as Observations at the time of the study."""
    for keyword, code, display, unit in _MEASURES:
        value = item.number(keyword)
        when = at(item, "StudyDate", "StudyTime", case.zone)
        if value is None or value <= 0 or not when:
            continue
        case.draft(
            "Observation",
            f"urn:dicom:uid/{keyword}",
            uid,
            {
                "status": "final",
                "category": [category("vital-signs")],
                "code": {"coding": [{"system": "http://loinc.org", "code": code, "display": display}]},
                "subject": case.patient,
                "effectiveDateTime": when,
                "derivedFrom": [case.study],
                "valueQuantity": {"value": value, "unit": unit, "system": UCUM, "code": unit},
            },
        )


def category(code: str) -> Json:
    """A category of Observation."""
    return {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": code}]}


def _said(instances: list[Item], read: Callable[[Item], str]) -> str:
    """What the first instance that says it says."""
    return next((text for item in instances if (text := read(item))), "")
