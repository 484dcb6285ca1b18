"""The files an import may read: below the folder of its facility in the import folder, and nothing else.

Nothing is fetched from the network: a URL that a client names must not make the hub ask other machines.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final
from urllib.parse import unquote, urlsplit

from hub.kernel.errors import Category, HubError

#: Lines and bytes that are read at once.
LINES: Final = 256
BYTES: Final = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Line:
    """One line that is not blank. `text` is empty if it is longer than a request may be."""

    number: int
    text: bytes


class Sources:
    """The import folder; None: nothing is imported. `most_bytes` is the longest line that is taken."""

    def __init__(self, folder: Path | None, *, most_bytes: int) -> None:
        self._folder: Final = folder
        self._most: Final = most_bytes

    def check(self, facility: str, url: str) -> None:
        """Raise HubError as `open` does."""
        self.open(facility, url).close()

    def open(self, facility: str, url: str) -> Source:
        """The file a URL names, for a facility.

        Raises HubError UNSUPPORTED for another scheme than `file`, or when no folder is set; NOT_FOUND for what is not
        a file below the facility's folder, whatever else it is.
        """
        if self._folder is None:
            raise HubError(
                Category.UNSUPPORTED, "this hub imports no files", where="YILIAN_IMPORT_FOLDER", todo="have it set"
            )
        root = (self._folder / facility).resolve()
        path = _path(url, root)
        if path is None or not path.is_relative_to(root):
            raise _no_such_file()
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            raise _no_such_file() from None
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            os.close(handle)
            raise _no_such_file()
        return Source(os.fdopen(handle, "rb"), self._most, f"{status.st_size}-{status.st_mtime_ns}")


class Source:
    """One file being read. `mark` changes when the file does."""

    def __init__(self, stream: BinaryIO, most_bytes: int, mark: str) -> None:
        self._stream: Final = stream
        self._most: Final = most_bytes
        self.mark: Final = mark

    def read(self, offset: int, number: int) -> tuple[list[Line], int, int]:
        """Some lines from a byte offset on, the first of which has `number`; where to go on, and its number.

        At the end of the file the offset stays where it is.
        """
        self._stream.seek(offset)
        lines: list[Line] = []
        taken = 0
        while taken < LINES and self._stream.tell() - offset < BYTES:
            text = self._stream.readline(self._most + 1)
            if not text:
                break
            long = len(text) > self._most
            if long:
                self._skip(text)
            if long or text.strip():
                lines.append(Line(number + taken, b"" if long else text))
            taken += 1
        return lines, self._stream.tell(), number + taken

    def close(self) -> None:
        self._stream.close()

    def _skip(self, text: bytes) -> None:
        """Go to the end of a line whose beginning was too long."""
        while text and not text.endswith(b"\n"):
            text = self._stream.readline(BYTES)


def _path(url: str, root: Path) -> Path | None:
    """The path a `file:` URL names, or a path relative to the folder; links are followed before it is judged."""
    parts = urlsplit(url)
    if parts.scheme not in {"", "file"}:
        raise HubError(
            Category.UNSUPPORTED,
            "files are read from the import folder only",
            where="Parameters.parameter.part[url]",
            todo="put the file there, and name it by a file: URL",
            code="import-url",
        )
    if parts.netloc not in {"", "localhost"} or parts.query or parts.fragment:
        return None
    try:
        return (root / unquote(parts.path, errors="strict")).resolve()
    except (ValueError, OSError, RuntimeError):
        return None


def _no_such_file() -> HubError:
    return HubError(
        Category.NOT_FOUND,
        "there is no such file below the import folder of this facility",
        where="Parameters.parameter.part[url]",
        todo="put it there, and name it by a file: URL",
        code="import-file",
    )
