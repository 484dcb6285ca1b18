"""Patient/$cda: a document of WS/T 483 out of what the requester may see of somebody."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

from hub.kernel.types import Json
from tests.api.house import House, body, code, in_house, observation, patient
from tests.mappings.cda.documents import made

CITIZEN = {"system": "urn:oid:2.16.156.10011.1.3", "value": "99012219600101001X"}
ELEMENTS = "urn:oid:2.16.156.10011.2.2.1"


def glucose(patient_id: str, amount: str, **elements: Any) -> Json:
    coding = {"system": ELEMENTS, "code": "DE04.50.102.00", "display": "血糖检测值"}
    found = observation(patient_id, amount, code={"coding": [coding]}, **elements)
    found["valueQuantity"] |= {"unit": "mmol/L", "code": "mmol/L"}
    return found


def referral(patient_id: str, **elements: Any) -> Json:
    return {
        "resourceType": "ServiceRequest",
        "status": "active",
        "intent": "order",
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "3457005"}]},
        "subject": {"reference": f"Patient/{patient_id}"},
        "authoredOn": "2026-05-19T09:00:00+08:00",
        "reasonCode": [{"text": "空腹血糖 17.2 mmol/L"}],
        **elements,
    }


def told(raw: bytes, element: str) -> list[Any]:
    """What the observations of a data element say in a document, read back."""
    return [
        each.get("valueQuantity", {}).get("value", each.get("valueString", each.get("valueBoolean")))
        for each in made(raw, "Observation")
        if any(coding["code"] == element for coding in each["code"]["coding"])
    ]


def test_a_referral_tells_its_reason_and_what_the_requester_may_see_and_nothing_else(database_url: str) -> None:
    async def visit(home: House) -> None:
        rid = (await home.create(patient(identifier=[CITIZEN])))["id"]
        await home.create(glucose(rid, "17.2"))
        await home.create(glucose(rid, "9.9", status="entered-in-error"))
        await home.create(glucose(rid, "5.5", effectiveDateTime="2025-01-01"))
        await home.create(glucose(rid, "8.8"), who="hospital")
        await home.create(referral(rid, authoredOn="2026-05-01", reasonCode=[{"text": "旧"}]))
        await home.create(referral(rid))
        asked = f"/Patient/{rid}/$cda?type=HSDC00.05&start=2026-05-01"
        answer = await home.ask("GET", asked, accept="text/xml")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/xml; charset=utf-8")
        raw = answer.content
        (composition,) = made(raw, "Composition")
        assert composition["type"]["coding"][0]["code"] == "HSDC00.05"
        assert composition["custodian"]["display"] == "石桥社区卫生服务中心"
        (whom,) = made(raw, "Patient")
        assert whom["identifier"][0]["value"] == CITIZEN["value"]
        assert [str(each) for each in told(raw, "DE04.50.102.00")] == ["17.2"]
        assert told(raw, "DE05.10.053.00") == ["空腹血糖 17.2 mmol/L"]
        assert told(raw, "DE06.00.174.00") == [True]
        (asked_for,) = made(raw, "ServiceRequest")
        assert asked_for["status"] == "active"
        # Where FHIR is asked for the document comes in a Binary, and in a batch too.
        wrapped = body(await home.ask("GET", asked, accept="application/fhir+json"))
        assert made(b64decode(wrapped["data"]), "Composition")[0]["type"] == composition["type"]
        entry = {"request": {"method": "GET", "url": asked}}
        batch = await home.ask("POST", "", {"resourceType": "Bundle", "type": "batch", "entry": [entry]})
        assert body(batch)["entry"][0]["resource"]["contentType"] == "text/xml"

    in_house(database_url, visit)


def test_what_cannot_be_made_is_refused_and_who_is_hidden_looks_absent(database_url: str) -> None:
    async def visit(home: House) -> None:
        rid = (await home.create(patient()))["id"]
        other = await home.ask("GET", f"/Patient/{rid}/$cda?type=C0053")
        assert (other.status_code, code(other)) == (400, "not-supported")
        assert (await home.ask("GET", f"/Patient/{rid}/$cda")).status_code == 400
        assert (await home.ask("GET", f"/Patient/{rid}/$cda?type=HSDC00.05&x=1")).status_code == 400
        refused = await home.ask("GET", f"/Patient/{rid}/$cda?type=HSDC00.05", accept="application/pdf")
        assert refused.status_code == 406
        hidden = await home.ask("GET", f"/Patient/{rid}/$cda?type=HSDC00.05", who="stranger")
        absent = await home.ask("GET", "/Patient/nobody/$cda?type=HSDC00.05", who="stranger")
        assert (hidden.status_code, hidden.content) == (absent.status_code, absent.content)
        assert hidden.status_code == 404

    in_house(database_url, visit)
