"""What comes along by canonical URLs: `_include` and `_revinclude` of definitions (R4 references.html#canonical).

A canonical names its target by `url`, and perhaps by `|version`; without one, every version that is there comes along.
The index leads to the urls; versions are compared in what was found. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Final
from uuid import UUID

from hub.fhir.extract import Extractor, IndexValues, names_by_canonical
from hub.fhir.json import loads
from hub.fhir.search_parameters import SearchParameter, parameters
from hub.store import tokens
from hub.store.criteria import Include
from hub.store.tokens import param_number
from hub.store.values import Stored

#: The search parameter of what a definition is called by.
URL: Final = "url"


def definitions(include: Include) -> list[str]:
    """The types an include may lead to by a canonical; of most parameters none."""
    aimed = {rtype for parameter in _followed(include) for rtype in parameter.targets}
    return sorted(rtype for rtype in aimed if include.target in {None, rtype} and URL in parameters(rtype))


def canonicals(include: Include, versions: Iterable[Stored]) -> set[str]:
    """The canonical URLs by which resources refer to others along an include."""
    found: set[str] = set()
    for version in versions:
        if version.type == include.source and version.body:
            values = IndexValues()
            _extractor(include.source, include.parameter)(loads(version.body), values)
            found |= {url for _, _, _, url in values.references if url}
    return found


@cache
def _extractor(source: str, code: str) -> Extractor:
    """What gives the canonicals of a type by one parameter ("*": by all), and nothing else."""
    return Extractor(_parameters(source, code))


def names_of(version: Stored) -> set[str]:
    """The canonical URLs that lead to a resource: its `url`, and that with its version."""
    resource = loads(version.body) if version.body else {}
    url, own = resource.get(URL), resource.get("version")
    return {name for name in (url, own and f"{url}|{own}") if name} if url else set()


def of_definitions(rtype: str, named: Iterable[str]) -> list[UUID]:
    """Hashes of the definitions of a type with these canonical URLs, whatever their versions."""
    return [tokens.text(param_number(rtype, URL), url) for url in {name.partition("|")[0] for name in named}]


def of_referring(include: Include, named: Iterable[str]) -> list[UUID]:
    """Hashes of what refers by these canonical URLs along an include, whatever version it names."""
    bare = {name.partition("|")[0] for name in named}
    numbers = [param_number(include.source, parameter.code) for parameter in _followed(include)]
    return [tokens.text(number, url) for number in numbers for url in bare]


def _followed(include: Include) -> list[SearchParameter]:
    return [] if include.source == "*" else _parameters(include.source, include.parameter)


@cache
def _parameters(source: str, code: str) -> list[SearchParameter]:
    known = parameters(source).values()
    return [one for one in known if one.type == "reference" and code in {"*", one.code} and names_by_canonical(one)]
