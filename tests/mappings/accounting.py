"""Whether what the conversion report says is true: a second reading of messages and bundles that knows no row.

A statement is a leaf and an element it is said to stand in. It is true if the element, there or in a resource it
refers to, holds the text; or the same time; or what a code table makes of it; or, for a name of a system or authority,
the URI of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from hub.kernel.types import Json
from mappings.hl7v2.codetables import Table, table, table_names
from mappings.hl7v2.datatypes.times import moment
from mappings.hl7v2.leaves import clean
from mappings.hl7v2.parser import Message

_SOURCE: Final = re.compile(r"(\w{3})(?:\[(\d+)\])?-(\d+)\[(\d+)\](?:\.(\d+))?(?:\.(\d+))?")
#: What stands beside the element named and is part of the same value.
_SIBLINGS: Final = {"family": "text", "given": "text", "display": "text", "coding": "text"}
#: OBX-2 says what kind of value OBX-5 is; the value's element shows it.
_KINDS: Final = re.compile(r"OBX(\[\d+\])?-2\[")


#: Length from which a text is told by being a part of another.
_TELLING: Final = 3


class Statement(NamedTuple):
    """A leaf (as the report names its place), its text, and the element it is said to stand in."""

    source: str
    text: str
    target: str


def sources(message: Message) -> Iterator[str]:
    """Position of every leaf that holds something, found without the engine."""
    for segment in message.segments:
        number = f"[{segment.ordinal}]" if len(message.all(segment.name)) > 1 else ""
        for n in range(1, segment.fields_count + 1):
            for rep, repetition in enumerate(segment.repetitions(n), 1):
                at = f"{segment.name}{number}-{n}[{rep}]"
                components = repetition.components()
                if segment.name in {"MSH", "FHS", "BHS"} and n < 3:
                    yield at
                    continue
                for comp in range(1, len(components) + 1):
                    subs = repetition.subcomponents(comp)
                    for sub, text in enumerate(subs, 1):
                        if text:
                            alone = len(subs) == 1
                            part = f".{comp}" + ("" if alone else f".{sub}")
                            yield at + ("" if alone and len(components) == 1 else part)


def statements(message: Message, report: list[Json]) -> Iterator[Statement]:
    """What the report says was mapped."""
    for row in report:
        if row["outcome"] == "mapped" and not _KINDS.match(row["source"]):
            text = _text(message, row["source"])
            for target in row["targets"]:
                if text and not target.endswith("(cleared)"):
                    yield Statement(row["source"], text, target)


def _text(message: Message, source: str) -> str:
    found = _SOURCE.fullmatch(source)
    assert found is not None, source
    name, *numbers = found.groups()
    ordinal, n, rep, comp, sub = [int(number or 1) for number in numbers]
    text = clean(message.all(name)[ordinal - 1].repetitions(n)[rep - 1].get(comp, sub))
    return "" if text == '""' else text


class Bundle:
    """The resources of a bundle, to be asked for elements; references are followed."""

    def __init__(self, bundle: Json | None) -> None:
        entries = (bundle or {}).get("entry", ())
        self._by_url: Mapping[str, Json] = {entry["request"]["url"]: entry["resource"] for entry in entries}
        self._told: dict[str, list[str]] = {}

    def holds(self, said: Statement) -> bool:
        if said.target not in self._told:
            self._told[said.target] = list(dict.fromkeys(self._texts(said.target)))
        return is_told(said.text, self._told[said.target])

    def _texts(self, target: str) -> Iterator[str]:
        rtype, _, path = target.partition(".")
        steps = [re.sub(r"\[(?!x\])[^\]]*\]", "", step) for step in path.split(".") if step]
        for resource in self._by_url.values():
            if resource["resourceType"] == rtype:
                for node in self._at(resource, steps):
                    yield from _leaves(node)

    def _at(self, node: Any, steps: list[str]) -> Iterator[Any]:
        if isinstance(node, list):
            for each in node:
                yield from self._at(each, steps)
            return
        if isinstance(node, dict) and node.get("reference") in self._by_url:
            yield from self._at(self._by_url[node["reference"]], steps)
        if not steps:
            yield node
        elif isinstance(node, dict):
            yield from self._below(node, steps)

    def _below(self, node: Json, steps: list[str]) -> Iterator[Any]:
        head, *rest = steps
        for name, child in node.items():
            bare = name.removeprefix("_")
            if bare == head or (head.endswith("[x]") and bare.startswith(head[:-3])):
                yield from self._at(child, rest)
            elif name == _SIBLINGS.get(head) or (name == "display" and "reference" not in node):
                yield child


def _leaves(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for child in node.values():
            yield from _leaves(child)
    elif isinstance(node, list):
        for child in node:
            yield from _leaves(child)
    else:
        yield str(node).lower() if isinstance(node, bool) else str(node)


def is_told(text: str, texts: list[str]) -> bool:
    """Whether one of `texts` tells what `text` does."""
    bare = _bare(text)
    if text in texts or any(bare == each if len(bare) < _TELLING else bare in each for each in map(_bare, texts)):
        return True
    found = moment(text)
    if found is not None and any(each.startswith(found.date) for each in texts):
        return True
    return any(_is_uri_of(text, each) for each in texts) or any(
        entry.code in texts for every in _tables() if (entry := every.get(text)) is not None
    )


def _bare(text: str) -> str:
    return "".join([c for c in text if not c.isspace()]).casefold()


def _is_uri_of(text: str, uri: str) -> bool:
    """Whether a URI is made of a name, a table number or an identifier and its kind (ISO: an OID)."""
    if text in {"ISO", "UUID"}:
        return uri.startswith(f"urn:{'oid' if text == 'ISO' else 'uuid'}:")
    number = re.fullmatch(r"(?:HL7|2\.16\.840\.1\.113883\.12\.)(\d{1,4})", text)
    return quote(text, safe="") in uri or (number is not None and uri.endswith(f"/v2-{number[1]:0>4}"))


@cache
def _tables() -> tuple[Table, ...]:
    return tuple(map(table, table_names()))
