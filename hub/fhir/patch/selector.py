"""Selectors of an XML Patch: the part of RFC 5261 section 4.1 that leads to elements and attributes.

`f:Patient/f:name[2]/@value`, with `*`, positions, `[@url='...']` and `[f:use/@value='...']`. A name without a prefix is
of the default namespace of the patch, or of FHIR where it has none. What a selector cannot be here is refused when the
patch is read: texts, comments, processing instructions, namespaces, functions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from lxml import etree

from hub.fhir.patch.change import malformed
from hub.fhir.xml.layout import FHIR

_NAME: Final = r"(?:[A-Za-z_][A-Za-z0-9_.-]*:)?(?:[A-Za-z_][A-Za-z0-9_.-]*|\*)"
_STEP: Final = re.compile(rf"/?(?P<name>{_NAME})(?P<tests>(?:\[[^\[\]]*\])*)(?=/|$)")
_TEST: Final = re.compile(
    rf"\[\s*(?:(?P<position>[1-9][0-9]{{0,5}})|(?:(?P<child>{_NAME})/)?@(?P<attribute>[A-Za-z]+)\s*=\s*"
    r"(?:'(?P<single>[^']*)'|\"(?P<double>[^\"]*)\"))\s*\]"
)
_ATTRIBUTE: Final = re.compile(r"/@(?P<name>[A-Za-z]+)$")
_LONGEST: Final = 2000

Filter = Callable[[list[etree._Element]], list[etree._Element]]


@dataclass(frozen=True, slots=True)
class Selector:
    """Steps from the document to elements; `attribute` of them, "" for the elements themselves."""

    steps: tuple[tuple[Filter, ...], ...]
    attribute: str

    def find(self, root: etree._Element, spend: Callable[[int], None]) -> list[etree._Element]:
        """The elements it leads to; `spend` is told how many are looked at."""
        found: list[etree._Element] = []
        for number, filters in enumerate(self.steps):
            groups = [list(one) for one in found] if number else [[root]]
            found = []
            for group in groups:
                spend(1 + len(group))
                for keep in filters:
                    group = keep(group)  # noqa: PLW2901
                found += group
        return found


def read_selector(text: str, namespaces: Mapping[str | None, str], where: str) -> Selector:
    """Read a selector. Raises HubError UNREADABLE (400) for one that is outside the subset above."""
    if len(text) > _LONGEST:
        raise malformed("is too long", where)
    last = _ATTRIBUTE.search(text)
    at, end = 0, last.start() if last else len(text)
    path = text[:end]
    steps: list[tuple[Filter, ...]] = []
    while at < end:
        match = _STEP.match(path, at)
        if match is None:
            break
        steps.append(_filters(match, namespaces, where))
        at = match.end()
    if not steps or at < end:
        raise malformed("is no selector of elements or attributes", where)
    return Selector(tuple(steps), last["name"] if last else "")


def _filters(step: re.Match[str], namespaces: Mapping[str | None, str], where: str) -> tuple[Filter, ...]:
    filters: list[Filter] = [_named(_qualified(step["name"], namespaces, where))]
    at, tests = 0, step["tests"]
    while at < len(tests):
        match = _TEST.match(tests, at)
        if match is None:
            raise malformed("has a condition the hub does not read", where)
        filters.append(_test(match, namespaces, where))
        at = match.end()
    return tuple(filters)


def _test(match: re.Match[str], namespaces: Mapping[str | None, str], where: str) -> Filter:
    if match["position"]:
        position = int(match["position"])
        return lambda nodes: nodes[position - 1 : position]
    name, value = match["attribute"], match["single"] if match["single"] is not None else match["double"]
    if match["child"] is None:
        return lambda nodes: [node for node in nodes if node.get(name) == value]
    child = _qualified(match["child"], namespaces, where)
    return lambda nodes: [node for node in nodes if any(_is(one, child) and one.get(name) == value for one in node)]


def _named(name: str) -> Filter:
    return lambda nodes: [node for node in nodes if _is(node, name)]


def _is(node: etree._Element, name: str) -> bool:
    return node.tag is not etree.Comment and name in ("*", node.tag)


def _qualified(name: str, namespaces: Mapping[str | None, str], where: str) -> str:
    prefix, colon, local = name.rpartition(":")
    if local == "*":
        return "*"
    space = namespaces.get(prefix) if colon else namespaces.get(None, FHIR)
    if space is None:
        raise malformed("has a prefix nobody declared", where)
    return f"{{{space}}}{local}"
