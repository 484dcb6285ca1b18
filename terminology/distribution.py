"""Distributions of code systems in the layout their publishers give them: LOINC, and SNOMED CT in RF2."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from hub.kernel.errors import Category, HubError
from terminology.archive import Archive
from terminology.loinc_source import TABLE, LoincSource
from terminology.model import Source
from terminology.snomed_source import CONCEPTS, SnomedSource


@contextmanager
def distribution(path: Path, version: str = "") -> Iterator[Source]:
    """The code system in a zip or folder, told by the files in it; `version` where they do not tell it.

    Raises HubError NOT_FOUND, UNREADABLE, UNSUPPORTED for a layout nobody here knows, INVALID without a version.
    """
    archive = Archive(path)
    if archive.find(TABLE):
        with closing(LoincSource(archive, path.name, version)) as table:
            yield table
        return
    if archive.find(CONCEPTS):
        with closing(SnomedSource(archive, version)) as release:
            yield release
        return
    todo = "give the distribution as it was downloaded: LoincTable/Loinc.csv, or Snapshot/Terminology/sct2_Concept_..."
    raise HubError(Category.UNSUPPORTED, "is no distribution the hub knows", where=str(path), todo=todo)
