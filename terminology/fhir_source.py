"""Code systems, value sets and concept maps from files of FHIR: one resource, a Bundle, NDJSON, or a package (tgz).

R4 codesystem.html: the hierarchy is what nesting says, and the properties `parent` and `child`. The concepts of a large
code system stay as the bytes they come in, and each is parsed when it is its turn: parsed, all of them take ten times
the memory.
"""

from __future__ import annotations

import tarfile
from collections.abc import Collection, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from msgspec import MsgspecError, Raw
from msgspec.json import decode

from hub.fhir.json import dumps, loads
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from terminology.limits import check_resource, check_size
from terminology.model import CODE_SYSTEM, CONCEPT_MAP, VALUE_SET, Concept, code_key

KINDS: Final = frozenset({CODE_SYSTEM, VALUE_SET, CONCEPT_MAP})

#: Bytes from which on a code system is large.
LARGE: Final = 4 << 20

_STATUS: Final = frozenset({"retired", "deprecated", "inactive"})


class ResourceSource:
    """A CodeSystem resource as a source."""

    def __init__(self, resource: Json) -> None:
        self.head: Final[Json] = {name: value for name, value in resource.items() if name != "concept"}
        self.digest: Final = digest_of(resource)
        self._resource: Final = resource
        self._children: Final = self._stated_below()

    def links(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Each code with those right above it."""
        for concept, outer in _nested(self._resource):
            code = concept["code"]
            stated = [str(_value(one)) for one in concept.get("property", ()) if one.get("code") == "parent"]
            yield code, tuple(dict.fromkeys(one for one in (outer, *stated, *self._children.get(code, ())) if one))

    def concepts(self) -> Iterator[Concept]:
        """Each concept."""
        for concept, _ in _nested(self._resource):
            yield concept_of(concept)

    def _stated_below(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for concept, _ in _nested(self._resource):
            for one in concept.get("property", ()):
                if one.get("code") == "child":
                    found.setdefault(str(_value(one)), []).append(concept["code"])
        return found


def digest_of(resource: Json) -> bytes:
    """A hash of the content of a resource."""
    concepts = unparsed(resource)
    if not concepts:
        return sha256(dumps(resource)).digest()
    found = sha256(dumps({name: value for name, value in resource.items() if name != "concept"}))
    for one in concepts:
        found.update(one)
    return found.digest()


def unparsed(resource: Json) -> list[Raw]:
    """The concepts of a code system that are still bytes."""
    concepts = resource.get("concept")
    return concepts if isinstance(concepts, list) and concepts and isinstance(concepts[0], Raw) else []


def concept_of(concept: Json) -> Concept:
    """One element CodeSystem.concept."""
    facts = [(one["code"], _text(_value(one))) for one in concept.get("property", ())]
    stated = dict(facts)
    return Concept(
        code=concept["code"],
        display=concept.get("display", ""),
        facts=tuple(facts),
        abstract=stated.get("notSelectable") == "true" or stated.get("abstract") == "true",
        inactive=stated.get("inactive") == "true" or stated.get("status") in _STATUS,
        details={name: concept[name] for name in ("definition", "designation", "property") if name in concept},
    )


def concepts_among(resource: Json, wanted: Collection[str]) -> dict[str, Concept]:
    """The concepts of a CodeSystem with these codes, by the code as the system compares it; the first of each. One
    walk, whatever is wanted.
    """
    found: dict[str, Concept] = {}
    keys = {code_key(resource, code) for code in wanted}
    for concept, _ in _nested(resource):
        key = code_key(resource, concept["code"])
        if key in keys and key not in found:
            found[key] = concept_of(concept)
    return found


def _nested(resource: Json) -> Iterator[tuple[Json, str]]:
    """Every concept with the code it is nested in, parents first."""
    for top in resource.get("concept", ()):
        waiting = [(loads(top) if isinstance(top, Raw) else top, "")]
        while waiting:
            concept, outer = waiting.pop()
            if not isinstance(concept.get("code"), str):
                raise HubError(Category.INVALID, "has a concept without a code", where=CODE_SYSTEM, code="code-system")
            yield concept, outer
            waiting += [(inner, concept["code"]) for inner in reversed(concept.get("concept", ()))]


def _value(prop: Json) -> Any:
    return next((value for name, value in prop.items() if name.startswith("value")), "")


def _text(value: Any) -> str:
    """A value as value sets write it in filters."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value.get("code", "")) if isinstance(value, dict) else str(value)


def resources(path: Path) -> Iterator[Json]:
    """The code systems, value sets and concept maps of a file, one at a time.

    Raises HubError NOT_FOUND, UNREADABLE, TOO_LARGE for a package that would become too much.
    """
    try:
        for part, content in _contents(path):
            yield from _terms(_parsed(content, f"{path}: {part}" if part else str(path)))
    except OSError as error:
        raise HubError(Category.NOT_FOUND, "cannot be read", where=str(path), todo=str(error.strerror)) from None
    except (ValueError, tarfile.TarError):
        raise HubError(Category.UNREADABLE, "is not JSON of FHIR", where=str(path), code="syntax") from None


def _parsed(content: bytes, where: str) -> Any:
    try:
        return _large(content) or loads(content)
    except HubError as error:
        place = ", ".join(filter(None, (where, error.where)))
        raise HubError(Category.UNREADABLE, "is not JSON", where=place, todo="mend the source", code="syntax") from None


def _large(content: bytes) -> Json | None:
    """A large code system with its concepts as bytes; None for everything else."""
    if len(content) < LARGE:
        return None
    try:
        parts = decode(content, type=dict[str, Raw])
        if loads(parts.get("resourceType", b"null")) != CODE_SYSTEM or "concept" not in parts:
            return None
        concepts = decode(parts.pop("concept"), type=list[Raw])
    except MsgspecError:
        return None
    return {name: loads(value) for name, value in parts.items()} | {"concept": concepts}


def _contents(path: Path) -> Iterator[tuple[str, bytes]]:
    """What a file holds, each with its place in it."""
    if path.name.endswith((".tgz", ".tar.gz")):
        yield from _packed(path)
    elif path.suffix == ".ndjson":
        with path.open("rb") as lines:
            yield from ((f"line {number}", line) for number, line in enumerate(lines, 1) if line.strip())
    else:
        yield "", path.read_bytes()


def _packed(path: Path) -> Iterator[tuple[str, bytes]]:
    """The resources of a package. Each is measured before it is unpacked, and so is what lies before it."""
    size = path.stat().st_size
    with tarfile.open(path, "r:gz") as archive:
        for member in archive:
            check_size(member.offset_data + member.size, size, str(path))
            file = archive.extractfile(member) if _is_resource(member.name) else None
            if file is not None:
                check_resource(member.size, f"{path}: {member.name}")
                yield member.name, file.read()


def _is_resource(name: str) -> bool:
    """A package holds other files too: its manifest, indexes, examples."""
    return name.endswith(".json") and name.count("/") == 1 and not name.endswith(("/package.json", "/.index.json"))


def _terms(resource: Any) -> Iterator[Json]:
    if not isinstance(resource, dict):
        raise ValueError
    if resource.get("resourceType") == "Bundle":
        for entry in resource.get("entry", ()):
            yield from _terms(entry.get("resource", {}))
    elif resource.get("resourceType") in KINDS and resource.get("url"):
        yield resource
