"""Over the database the index finds nearly the persons the whole file at once gives."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.arrival import arrived
from bench.mpi import measure, read_truth
from bench.patients import as_patient
from hub.kernel.types import Json
from hub.mpi.features import features
from hub.mpi.hashes import hash64
from hub.mpi.model import bundled_model
from hub.mpi.record_of import record_of
from hub.mpi.records_file import read_records
from tests.mpi.registry import Registry, with_registry


@pytest.fixture(scope="module")
def truth(shared: Path) -> dict[str, str]:
    if not (shared / "mpi-dev").is_dir():
        pytest.skip("shared folder absent: mpi-dev")
    return read_truth(shared / "mpi-dev" / "truth.csv")


@pytest.fixture(scope="module")
def patients(shared: Path, truth: dict[str, str]) -> list[Json]:
    """The development set as Patient resources, in the order of the file."""
    with (shared / "mpi-dev" / "records.csv").open("rb") as lines:
        return [as_patient(record) for record in read_records(lines, "records.csv")]


def test_in_batches_the_index_finds_what_the_whole_file_at_once_gives(
    database_url: str, patients: list[Json], truth: dict[str, str]
) -> None:
    async def story(registry: Registry) -> list[list[str]]:
        for start in range(0, len(patients), 64):
            await registry.register(*patients[start : start + 64])
        return await registry.persons()

    quality = measure(with_registry(database_url, story), truth)
    assert quality.pairs.precision >= 0.999
    assert quality.pairs.recall >= 0.971
    assert quality.mixed <= 2


def test_one_by_one_the_index_finds_what_an_index_in_memory_finds(
    database_url: str, patients: list[Json], truth: dict[str, str]
) -> None:
    # Every eighth person with all records; what the order does is asked of the index in memory (test_arrival).
    chosen = [one for one in patients if int(truth[one["id"]].lstrip("P")) % 8 == 0]
    chosen.sort(key=lambda one: hash64(one["id"]))
    found = arrived([features(record_of(one, "F01")) for one in chosen], bundled_model())

    async def story(registry: Registry) -> list[list[str]]:
        for one in chosen:
            await registry.register(one)
        return await registry.persons()

    assert with_registry(database_url, story) == sorted(sorted(person) for person in found)
