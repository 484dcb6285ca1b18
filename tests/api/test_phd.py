"""Bundles of personal health gateways (HL7 PHD): what is sent again makes no second record.

The Device has an id the gateway chose in its facility's space: one that is in nobody's record is found by no criterion.
"""

from __future__ import annotations

from typing import Any

from hub.kernel.types import Json
from tests.api.house import House, body, in_house, patient

MDC = "urn:iso:std:iso:11073:10101"
NUMBER = "urn:oid:1.2.840.10004.1.1.1.0.0.1.0.0.1.2680"


def _bundle(who: str) -> Json:
    """A weight as the guide has it: the device, and the Observation known by device, patient, kind and time."""
    key = "FEEDFACE-sisansarah-188736-20260520T090000"
    device: Json = {
        "resourceType": "Device",
        "id": "F05-FEEDFACE",
        "identifier": [{"system": NUMBER, "value": "FEEDFACE"}],
        "specialization": [{"systemType": {"coding": [{"system": MDC, "code": "528399"}]}}],
    }
    weight: Json = {
        "resourceType": "Observation",
        "identifier": [{"value": key}],
        "status": "final",
        "code": {"coding": [{"system": MDC, "code": "188736"}, {"system": "http://loinc.org", "code": "29463-7"}]},
        "subject": {"reference": who},
        "effectiveDateTime": "2026-05-20T09:00:00+08:00",
        "valueQuantity": {"value": 62.5, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"},
        "device": {"reference": "Device/F05-FEEDFACE"},
    }
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {"resource": device, "request": {"method": "PUT", "url": "Device/F05-FEEDFACE"}},
            {
                "resource": weight,
                "request": {"method": "POST", "url": "Observation", "ifNoneExist": f"identifier={key}"},
            },
        ],
    }


def test_a_bundle_that_is_uploaded_twice_is_one_reading_of_one_device(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        bundle = _bundle(f"Patient/{made['id']}")
        answers: list[Any] = [body(await home.ask("POST", "", bundle)) for _ in range(2)]
        statuses = [[entry["response"]["status"][:3] for entry in answer["entry"]] for answer in answers]
        assert statuses == [["201", "201"], ["200", "200"]]
        etags = [[entry["response"]["etag"] for entry in answer["entry"]] for answer in answers]
        assert etags == [['W/"1"', 'W/"1"']] * 2
        assert len(body(await home.ask("GET", f"/Observation?patient={made['id']}"))["entry"]) == 1

    in_house(database_url, visit)
