"""Messages that come again: what they had contributed is read for all of their resources together."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from hub.kernel.types import Draft, Json, Translation
from hub.records.heads import Incoming
from tests.gate.house import statements_sent
from tests.pipeline.fake_feed import FEED, NOON
from tests.pipeline.hub_in_a_box import Box, box, run


def _results(count: int, **elements: object) -> Translation:
    drafts = []
    for number in range(count):
        resource: Json = {"resourceType": "Observation", "id": f"o{number}", "subject": {"reference": "Patient/p"}}
        drafts.append(
            Draft(
                resource={**resource, "status": "final", **elements},
                authority="o",
                key=str(number),
                patient="p",
            )
        )
    return Translation(drafts=tuple(drafts))


async def _tell(hub: Box, number: int, translation: Translation, *, again: bool = False) -> None:
    incoming = Incoming(message=number, feed=FEED, facility="F01", translation=translation, received_at=NOON)
    async with hub.database.transaction() as tx:
        (ingested,) = await hub.ingest.ingest(tx, [replace(incoming, again=again)])
    assert ingested.refusal is None


def test_a_message_of_many_resources_takes_as_many_statements_as_one_of_few(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            sent = statements_sent(monkeypatch)
            taken = []
            for count in (3, 60):
                await _tell(hub, count, _results(count, valueString="wrong"))
                sent.clear()
                await _tell(hub, count, _results(count), again=True)
                taken.append(len(sent))
            assert taken[0] == taken[1]

    run(story())


def test_each_resource_loses_what_the_message_alone_had_given_it_and_keeps_what_others_did(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            await _tell(hub, 1, _results(4, valueString="before"))
            await _tell(hub, 2, _results(4, valueString="wrong", bodySite={"text": "wrong"}))
            await _tell(hub, 3, _results(2, valueString="newer"))
            await _tell(hub, 2, _results(4), again=True)
            for number, value in enumerate(("newer", "newer", "before", "before")):
                stood = await hub.read("Observation", f"o{number}")
                assert stood is not None
                assert (stood["valueString"], "bodySite" in stood) == (value, False)

    run(story())
