"""The worklist of a facility through the gate: its own orders, and on record."""

from __future__ import annotations

from typing import Any

from hub.audit.queries import newest
from hub.kernel.consortium import Feed
from hub.kernel.types import Json
from hub.outbound.worklist import Worklist
from mappings.dicom import worklist
from tests.api.house import House, in_house, patient


def order(about: str, section: str, **elements: Any) -> Json:
    return {
        "resourceType": "ServiceRequest",
        "status": "active",
        "intent": "order",
        "subject": {"reference": f"Patient/{about}"},
        "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": section}]}],
        "code": {"text": "胸部CT"},
        "authoredOn": "2026-05-20T08:00:00+08:00",
        "occurrenceDateTime": "2026-05-20T09:00:00+08:00",
        **elements,
    }


def test_a_modality_sees_the_orders_of_its_facility_alone_and_on_record(database_url: str) -> None:
    async def visit(home: House) -> None:
        for who in ("clinic", "hospital"):
            number = {"type": {"coding": [{"code": "MR"}]}, "system": f"urn:test:{who}", "value": who}
            about = (await home.create(patient(identifier=[number]), who=who))["id"]
            await home.create(order(about, "CT"), who=who)
            await home.create(order(about, "LAB"), who=who)
            await home.create(order(about, "NMR", status="completed"), who=who)
        feed = Feed(name="F05-ct", facility="F05", transport="dicom", worklist=True)
        ask = Worklist(home.services.gate, feed, worklist, home.services.clock, home.services.log)
        found = await ask({"00100020": {"vr": "LO"}, "00400100": {"vr": "SQ"}}, "CT01", "10.0.0.7")
        assert [each["00100020"]["Value"] for each in found] == [["clinic"]]
        assert found[0]["00400100"]["Value"][0]["00080060"]["Value"] == ["CT"]
        async with home.database.connection() as tx:
            (entry,) = await newest(tx, limit=1)
        assert (entry.requester.client, entry.resource_type, entry.origin.address) == (
            "feed:F05-ct",
            "ServiceRequest",
            "10.0.0.7",
        )
        assert len(entry.patients) == 1

    in_house(database_url, visit)
