"""Messages in files and folders, one after the other, with a progress bar on standard error."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import Progress

from hub.kernel.errors import Category, HubError
from mappings.hl7v2.batch import split_messages


def files_in(paths: Sequence[Path]) -> list[Path]:
    """The files named, and all files below the folders named, in order. Raises HubError NOT_FOUND for none."""
    found = [file for path in paths for file in (sorted(_below(path)) if path.is_dir() else [path])]
    if not found:
        raise HubError(Category.NOT_FOUND, "no file there", where=", ".join(map(str, paths)), todo="name some")
    return found


def _below(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))


def messages_in(paths: Sequence[Path], doing: str) -> Iterator[tuple[Path, int, bytes]]:
    """File, index from 0, and bytes of every message. A file that cannot be read is told on standard error."""
    files = files_in(paths)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(doing, total=len(files))
        for file in files:
            try:
                raw = file.read_bytes()
            except OSError as error:
                typer.echo(f"yilian: {file}: {error.strerror}", err=True)
                continue
            for index, message in enumerate(split_messages(raw)):
                yield file, index, message
            progress.advance(task)
