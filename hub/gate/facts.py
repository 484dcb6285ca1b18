"""From a stored version to the `resource` of the consent rules (section 1). Pure.

Release facts say most of it; a body is parsed only where a provision looks at code, profile or references.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

from msgspec.structs import replace

from consent.facts import Facts, read_facts
from consent.references import References
from hub.auth.directory import PREFIX
from hub.fhir.clinical_codes import clinical_codes
from hub.fhir.json import loads
from hub.gate.alike import Looks
from hub.gate.moments import clinical_time
from hub.gate.provisions import Pointed
from hub.kernel.ids import reference_key
from hub.store import values

_NO_REFERENCES: Final = References()


def facts_of(stored: values.Stored, looks: Looks, references: References, pointed: Pointed) -> Facts:
    """All that the rules ask of one version; a deletion has no body, so nothing that stands in it."""
    own = f"{stored.type}/{stored.id}"
    key = reference_key(stored.type, stored.id) if pointed else None
    facts = replace(
        _settled(stored.type, stored.facts.author_org, stored.facts.authors, stored.facts.labels),
        reference=own,
        patient=None if stored.patient is None else f"Patient/{stored.patient}",
        clinical_time=clinical_time(stored.facts),
        pointed_to_by=frozenset(reference for reference, keys in pointed.items() if key in keys),
    )
    if not looks.inside(stored.body):
        return facts
    body = loads(stored.body)
    return replace(
        facts,
        codes=clinical_codes(body) if looks.codes else frozenset(),
        profiles=frozenset(body.get("meta", {}).get("profile", ())) if looks.profiles else frozenset(),
        points_to=references.all(list(_references(body))) if looks.references else frozenset(),
    )


@lru_cache(maxsize=4096)  # the resources of one facility are alike
def _settled(rtype: str, author: str, authors: tuple[str, ...], labels: tuple[str, ...]) -> Facts:
    pairs = (label.partition("|") for label in labels)
    resource = {
        "resourceType": rtype,
        "authorOrganization": PREFIX + author.removeprefix(PREFIX) if author else None,
        "authors": list(authors),
        "securityLabel": [{"system": system, "code": code} for system, _, code in pairs],
    }
    return read_facts(resource, _NO_REFERENCES)


def _references(value: Any) -> Iterator[str]:
    """Every `reference` anywhere in a body."""
    waiting = [value]
    while waiting:
        found = waiting.pop()
        if isinstance(found, dict):
            if isinstance(found.get("reference"), str):
                yield found["reference"]
            waiting.extend(found.values())
        elif isinstance(found, list):
            waiting.extend(found)
