"""A message from the inbox to the record."""

from __future__ import annotations

from tests.pipeline.fake_feed import message, observation_id, patient_id
from tests.pipeline.hub_in_a_box import box, run


def test_an_accepted_message_becomes_part_of_the_record(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            assert await hub.send(message("1", "A", set={"gender": "female"}, results={"K": "4.1"})) == ["done"]
            patient = await hub.read("Patient", patient_id("A"))
            assert patient is not None
            assert patient["gender"] == "female"
            result = await hub.read("Observation", observation_id("A", "K"))
            assert result is not None
            assert result["valueString"] == "4.1"

    run(story())
