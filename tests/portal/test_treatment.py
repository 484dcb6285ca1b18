"""Medicines on the timeline."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hub.auth.directory import Directory
from hub.portal.entry import Reading
from hub.portal.record import Item, Record
from hub.portal.texts import texts_of
from hub.portal.timeline import entries_of
from tests.portal.house import CONSORTIUM

TEN = datetime(2026, 3, 1, 2, tzinfo=UTC)


def item(rtype: str, rid: str, message: str, began: datetime | None = None, **elements: Any) -> Item:
    source = {"meta": {"source": f"urn:yilian:message:{message}"}} if message else {}
    resource = {"resourceType": rtype, "id": rid, **source, **elements}
    return Item(type=rtype, id=rid, organization="F01", began=began, ended=None, resource=resource)


def test_how_long_a_supply_lasts_is_said_in_words() -> None:
    supply = {"expectedSupplyDuration": {"value": 84, "unit": "d", "code": "d"}}
    prescribed = item("MedicationRequest", "m", "", TEN, dispenseRequest=supply)
    record = Record(person="p", patient={}, sources=(), items=(prescribed,), others={}, cut=False)
    (entry,) = entries_of(Reading(record, texts_of("zh"), Directory(CONSORTIUM)))
    assert entry.details == ("84 天",)
