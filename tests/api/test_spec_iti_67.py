"""What IHE MHD says of Find Document Lists [ITI-66] and Find Document References [ITI-67]: every parameter finds.

https://profiles.ihe.net/ITI/MHD/ITI-66.html and ITI-67.html (4.2), section Query Search Parameters.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from hub.kernel.types import Json
from tests.api.house import House, body, in_house, patient

MHD: Final = "https://profiles.ihe.net/ITI/MHD"
LISTS: Final = f"{MHD}/CodeSystem/MHDlistTypes"


def coded(code: str) -> Json:
    return {"coding": [{"system": "urn:test:codes", "code": code}]}


def submission(subject: Json, author: Json, document: str) -> Json:
    return {
        "resourceType": "List",
        "extension": [
            {"url": f"{MHD}/StructureDefinition/ihe-designationType", "valueCodeableConcept": coded("referral")},
            {"url": f"{MHD}/StructureDefinition/ihe-sourceId", "valueIdentifier": {"value": "urn:oid:2.999.1"}},
        ],
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": "urn:oid:2.999.2"}],
        "status": "current",
        "mode": "working",
        "code": {"coding": [{"system": LISTS, "code": "submissionset"}]},
        "subject": subject,
        "source": author,
        "date": "2026-05-19T08:30:00+08:00",
        "entry": [{"item": {"reference": document}}],
    }


def reference(subject: Json, author: Json) -> Json:
    label = {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "N"}
    return {
        "resourceType": "DocumentReference",
        "masterIdentifier": {"system": "urn:ietf:rfc:3986", "value": "urn:oid:2.999.3"},
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": "urn:uuid:7d5bb8ac-68ee-4926-85e7-b8aac8e1f09d"}],
        "status": "current",
        "type": coded("discharge"),
        "category": [coded("summary")],
        "subject": subject,
        "author": [author],
        "date": "2026-05-19T08:30:00+08:00",
        "securityLabel": [{"coding": [label]}],
        "content": [
            {
                "attachment": {"contentType": "text/plain", "data": "QQ==", "creation": "2026-05-18"},
                "format": {"system": "urn:test:codes", "code": "plain"},
            }
        ],
        "context": {
            "event": [coded("colonoscopy")],
            "facilityType": coded("hospital"),
            "practiceSetting": coded("surgery"),
            "period": {"start": "2026-05-17", "end": "2026-05-18"},
            "related": [{"reference": "Composition/of-it"}],
        },
    }


#: Search parameters of ITI-66, beside `patient`, `code` and `status`.
OF_LISTS: Final = (
    {"identifier": "urn:ietf:rfc:3986|urn:oid:2.999.2"},
    {"date": "ge2026-05-19", "designationType": "urn:test:codes|referral"},
    {"sourceId": "urn:oid:2.999.1"},
    {"source.family": "方", "source.given": "知远"},
)
#: Search parameters of ITI-67, beside `patient` and `status`.
OF_DOCUMENTS: Final = (
    {"author.family": "方", "author.given": "知远"},
    {"category": "urn:test:codes|summary", "type": "discharge"},
    {"creation": "2026-05-18"},
    {"date": "gt2026-05-18", "period": "le2026-05-18"},
    {"event": "colonoscopy", "facility": "hospital", "setting": "surgery"},
    {"format": "urn:test:codes|plain"},
    {"identifier": "urn:ietf:rfc:3986|urn:oid:2.999.3"},
    {"identifier": "urn:uuid:7d5bb8ac-68ee-4926-85e7-b8aac8e1f09d"},
    {"related": "Composition/of-it", "security-label": "N"},
)
NOT_THERE: Final = (
    ("List", {"code": "folder"}),
    ("List", {"designationType": "urn:test:codes|other"}),
    ("List", {"sourceId": "urn:oid:2.999.9"}),
    ("DocumentReference", {"creation": "2026-05-19"}),
    ("DocumentReference", {"status": "superseded"}),
)


def test_lists_and_documents_are_found_by_every_parameter_of_mhd(database_url: str) -> None:
    async def visit(home: House) -> None:
        rid = (await home.create(patient()))["id"]
        who = {"resourceType": "Practitioner", "name": [{"family": "方", "given": ["知远"]}]}
        author = {"reference": f"Practitioner/{(await home.create(who))['id']}"}
        subject = {"reference": f"Patient/{rid}"}
        doc = (await home.create(reference(subject, author)))["id"]
        await home.create(submission(subject, author, f"DocumentReference/{doc}"))
        for whose in ({"patient": rid}, {"patient.identifier": "urn:test:mrn|mrn-1"}):
            for asked in OF_LISTS:
                params = {**whose, "code": "submissionset", "status": "current", **asked}
                assert await found(home, "List", params) == ["List"], asked
            for asked in OF_DOCUMENTS:
                assert await found(home, "DocumentReference", {**whose, "status": "current", **asked}) == [
                    "DocumentReference"
                ], asked
        for rtype, asked in NOT_THERE:
            assert await found(home, rtype, {"patient": rid, **asked}) == [], asked
        # "The Document Responder shall support both GET and POST based searches".
        form = urlencode({"patient": rid, "code": "submissionset", "status": "current"}).encode()
        posted = await home.ask("POST", "/List/_search", form, content_type="application/x-www-form-urlencoded")
        assert body(posted)["total"] == 1
        # What may not be seen is not found, and nothing tells of it.
        hidden = await home.ask("GET", f"/DocumentReference?patient={rid}&status=current", who="stranger")
        nobody = await home.ask("GET", "/DocumentReference?patient=nobody&status=current", who="stranger")
        assert body(hidden)["total"] == body(nobody)["total"] == 0

    in_house(database_url, visit)


async def found(home: House, rtype: str, params: dict[str, str]) -> list[Any]:
    answer = await home.ask("GET", f"/{rtype}?{urlencode(params)}")
    assert answer.status_code == 200, answer.text
    return [entry["resource"]["resourceType"] for entry in body(answer).get("entry", [])]
