"""The files of a distribution, packed (zip) or unpacked in a folder."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Final
from zipfile import BadZipFile, ZipFile

from hub.kernel.errors import Category, HubError
from terminology.limits import bounded, check_zip


class Archive:
    """Files by their path within a zip or a folder.

    Raises HubError NOT_FOUND, UNREADABLE for what is neither, TOO_LARGE for a zip that would become too much.
    """

    def __init__(self, path: Path) -> None:
        self._path: Final = path
        self.names: Final = self._listed()

    def find(self, pattern: str) -> str | None:
        """The first file whose path matches a regular expression at its end."""
        found = re.compile(pattern + r"\Z")
        return next((name for name in self.names if found.search(name)), None)

    def named(self, pattern: str, what: str) -> str:
        """As `find`. Raises HubError NOT_FOUND, saying what is missing."""
        found = self.find(pattern)
        if found is None:
            raise HubError(Category.NOT_FOUND, f"has no {what}", where=str(self._path), code="distribution")
        return found

    @contextmanager
    def lines(self, name: str) -> Iterator[Iterator[str]]:
        """The lines of a UTF-8 file, one at a time. Raises HubError UNREADABLE."""
        try:
            if self._path.is_dir():
                with (self._path / name).open(encoding="utf-8-sig", newline="") as file:
                    yield bounded(file, f"{self._path}: {name}")
            else:
                with ZipFile(self._path) as packed, packed.open(name) as raw:
                    text = io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")
                    yield bounded(text, f"{self._path}: {name}")
        except (UnicodeError, BadZipFile):
            where = f"{self._path}: {name}"
            raise HubError(Category.UNREADABLE, "is not UTF-8 text", where=where, code="syntax") from None

    def digest(self, names: list[str], said: str) -> bytes:
        """A hash of some files and of how they are read."""
        found = sha256(said.encode())
        for name in names:
            with self.lines(name) as lines:
                for line in lines:
                    found.update(line.encode())
        return found.digest()

    def _listed(self) -> list[str]:
        try:
            if self._path.is_dir():
                files = [one for one in self._path.rglob("*") if one.is_file()]
                return sorted(one.relative_to(self._path).as_posix() for one in files)
            with ZipFile(self._path) as packed:
                check_zip(packed.infolist(), str(self._path))
                return sorted(packed.namelist())
        except OSError as error:
            where = str(self._path)
            raise HubError(Category.NOT_FOUND, "cannot be read", where=where, todo=str(error.strerror)) from None
        except BadZipFile:
            raise HubError(Category.UNREADABLE, "is no zip", where=str(self._path), code="syntax") from None
