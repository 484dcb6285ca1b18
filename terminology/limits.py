"""How much a packed file may become: a file of a few kilobytes must not fill the memory or keep a load busy for ever.

Distributions of code systems are text, which packs 5 to 30 times; SNOMED CT, the largest, unpacks to some gigabytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, TextIO
from zipfile import ZipInfo

from hub.kernel.errors import Category, HubError

#: What is unpacked to at most: times the packed size (beyond what is small anyway), bytes in all, files, bytes of one
#: resource, characters of one line.
RATIO: Final = 200
SMALL: Final = 16 << 20
BYTES: Final = 32 << 30
FILES: Final = 100_000
RESOURCE: Final = 512 << 20
LINE: Final = 4 << 20


def check_zip(parts: Iterable[ZipInfo], where: str) -> None:
    """Raises HubError TOO_LARGE for an archive that would become too much: no more than it declares is ever read."""
    files = list(parts)
    check_size(sum(one.file_size for one in files), sum(one.compress_size for one in files), where)
    if len(files) > FILES:
        raise _too_large(where)


def check_size(unpacked: int, packed: int, where: str) -> None:
    """Raises HubError TOO_LARGE for what is too much, or too much for what it is packed in."""
    if unpacked > BYTES or (unpacked > SMALL and unpacked > packed * RATIO):
        raise _too_large(where)


def check_resource(size: int, where: str) -> None:
    """Raises HubError TOO_LARGE for one resource of a package."""
    if size > RESOURCE:
        raise _too_large(where)


def bounded(file: TextIO, where: str) -> Iterator[str]:
    """The lines of a file. Raises HubError TOO_LARGE for one without an end."""
    while line := file.readline(LINE):
        if len(line) == LINE:
            raise _too_large(where)
        yield line


def _too_large(where: str) -> HubError:
    todo = "see that it is what its publisher gave; unpack it, and load what is needed from the folder"
    return HubError(Category.TOO_LARGE, "would unpack to too much", where=where, todo=todo, code="too-large")
