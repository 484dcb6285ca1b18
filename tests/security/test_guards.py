"""A test of an attack that stays green without the guard would prove nothing: each guard is taken away once.

`make soak` does that in a copy of the sources; what runs always holds the table to the sources, so that it stays true.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

ROOT: Final = Path(__file__).resolve().parents[2]
_SOURCES: Final = ("connectors", "consent", "hub", "mappings", "terminology", "tests", "conftest.py", "pyproject.toml")
_GUARDS: Final[list[dict[str, Any]]] = yaml.safe_load((ROOT / "tests/security/guards.yaml").read_text("utf-8"))
#: Exit status of pytest when tests were run and some failed.
_RED: Final = 1


def test_every_guard_stands_once_where_the_table_says() -> None:
    for one in _GUARDS:
        assert (ROOT / one["file"]).read_text("utf-8").count(one["guard"]) == 1, one


def test_every_guard_has_a_test_of_its_own() -> None:
    for one in _GUARDS:
        path, _, name = one["test"].partition("::")
        assert f"def {name}(" in (ROOT / path).read_text("utf-8"), one


@pytest.mark.soak
@pytest.mark.parametrize("one", _GUARDS, ids=[f"{one['attack']}-{Path(one['file']).stem}" for one in _GUARDS])
def test_without_its_guard_the_test_of_an_attack_is_red(one: dict[str, Any], tmp_path: Path) -> None:
    if not os.environ.get("YILIAN_SOAK"):
        pytest.skip("long run: make soak")
    for name in _SOURCES:
        _copy(ROOT / name, tmp_path / name)
    bare = tmp_path / one["file"]
    text = bare.read_text("utf-8")
    bare.unlink()  # the copies are links
    bare.write_text(text.replace(one["guard"], one["without"]), "utf-8")
    assert _run(tmp_path, one["test"]) == _RED


def _copy(source: Path, to: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, to, copy_function=_link, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        _link(source, to)


def _link(source: Any, to: Any) -> None:
    try:
        os.link(source, to)
    except OSError:  # another file system
        shutil.copy2(source, to)


def _run(folder: Path, test: str) -> int:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", test]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "YILIAN_SOAK"))}
    kept["PYTHONPATH"] = str(folder)  # also of the commands the test starts
    done = subprocess.run(command, cwd=folder, env=kept, capture_output=True, timeout=300, check=False)
    return done.returncode
