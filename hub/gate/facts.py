"""From a stored version to the `resource` of the consent rules (section 1). Pure.

Release facts say most of it; a body is parsed only where a provision looks at code, profile or references.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

from consent.facts import Facts, read_facts
from consent.inquiry import Inquiry
from consent.references import References
from consent.rule import AUTHORED_BY, INSTANCE, Rule
from consent.times import EARLIEST, LATEST, Period
from hub.auth.directory import PREFIX
from hub.fhir.clinical_codes import clinical_codes
from hub.fhir.json import loads
from hub.gate.moments import moment_of
from hub.gate.provisions import Pointed
from hub.kernel.ids import reference_key
from hub.store import values

_NO_REFERENCES: Final = References()
_MICROSECOND: Final = 1000  # nanoseconds


@dataclass(frozen=True, slots=True)
class Looks:
    """What provisions look at beyond the release facts; `apart`: they may tell resources of one kind apart."""

    codes: bool = False
    profiles: bool = False
    references: bool = False
    apart: bool = False

    @property
    def inside(self) -> bool:
        """Whether the body has to be read."""
        return self.codes or self.profiles or self.references


def looks_of(inquiry: Inquiry) -> Looks:
    """What the provisions that this request can meet look at."""
    rules = [rule for consent in inquiry.consents or () for rule, _, _ in consent.rules]
    meanings = {meaning for rule in rules if rule.data is not None for meaning, _ in rule.data.known}
    return Looks(
        codes=any(rule.code is not None for rule in rules),
        profiles=any(rule.class_ is not None and bool(rule.class_.profiles) for rule in rules),
        references=not meanings <= {INSTANCE, AUTHORED_BY},
        apart=any(map(_tells_apart, rules)),
    )


def _tells_apart(rule: Rule) -> bool:
    """Whether it looks at more than type, author organisation, authors and labels."""
    profiles = rule.class_ is not None and bool(rule.class_.profiles)
    return profiles or rule.code is not None or rule.data is not None or rule.data_period is not None


def facts_of(stored: values.Stored, looks: Looks, references: References, pointed: Pointed) -> Facts:
    """All that the rules ask of one version; a deletion has no body, so nothing that stands in it."""
    own = f"{stored.type}/{stored.id}"
    key = reference_key(stored.type, stored.id) if pointed else None
    facts = replace(
        _settled(stored.type, stored.facts.author_org, stored.facts.authors, stored.facts.labels),
        reference=own,
        patient=None if stored.patient is None else f"Patient/{stored.patient}",
        clinical_time=_clinical_time(stored.facts),
        pointed_to_by=frozenset(reference for reference, keys in pointed.items() if key in keys),
    )
    if not looks.inside or not stored.body:
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


def _clinical_time(facts: values.Facts) -> Period | None:
    """Stored as [start, end); to the rules it ends with its last microsecond."""
    start, end = facts.clinical_start, facts.clinical_end
    if start is None and end is None:
        return None
    first = EARLIEST if start is None else moment_of(start)
    return first, LATEST if end is None else moment_of(end) - _MICROSECOND


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
