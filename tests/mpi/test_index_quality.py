"""Fed record by record, the index finds nearly the persons the batch finds, whatever the order."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.mpi import Quality, measure, read_truth
from bench.patients import as_patient
from hub.kernel.types import Json
from hub.mpi.hashes import hash64
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


def fed(url: str, patients: list[Json], truth: dict[str, str], batch: int) -> Quality:
    """The quality of the persons the index makes of these, `batch` in a transaction."""

    async def story(registry: Registry) -> list[list[str]]:
        for start in range(0, len(patients), batch):
            await registry.register(*patients[start : start + batch])
        return await registry.persons()

    known = {one["id"] for one in patients}
    return measure(with_registry(url, story), {rid: person for rid, person in truth.items() if rid in known})


def test_in_batches_the_index_finds_what_the_whole_file_at_once_gives(
    database_url: str, patients: list[Json], truth: dict[str, str]
) -> None:
    quality = fed(database_url, patients, truth, batch=64)
    assert quality.pairs.precision >= 0.998
    assert quality.pairs.recall >= 0.963
    assert quality.mixed <= 2


@pytest.mark.parametrize("order", ["of the file", "reversed", "at random"])
def test_one_by_one_the_order_hardly_matters(
    database_url: str, patients: list[Json], truth: dict[str, str], order: str
) -> None:
    # Every eighth person with all records: enough to see a regression, and quick.
    chosen = [one for one in patients if int(truth[one["id"]].lstrip("P")) % 8 == 0]
    if order == "reversed":
        chosen.reverse()
    elif order == "at random":
        chosen.sort(key=lambda one: hash64(one["id"]))
    quality = fed(database_url, chosen, truth, batch=1)
    assert quality.pairs.precision >= 0.998
    assert quality.pairs.recall >= 0.96
    assert quality.mixed <= 1
