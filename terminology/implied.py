"""Value sets that stand nowhere as resources: those a URL implies, and the lists of R4 itself."""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote

from hub.fhir import value_sets
from hub.kernel.types import Json
from terminology.catalogue import Catalogue
from terminology.filters import undecided
from terminology.model import CODE_SYSTEM, VALUE_SET

_R4: Final = "http://hl7.org/fhir/ValueSet/"


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
    for edition in catalogue.all(CODE_SYSTEM):
        if edition.head.get("valueSet") == canonical:
            return {"resourceType": VALUE_SET, "url": canonical, "compose": {"include": [{"system": edition.url}]}}
    return None


def of_specification(canonical: str) -> dict[str, list[str]] | None:
    """R4's own value sets that the hub has as lists."""
    url, _, version = canonical.partition("|")
    if not url.startswith(_R4) or version not in {"", "4.0.1"}:
        return None
    known = value_sets.codings(url.removeprefix(_R4))
    if known is None:
        return None
    lists = {system: codes for system, codes in known.items() if isinstance(codes, frozenset)}
    if len(lists) < len(known):
        raise undecided("its codes are decided by their syntax, and cannot be listed")
    return {system: sorted(codes) for system, codes in lists.items()}
