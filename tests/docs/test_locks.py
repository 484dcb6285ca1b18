import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCKS = {"demo": ("demo",), "dev": ("demo", "train", "dev"), "production": ("redis",)}


def named(requirement: str) -> str:
    """The normalised name of a requirement (PEP 503)."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\s<>=!~;\[]", requirement, maxsplit=1)[0]).lower()


@pytest.mark.parametrize(("lock", "extras"), LOCKS.items(), ids=LOCKS)
def test_a_lock_holds_every_package_the_project_asks_for(lock: str, extras: tuple[str, ...]) -> None:
    wanted = [*PROJECT["dependencies"]]
    for extra in extras:
        wanted += PROJECT["optional-dependencies"][extra]
    text = (ROOT / "requirements" / f"{lock}.lock").read_text(encoding="utf-8")
    locked = {named(line) for line in text.splitlines() if re.match(r"[\w.-]+(\[.*\])?==", line)}
    assert {named(requirement) for requirement in wanted} - locked == set(), "run: make lock"


@pytest.mark.parametrize("lock", ["demo", "production"])
def test_what_runs_is_the_same_under_every_python(lock: str) -> None:
    text = (ROOT / "requirements" / f"{lock}.lock").read_text(encoding="utf-8")
    locked = [named(line) for line in text.splitlines() if re.match(r"[\w.-]+(\[.*\])?==", line)]
    assert sorted(locked) == sorted(set(locked)), "a package has another version under another Python: bound it"


def test_the_image_is_built_from_the_lock_for_production() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert set(re.findall(r"requirements/\w+\.lock", dockerfile)) == {"requirements/production.lock"}


def test_the_image_is_not_built_from_secrets() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert {".env", "data", "consortium", ".git"} <= set(ignored)
