"""Value sets that stand nowhere as resources: those a URL implies, and those of R4's definitions."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Final
from urllib.parse import unquote

from hub.fhir import value_sets
from hub.fhir.code_systems import behind
from hub.kernel.types import Json
from terminology.catalogue import Catalogue
from terminology.model import CODE_SYSTEM, VALUE_SET

_R4: Final = "http://hl7.org/fhir/"
_SETS: Final = f"{_R4}ValueSet/"
_VERSION: Final = "4.0.1"


def implicit(canonical: str, catalogue: Catalogue) -> Json | None:
    """The value set a URL implies: of SNOMED CT (R4 snomedct.html#implicit), of LOINC, or what a code system names as
    that of all its codes.
    """
    url, mark, query = canonical.partition("?fhir_vs")
    if mark:
        base, version = (url, "") if url == "http://snomed.info/sct" else ("http://snomed.info/sct", url)
        include: Json = {"system": base, **({"version": version} if version else {})}
        if query.startswith("=isa/"):
            include["filter"] = [{"property": "concept", "op": "is-a", "value": unquote(query[len("=isa/") :])}]
        elif query:
            return None
        return {"resourceType": VALUE_SET, "url": canonical, "compose": {"include": [include]}}
    if canonical == "http://loinc.org/vs":
        return {"resourceType": VALUE_SET, "url": canonical, "compose": {"include": [{"system": "http://loinc.org"}]}}
    url, _, version = canonical.partition("|")
    for edition in catalogue.versions(CODE_SYSTEM) if version else catalogue.all(CODE_SYSTEM):
        if edition.head.get("valueSet", "").partition("|")[0] == url and version in ("", edition.version):
            part = {"system": edition.url, **({"version": version} if version else {})}
            return {"resourceType": VALUE_SET, "url": canonical, "compose": {"include": [part]}}
    return None


def of_specification(canonical: str) -> Mapping[str, Container[str]] | None:
    """R4's own value sets: the codes of each code system, listed (a frozenset) or told by their syntax."""
    url, _, version = canonical.partition("|")
    if version not in {"", version_of_r4(url)}:
        return None
    return value_sets.codings(url.removeprefix(_SETS)) if url.startswith("http") else None


def of_messages(canonical: str) -> Json | None:
    """The code system behind a value set of HL7 v2 or v3 that has all codes of a table nobody loaded."""
    url, _, version = canonical.partition("|")
    system = behind(url)
    return system if system is not None and version in ("", system["version"]) else None


def version_of_r4(url: str) -> str:
    """The version of a code system or value set that R4 itself defines; "" for another."""
    return _VERSION if url.startswith(_R4) else ""
