"""What the index of R4's own parameters gained, release by release: rows written before are indexed anew.

Whoever changes what the index holds of a resource adds a gain at the end; a test notices where none was added. The
version of an index is the number of gains it knows, plus one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from hub.fhir.clinical_codes import CODES
from hub.fhir.extract import is_of_media_types, is_of_strings
from hub.fhir.search_parameters import RESOURCE_TYPES, SearchParameter, answered
from hub.store.index_shares import is_canonical

#: What refers to anything by a parameter.
_REFERRING: Final = frozenset(
    rtype for rtype in RESOURCE_TYPES if any(one.type == "reference" for one in answered(rtype).values())
)
#: What spoken names belong to.
_PEOPLE: Final = frozenset({"Patient", "Person", "Practitioner", "RelatedPerson"})


@dataclass(frozen=True, slots=True)
class Gain:
    """One change: what it was, the parameters that find more since, all of whose types are indexed anew, and `types`
    that are, of which no search finds more."""

    what: str
    concerns: Callable[[SearchParameter], bool] = lambda _: False
    types: frozenset[str] = frozenset()


_GAINS: Final = (
    Gain("full text, order by texts, positions", lambda one: one.code in {"_text", "_content", "near"}),
    Gain("quantities in canonical units", lambda one: "quantity" in {one.type, *(c.type for c in one.components)}),
    Gain(
        "names as they are spoken, mothers' names",
        lambda one: one.base in _PEOPLE and one.code in {"name", "phonetic", "mothersMaidenName"},
    ),
    Gain("digests of clinical codes", types=frozenset(CODES)),
    # By a value no search finds more; until it is done `:missing` says what it said.
    Gain("references to what is contained", types=_REFERRING),
    Gain("canonical URLs that state no version", lambda one: is_canonical(one.base, one.code)),
    # A reference itself finds no more: a chain does, which until then finds what it found.
    Gain("what is contained, by chains", types=_REFERRING),
    Gain("tokens on strings in any case, media types", lambda one: is_of_strings(one) or is_of_media_types(one)),
)

#: That of this release.
VERSION: Final = 1 + len(_GAINS)


@cache
def gained(since: int) -> Mapping[str, frozenset[str]]:
    """By resource type that is indexed anew, the parameters that find more in this release than in version `since`.

    What a release to come had indexed is as what nobody knows the version of.
    """
    new = _GAINS[since - 1 :] if 0 < since <= VERSION else _GAINS
    found = {rtype: frozenset(_concerned(rtype, new)) for rtype in sorted(RESOURCE_TYPES)}
    walked = frozenset[str]().union(*(gain.types for gain in new))
    return {rtype: codes for rtype, codes in found.items() if codes or rtype in walked}


def _concerned(rtype: str, gains: tuple[Gain, ...]) -> list[str]:
    return [code for code, one in answered(rtype).items() if any(gain.concerns(one) for gain in gains)]
