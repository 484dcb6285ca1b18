"""Packed files that would become too much are refused before they are unpacked."""

from __future__ import annotations

import io
import json
import tarfile
import tracemalloc
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from hub.kernel.errors import Category, HubError
from terminology import limits
from terminology.archive import Archive
from terminology.fhir_source import resources
from tests.terminology.house import value_set


def zipped(path: Path, content: bytes) -> Path:
    with ZipFile(path, "w", ZIP_DEFLATED) as packed:
        packed.writestr("LoincTable/Loinc.csv", content)
    return path


def packaged(path: Path, content: bytes) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        member = tarfile.TarInfo("package/a.json")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return path


def test_a_zip_that_unpacks_to_hundreds_of_times_its_size_is_refused_and_a_table_is_not(tmp_path: Path) -> None:
    bomb = zipped(tmp_path / "bomb.zip", bytes(limits.SMALL + 1))
    with pytest.raises(HubError) as refusal:
        Archive(bomb)
    assert (refusal.value.category, refusal.value.code) == (Category.TOO_LARGE, "too-large")
    table = "".join(f"{number},Glucose [Moles/volume] {number}\n" for number in range(1000))
    with Archive(zipped(tmp_path / "table.zip", table.encode())).lines("LoincTable/Loinc.csv") as lines:
        assert sum(1 for _ in lines) == 1000


def test_a_line_without_an_end_is_refused_before_it_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LINE", 1000)
    (tmp_path / "long.csv").write_text("x" * 5000)
    with Archive(tmp_path).lines("long.csv") as lines, pytest.raises(HubError, match="too much"):
        list(lines)


def test_a_package_that_unpacks_to_too_much_is_refused_and_its_bytes_are_never_held(tmp_path: Path) -> None:
    bomb = packaged(tmp_path / "bomb.tgz", bytes(limits.SMALL * 2))
    tracemalloc.start()
    with pytest.raises(HubError) as refusal:
        list(resources(bomb))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert refusal.value.category is Category.TOO_LARGE
    assert peak < limits.SMALL
    sound = packaged(tmp_path / "sound.tgz", json.dumps(value_set("urn:v")).encode())
    assert [one["url"] for one in resources(sound)] == ["urn:v"]
