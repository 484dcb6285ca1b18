"""Reads packages of definitions: `.tgz` files in the layout of FHIR NPM packages, or folders in the same layout.

https://confluence.hl7.org/display/FHIR/NPM+Package+Specification: definitions are the JSON files directly under
`package/`; examples and other files lie in folders below. A folder may also hold the definitions itself.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from hub.fhir.json import loads
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

KINDS: Final = frozenset({"StructureDefinition", "ValueSet", "CodeSystem"})
#: Largest file of a package that is read, in bytes.
MAX_FILE: Final = 32 * 1024 * 1024
_FHIR: Final = "4.0"
_NO_DEFINITIONS: Final = frozenset({".index.json", "package-lock.json"})
_SUFFIXES: Final = (".tgz", ".tar.gz")


@dataclass(frozen=True, slots=True)
class Source:
    """One definition and where it stands: `guide.tgz: package/StructureDefinition-x.json`."""

    where: str
    resource: Json


def read_packages(folder: Path) -> tuple[list[Source], list[HubError]]:
    """Every definition below a folder, in the order of the file names, and a complaint for each file that is none.

    A complaint's `where` is the file. A folder that cannot be read is one complaint.
    """
    found: list[Source] = []
    complaints: list[HubError] = []
    try:
        files = list(_files(folder))
    except (OSError, tarfile.TarError, EOFError) as error:
        return [], [complaint(str(folder), f"cannot be read ({type(error).__name__})")]
    for where, content in files:
        try:
            if isinstance(content, HubError):
                raise content
            source = _source(where, content)
        except HubError as error:
            complaints.append(complaint(where, error.what))
        else:
            found += [source] if source else []
    return found, complaints


def complaint(where: str, what: str) -> HubError:
    """A refusal of a definition; `where` is its file, with the element where one is at fault."""
    return HubError(Category.INVALID, what, where=where, todo="mend or remove it", code="profile")


def _files(folder: Path) -> Iterator[tuple[str, bytes | HubError]]:
    if not folder.is_dir():
        yield str(folder), complaint(str(folder), "is no folder")
        return
    for path in sorted(folder.iterdir()):
        if path.name.endswith(_SUFFIXES):
            yield from _packed(path)
        elif path.is_dir():
            inner = path / "package"
            yield from _loose(inner if inner.is_dir() else path)
    yield from _loose(folder)


def _loose(folder: Path) -> Iterator[tuple[str, bytes | HubError]]:
    for path in sorted(folder.glob("*.json")):
        if path.is_file() and _is_json(path.name):
            size = path.stat().st_size
            yield str(path), _too_large(str(path)) if size > MAX_FILE else path.read_bytes()


def _packed(path: Path) -> Iterator[tuple[str, bytes | HubError]]:
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                name = PurePosixPath(member.name)
                parts = name.parts[1:] if name.parts[:1] == (".",) else name.parts
                where = f"{path}: {name}"
                if member.isfile() and parts[:1] == ("package",) and len(parts) == 2 and _is_json(name.name):
                    opened = archive.extractfile(member)
                    large = member.size > MAX_FILE or opened is None
                    yield where, _too_large(where) if large or opened is None else opened.read()
    except (OSError, tarfile.TarError, EOFError) as error:
        yield str(path), complaint(str(path), f"is no readable package ({type(error).__name__})")


def _is_json(name: str) -> bool:
    return name.endswith(".json") and name not in _NO_DEFINITIONS


def _too_large(where: str) -> HubError:
    return complaint(where, f"is larger than {MAX_FILE} bytes")


def _source(where: str, content: bytes) -> Source | None:
    """The definition of a file; None for a resource of another kind. Raises HubError for what is no resource of R4."""
    resource = loads(content)
    if not isinstance(resource, dict):
        raise complaint(where, "is no JSON object")
    if where.endswith("package.json") and "resourceType" not in resource:
        versions = resource.get("fhirVersions") or resource.get("fhir-version-list") or [_FHIR]
        if not any(str(version).startswith(_FHIR) for version in versions):
            raise complaint(where, "is a package for another version than FHIR R4 (4.0)")
        return None
    if resource.get("resourceType") not in KINDS:
        return None
    if not isinstance(resource.get("url"), str):
        raise complaint(where, "has no url")
    return Source(where, resource)
