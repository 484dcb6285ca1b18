"""Imports begun at the machine: `yilian import`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from hub.bulk.jobs import Jobs
from hub.bulk.local import Given, LocalImports, given
from hub.bulk.model import State
from hub.cli.import_ import _refusal
from hub.kernel.errors import Category, HubError
from tests.api.house import actor
from tests.bulk.house import Bulk, with_bulk
from tests.bulk.test_import import people, values


def put(path: Path, lines: Sequence[Any]) -> Path:
    path.write_text("\n".join(json.dumps(line, default=float) for line in lines) + "\n\n", encoding="utf-8")
    return path


def test_files_are_taken_from_where_they_lie_and_nothing_stays_of_the_copies(database_url: str, tmp_path: Path) -> None:
    files = [put(tmp_path / "values.ndjson", values(2)), put(tmp_path / "people.ndjson", [*people(2), {"a": 1}])]

    async def visit(bulk: Bulk) -> tuple[Any, list[str], list[Path], list[int], int]:
        home, who = bulk.home, actor("F05", "administrator")
        folder = home.folder / "import"
        imports = LocalImports(Jobs(home.database, most=2), bulk.vault, folder, home.services.clock)
        looked = [given(path) for path in files]
        job_id = await imports.begin(who, looked, source="http://emr.example/fhir")
        modes = [path.stat().st_mode & 0o777 for path in (folder / "F05" / job_id).iterdir()]
        await bulk.worker.drain()
        job = await imports.progress(who, job_id)
        assert job.state is State.DONE
        told = [_refusal(json.loads(line), looked) async for line in imports.refused(job)]
        await imports.end(who, job_id)
        return (
            job.result,
            told,
            list(folder.rglob("*.ndjson")),
            modes,
            len(await bulk.exported("/$export?_type=Patient")),
        )

    result, told, left, modes, patients = with_bulk(database_url, visit)
    assert ([one["count"] for one in result["output"]], result["failed"]) == ([2, 2], [0, 1])
    assert (left, modes, patients) == ([], [0o600, 0o600], 2)
    (line,) = told
    assert line.startswith(f"{files[1]} line 3")


def test_a_file_says_its_type_by_its_first_line(tmp_path: Path) -> None:
    path = put(tmp_path / "a.ndjson", people(3))
    assert given(path) == Given(path, "Patient", 3)


@pytest.mark.parametrize("lines", [[], ["x"], [{"resourceType": "Person2"}], [3]])
def test_what_is_no_file_of_resources_is_refused_before_anything_is_copied(tmp_path: Path, lines: list[Any]) -> None:
    with pytest.raises(HubError) as refused:
        given(put(tmp_path / "a.ndjson", lines))
    assert refused.value.category is Category.UNREADABLE
    with pytest.raises(HubError) as absent:
        given(tmp_path / "none.ndjson")
    assert absent.value.category is Category.NOT_FOUND
