"""The wheel holds what the checkout holds, and works without the checkout."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES: list[str] = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]

ADMISSION = "\r".join(
    [
        r"MSH|^~\&|HIS|F01|HUB|COUNTY|20260301083000||ADT^A01^ADT_A01|W0001|P|2.4|||||CHN|UNICODE UTF-8",
        "EVN|A01|20260301083000",
        "PID|1||W1001^^^F01^PI||测试^样例||19700101|F",
        "PV1|1|I|W01^01^02||||D01^医生^甲|||||||||||V1001|||||||||||||||||||||||||20260301080000",
    ]
)


def git(*arguments: str) -> bytes:
    try:
        done = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("needs a git checkout")
    if done.returncode:
        pytest.skip("needs a git checkout")
    return done.stdout


def pip(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **environment})


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the last commit, built outside the checkout so that nothing of it can slip in."""
    folder = tmp_path_factory.mktemp("wheel")
    with zipfile.ZipFile(io.BytesIO(git("archive", "--format=zip", "HEAD"))) as archive:
        archive.extractall(folder / "source")
    backend = folder / "backend"
    if pip("install", "--target", str(backend), *PROJECT["build-system"]["requires"]).returncode:
        pytest.skip("needs a package index")
    arguments = ("--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(folder / "source"))
    done = pip("wheel", *arguments, PYTHONPATH=str(backend))
    assert done.returncode == 0, done.stderr
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment with the wheel in it, and behind it the packages it needs from this one."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    done = pip("--python", str(python), "install", "--no-deps", "--no-index", str(wheel))
    assert done.returncode == 0, done.stderr
    # As a path file, not PYTHONPATH: what is named there comes last, and its own path files are not read, so a
    # checkout that is installed in this environment stays out.
    paths = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    site = Path(sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)}))
    (site / "needed.pth").write_text("\n".join(paths), encoding="utf-8")
    return folder / "bin"


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=environment)


def test_the_wheel_holds_every_file_of_its_packages_and_no_other(wheel: Path) -> None:
    committed = set(git("ls-tree", "-r", "-z", "--name-only", "HEAD", *PACKAGES).decode().rstrip("\0").split("\0"))
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert packed == committed
    assert {".py", ".json", ".yaml", ".csv", ".zdict", ".mako"} <= {Path(name).suffix for name in packed}


def test_every_package_of_the_wheel_says_that_it_is_typed(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        assert {f"{package}/py.typed" for package in PACKAGES} <= set(archive.namelist())


def test_the_installed_hub_is_the_one_of_the_wheel_and_explains_itself(installed: Path, tmp_path: Path) -> None:
    where = run(tmp_path, str(installed / "python"), "-c", "import hub; print(hub.__file__)")
    assert Path(where.stdout.strip()).is_relative_to(installed.parent), where.stderr
    done = run(tmp_path, str(installed / "yilian"), "--help")
    assert done.returncode == 0, done.stderr
    assert "convert" in done.stdout


def test_the_installed_hub_converts_a_message(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "day.hl7").write_text(ADMISSION, encoding="utf-8", newline="")
    done = run(tmp_path, str(installed / "yilian"), "convert", "hl7v2", "day.hl7")
    assert done.returncode == 0, done.stderr
    types = {entry["resource"]["resourceType"] for entry in json.loads(done.stdout)["bundle"]["entry"]}
    assert {"Patient", "Encounter"} <= types


def test_the_installed_hub_finds_the_data_of_its_packages(installed: Path, tmp_path: Path) -> None:
    code = (
        "from hub.fhir.search_parameters import parameters\n"
        "from hub.run.installation import DEMO_CONSORTIUM\n"
        "from hub.kernel.consortium import load\n"
        "assert parameters('Patient') and load(DEMO_CONSORTIUM).feeds\n"
    )
    done = run(tmp_path, str(installed / "python"), "-c", code)
    assert done.returncode == 0, done.stderr
