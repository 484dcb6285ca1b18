"""Imports begun at the machine: `yilian import`."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from hub.bulk.copies import Copies
from hub.bulk.jobs import Jobs
from hub.bulk.local import Given, LocalImports, given
from hub.bulk.model import State, subject_of
from hub.cli.import_ import _refusal
from hub.kernel.errors import Category, HubError
from tests.api.house import actor
from tests.bulk.house import INSTALLATION, Bulk, with_bulk
from tests.bulk.test_import import people, values


def put(path: Path, lines: Sequence[Any]) -> Path:
    path.write_text("\n".join(json.dumps(line, default=float) for line in lines) + "\n\n", encoding="utf-8")
    return path


def imports_in(bulk: Bulk) -> LocalImports:
    return LocalImports(Jobs(bulk.home.database, most=2), bulk.vault, bulk.copies, bulk.home.services.clock)


def test_files_are_taken_from_where_they_lie_and_nothing_stays_of_the_copies(database_url: str, tmp_path: Path) -> None:
    files = [put(tmp_path / "values.ndjson", values(2)), put(tmp_path / "people.ndjson", [*people(2), {"a": 1}])]

    async def visit(bulk: Bulk) -> tuple[Any, list[str], list[Path], list[int], int]:
        home, who = bulk.home, actor("F05", "administrator")
        folder = home.folder / "import"
        imports = imports_in(bulk)
        looked = [given(path) for path in files]
        job_id = await imports.begin(who, looked, source="http://emr.example/fhir")
        modes = [path.stat().st_mode & 0o777 for path in folder.glob(f"F05/*{job_id}/*")]
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


def test_copies_nobody_came_back_for_are_swept_away_but_not_while_their_job_has_to_read_them(
    database_url: str, tmp_path: Path
) -> None:
    looked = [given(put(tmp_path / "people.ndjson", people(2)))]

    async def visit(bulk: Bulk) -> list[int]:
        imports, who, folder = imports_in(bulk), actor("F05", "administrator"), bulk.home.folder / "import"
        others = folder / "F05" / ("import-" + "b" * 26 + "-1")
        others.mkdir(parents=True)
        put(others / "0.ndjson", people(1))
        counts = []

        async def swept() -> None:
            await bulk.worker.sweep()
            counts.append(len(list(folder.rglob("*.ndjson"))))

        await imports.begin(who, looked, source="http://emr.example/fhir")
        await swept()
        await bulk.worker.drain()
        await swept()
        cancelled = await imports.begin(who, looked, source="http://emr.example/fhir")
        await Jobs(bulk.home.database, most=2).drop(cancelled, subject_of(who))
        await swept()
        with bulk.copies.begun():
            bulk.copies.take("F05", "c", [looked[0].path])
            await swept()
        await swept()
        return counts

    assert with_bulk(database_url, visit) == [2, 1, 1, 2, 1], "what another installation copied stays"


def test_a_copy_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(source: Any, target: Any, size: int) -> None:
        target.write(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = put(tmp_path / "people.ndjson", people(2))
    monkeypatch.setattr("hub.bulk.copies.shutil.copyfileobj", full)
    with pytest.raises(HubError) as caught:
        Copies(tmp_path / "import", tmp_path, INSTALLATION).take("F05", "j", [path])
    assert caught.value.category is Category.UNAVAILABLE
    assert list((tmp_path / "import" / "F05").iterdir()) == []


@pytest.mark.parametrize("there", [[], ["srv/import"], ["srv/import", "srv/import/F05"]])
def test_root_gives_the_hub_what_it_made_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: list[str]
) -> None:
    data, folder = tmp_path / "data", tmp_path / "srv" / "import"
    data.mkdir()
    for name in there:
        (tmp_path / name).mkdir(parents=True)
    given_away: dict[Path, tuple[int, int]] = {}
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "chown", lambda path, user, group: given_away.update({path: (user, group)}))
    hub = os.stat_result((0o40700, 0, 0, 1, 4711, 4712, 0, 0, 0, 0))
    stat = Path.stat
    monkeypatch.setattr(Path, "stat", lambda path, **how: hub if path == data else stat(path, **how))
    path = put(tmp_path / "people.ndjson", people(2))
    (url,) = Copies(folder, data, INSTALLATION).take("F05", "j", [path])
    copy = folder / "F05" / url
    new = {copy, copy.parent, folder / "F05", folder} - {tmp_path / name for name in there}
    assert given_away == dict.fromkeys(new, (4711, 4712))


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
