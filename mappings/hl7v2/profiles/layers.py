"""The files of a profile: the one that was named, and those it extends, each checked against the schema by itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from hub.kernel.yamlfile import Complaint, YamlFile, check, read, refuse
from mappings.hl7v2.profiles.schema import SCHEMA

SHIPPED: Final = Path(__file__).parent / "shipped"
#: Most files one profile may stand on.
_DEEPEST: Final = 16


def shipped() -> Sequence[str]:
    """Names of the profiles that come with the hub."""
    return sorted(path.stem for path in SHIPPED.glob("*.yaml"))


def layers(path: Path) -> list[YamlFile]:
    """The files, the outermost ancestor first, the one at `path` last.

    Raises HubError: INVALID with `file:line` for what the schema refuses, a file that is missing or extends itself;
    NOT_FOUND or UNREADABLE for `path` itself.
    """
    found = [_read(path)]
    seen = [path.resolve()]
    while "extends" in found[0].data:
        file = found[0]
        parent = _parent(file)
        if isinstance(parent, Complaint):
            refuse(file, [parent])
        elif parent.resolve() in seen:
            names = " -> ".join(each.name for each in [*seen[seen.index(parent.resolve()) :], parent])
            refuse(file, [file.complaint(f"extends itself: {names}", "extends")])
        elif len(found) == _DEEPEST:
            refuse(file, [file.complaint(f"stands on more than {_DEEPEST} files", "extends")])
        else:
            seen.append(parent.resolve())
            found.insert(0, _read(parent))
    return found


def _read(path: Path) -> YamlFile:
    file = read(path)
    refuse(file, check(file, SCHEMA))
    return file


def _parent(file: YamlFile) -> Path | Complaint:
    """The file a layer extends, or what is wrong with saying so."""
    stated: str = file.data["extends"]
    if not stated.endswith((".yaml", ".yml")):
        if stated in shipped():
            return SHIPPED / f"{stated}.yaml"
        what = f"no profile of this name comes with the hub (there are {', '.join(shipped())}); a file ends in .yaml"
        return file.complaint(what, "extends")
    if Path(stated).is_absolute():
        return file.complaint("name the file relative to this one", "extends")
    path = Path(file.name).parent / stated
    if not path.is_file():
        return file.complaint(f"there is no file {path}", "extends")
    return path
