"""References of a resource: listing them, rewriting them, and telling local ones from others (R4 references.html)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from sys import intern
from typing import Any, Final, NamedTuple

from hub.fhir.structure import RESOURCE_TYPES, TYPES, structure
from hub.kernel.types import Json

_LOCAL: Final = re.compile(
    r"(?P<type>[A-Z][A-Za-z]+)/(?P<id>[A-Za-z0-9\-.]{1,64})(?:/_history/(?P<version>[A-Za-z0-9\-.]{1,64}))?"
)
#: A type, an id and a version take no more characters.
_LONGEST: Final = 200
_URN: Final = re.compile(r"urn:(?:uuid:[0-9A-Fa-f-]{36}|oid:[0-9.]+)")
_PLACEHOLDERS: Final = ("urn:uuid:", "urn:oid:")
#: Where the address of a link begins in markdown.
_LINK: Final = "]("
_IN_MARKDOWN: Final = re.compile(rf"\]\(({_URN.pattern})")
_URIS: Final = frozenset({"uri", "url", "oid", "uuid"})


class Target(NamedTuple):
    """Where a reference to a resource of this server points."""

    type: str
    id: str
    version: str | None


def parse_reference(text: str, base_url: str = "") -> Target | None:
    """The resource a relative reference, or an absolute one under `base_url`, points to; None for any other text."""
    if base_url and text.startswith(base_url):
        text = text[len(base_url) :].removeprefix("/")
    return _parsed(text) if len(text) <= _LONGEST else None


@lru_cache(maxsize=8192)
def _parsed(text: str) -> Target | None:
    """A message or Bundle refers to the same few, and each of them is asked several times whom it is about."""
    match = _LOCAL.fullmatch(text)
    if match is None or match["type"] not in RESOURCE_TYPES:
        return None
    return Target(intern(match["type"]), match["id"], match["version"])


def relative(text: str, base_url: str) -> str | None:
    """The relative form of an absolute reference to a resource of this server; None for any other text."""
    base = base_url.rstrip("/") + "/"
    inside = text.removeprefix(base)
    return inside if inside != text and parse_reference(inside) is not None else None


def is_search(text: str) -> bool:
    """Whether a reference names its target by a search, `Patient?identifier=...` (R4 http.html#trules)."""
    return "?" in text and text.partition("?")[0] in RESOURCE_TYPES


def references(resource: Json) -> Iterator[str]:
    """Every text of a Reference.reference anywhere in a resource, contained ones included, in document order."""
    for key, value in resource.items():
        if key == "reference" and isinstance(value, str):
            yield value
        else:
            yield from _inside(value)


def _inside(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from references(value)
    elif isinstance(value, list):
        for item in value:
            yield from _inside(item)


def is_placeholder(text: str) -> bool:
    """Whether a reference names its target as only the Bundle around it can (R4 bundle.html#references)."""
    return text.startswith(_PLACEHOLDERS)


def placeholders(value: Any, path: str) -> Iterator[str]:
    """Where references still are placeholders, `path` being that of the value.

    Those within a Bundle that is itself a resource are its own, and left aside.
    """
    if isinstance(value, dict) and value.get("resourceType") != "Bundle":
        for key, item in value.items():
            if key == "reference" and isinstance(item, str) and is_placeholder(item):
                yield f"{path}.{key}"
            yield from placeholders(item, f"{path}.{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from placeholders(item, f"{path}[{index}]")


def rewrite(resource: Json, mapping: Callable[[str], str | None]) -> None:
    """Replace, in place, every reference text and every `urn:uuid:` or `urn:oid:` uri for which `mapping` has another.

    As a transaction needs it (R4 http.html 3.1.0.11.2): references, elements of type uri, url, oid and uuid, links in
    narratives and in markdown. Canonicals stay, and so do texts.
    """
    for key, value in resource.items():
        kind = value.__class__
        if kind is str:
            # Of some thirty texts in a resource, three mean another one.
            if key == "reference" or key == "div" or value[:4] == "urn:" or _LINK in value:  # noqa: PLR1714 - each text passes here
                resource[key] = _rewritten(key, value, mapping)
        elif kind is dict:
            rewrite(value, mapping)
        elif kind is list:
            _rewrite_list(key, value, mapping)


def _rewritten(key: str, text: str, mapping: Callable[[str], str | None]) -> str:
    if key == "div":
        return _URN.sub(lambda match: mapping(match[0]) or match[0], text)
    if key == "reference" or key in named_by_uri():
        return mapping(text) or text
    return _IN_MARKDOWN.sub(lambda match: _LINK + (mapping(match[1]) or match[1]), text)


def _rewrite_list(key: str, values: list[Any], mapping: Callable[[str], str | None]) -> None:
    for index, item in enumerate(values):
        kind = item.__class__
        if kind is dict:
            rewrite(item, mapping)
        elif kind is str and item[:4] == "urn:":
            values[index] = _rewritten(key, item, mapping)


@cache
def named_by_uri() -> frozenset[str]:
    """Properties that some type of R4 has as a uri which names a thing itself; made when one is first met."""
    elements = (one for name in TYPES if (found := structure(name)) is not None for one in found.elements.values())
    return frozenset(key for one in elements for key, ref in one.properties() if ref.name in _URIS)
