"""Writes profiles into a folder and reads what is said of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.kernel.errors import HubError
from mappings.hl7v2.profile import Profile
from mappings.hl7v2.profiles.load import load


def written(folder: Path, **files: str) -> Path:
    """Write each text to NAME.yaml (or, for `NAME_csv`, NAME.csv); the path of the last one."""
    path = folder
    for name, text in files.items():
        path = folder / (f"{name[:-4]}.csv" if name.endswith("_csv") else f"{name}.yaml")
        path.write_text(text, encoding="utf-8")
    return path


def loaded(folder: Path, **files: str) -> Profile:
    """The profile of the last file."""
    return load(written(folder, **files))


def complaints(folder: Path, **files: str) -> list[str]:
    """What is said of the last file, without the folder."""
    path = written(folder, **files)
    with pytest.raises(HubError) as refusal:
        load(path)
    return str(refusal.value).removesuffix("; mend these lines").replace(f"{folder}/", "").splitlines()
