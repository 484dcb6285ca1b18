"""Files of the commands of the patient index: records read with progress, and what is written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from rich.progress import Progress, TaskID

from hub.kernel.errors import Category, HubError
from hub.mpi.features import Features, features
from hub.mpi.records_file import read_records


def read_sides(source: Path, progress: Progress) -> list[Features]:
    """The records of a file, normalised. Raises HubError NOT_FOUND, UNREADABLE or INVALID with the line."""
    try:
        size = source.stat().st_size
        with source.open("rb") as file:
            lines = _counted(file, progress, progress.add_task("reading", total=size))
            return [features(record) for record in read_records(lines, str(source))]
    except OSError as error:
        raise HubError(Category.NOT_FOUND, "cannot be read", where=str(source), todo=str(error.strerror)) from None


@contextmanager
def refuse_unwritable(path: Path) -> Iterator[None]:
    """Raises HubError INVALID naming the file that could not be written."""
    try:
        yield
    except OSError as error:
        raise HubError(Category.INVALID, "cannot be written", where=str(path), todo=str(error.strerror)) from None


def _counted(file: IO[bytes], progress: Progress, task: TaskID) -> Iterator[bytes]:
    for line in file:
        progress.advance(task, len(line))
        yield line
