"""Small packages of profiles, written for the tests."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Any, Final

from hub.fhir.json import dumps
from hub.fhir.profiles.registry import Profiles, load_profiles
from hub.kernel.types import Issue, Json

BASE: Final = "https://guide.example/"
R4: Final = "http://hl7.org/fhir/StructureDefinition/"


def profile(name: str, rtype: str, *elements: Json, base: str = "", **more: Any) -> Json:
    """A profile by its differential."""
    return {
        "resourceType": "StructureDefinition",
        "url": BASE + name,
        "name": name,
        "version": "1.0",
        "status": "active",
        "kind": "complex-type" if rtype == "Extension" else "resource",
        "abstract": False,
        "type": rtype,
        "derivation": "constraint",
        "baseDefinition": base or R4 + rtype,
        "differential": {"element": [{"id": rtype, "path": rtype}, *elements]},
        **more,
    }


def element(rid: str, **facets: Any) -> Json:
    """An element by its id; the path follows from it."""
    path = ".".join(segment.partition(":")[0] for segment in rid.split("."))
    name = rid.rpartition(".")[2].partition(":")[2]
    return {"id": rid, "path": path, **({"sliceName": name} if name else {}), **facets}


def slicing(rid: str, kind: str, path: str, **more: Any) -> Json:
    return element(rid, slicing={"discriminator": [{"type": kind, "path": path}], "rules": "open", **more})


def packed(folder: Path, *resources: Json, name: str = "guide") -> Path:
    """A folder with one package as FHIR packages are published."""
    folder.mkdir(exist_ok=True)
    manifest = {"name": name, "version": "1.0.0", "fhirVersions": ["4.0.1"]}
    files = {"package.json": manifest, ".index.json": {"files": []}, "example/Patient-x.json": {"resourceType": "X"}}
    files |= {f"{resource['resourceType']}-{n}.json": resource for n, resource in enumerate(resources)}
    with tarfile.open(folder / f"{name}.tgz", "w:gz") as archive:
        for path, content in files.items():
            data = dumps(content)
            member = tarfile.TarInfo(f"package/{path}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return folder


def guide(folder: Path, *resources: Json) -> Profiles:
    """The profiles of a package that nothing is wrong with."""
    profiles, complaints = load_profiles(packed(folder, *resources))
    assert [str(one) for one in complaints] == []
    return profiles


def told(profiles: Profiles, resource: Json, name: str) -> list[tuple[str, str]]:
    """Place and code of every issue of a resource by a profile."""
    return [(issue.where, issue.code) for issue in judged(profiles, resource, name)]


def judged(profiles: Profiles, resource: Json, name: str) -> list[Issue]:
    found = profiles.conformance(resource, BASE + name)
    assert found is not None
    return found
