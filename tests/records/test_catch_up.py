"""Patients stored before the index was."""

import pytest

from hub.kernel.clock import fixed_clock
from hub.mpi.index import PatientIndex
from hub.records import catch_up as module
from hub.records.catch_up import catch_up
from tests.pipeline.fake_feed import NOON, message, patient_id, translate
from tests.pipeline.hub_in_a_box import Box, box, run
from tests.records.test_ingest import ingest


async def _members(hub: Box) -> dict[str, str]:
    async with hub.database.connection() as tx:
        return {row["patient"]: row["person"] for row in await tx.fetch("SELECT patient, person FROM member")}


def test_every_stored_patient_is_registered_once_and_merges_are_told_again(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH", 2)

    async def story() -> None:
        async with box(database_url) as hub:
            for number, key in enumerate("ABCDE", 1):
                await ingest(hub, number, translate(message(str(number), key)))
            await ingest(hub, 6, translate(message("6", "A", other="B", merge=True)))
            before = await _members(hub)
            async with hub.database.connection() as tx:
                await tx.execute("TRUNCATE mpi_source, mpi_key, mpi_count, mpi_decision, mpi_edge, mpi_move, member")
            index = PatientIndex(fixed_clock(NOON))
            told: list[int] = []
            assert await catch_up(hub.database, hub.store, index, told.append) == 5
            assert told == [2, 4, 5]
            members = await _members(hub)
            assert members.keys() == before.keys()
            assert members[patient_id("A")] == members[patient_id("B")] != members[patient_id("C")]
            assert await catch_up(hub.database, hub.store, index) == 0
            assert await _members(hub) == members

    run(story())
