"""The shared documents as other vendors would send them: the facts stay the same."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from lxml import etree

from hub.kernel.types import Json
from tests.mappings.cda.documents import converted
from tests.mappings.cda.recall import count, missing

V3: Final = "urn:hl7-org:v3"


def shuffled(raw: bytes) -> bytes:
    """Elements in another order wherever their names differ, and attributes too."""
    root = etree.fromstring(raw)
    dice = random.Random(8)
    for element in root.iter():
        children = list(element)
        names = list(dict.fromkeys(child.tag for child in children))
        dice.shuffle(names)
        element[:] = [child for name in names for child in children if child.tag == name]
        attributes = list(element.attrib.items())[::-1]
        element.attrib.clear()
        element.attrib.update(attributes)
    return bytes(etree.tostring(root, encoding="utf-8"))


def prefixed(raw: bytes) -> bytes:
    text = re.sub(r"<(/?)([A-Za-z])", r"<\1hl7:\2", raw.decode().partition("?>")[2])
    return text.replace(f'xmlns="{V3}"', f'xmlns:hl7="{V3}"').replace('xsi:type="', 'xsi:type="hl7:').encode()


def without_entries(raw: bytes) -> bytes:
    """Statements directly in their sections, organizers without components."""
    return re.sub(rb"</?(entry|entryRelationship)( [^<>]*[^/<>])?>", b"", raw)


def untyped(raw: bytes) -> bytes:
    return re.sub(rb' xsi:type="(?:CD|ST|PQ)"', b"", raw)


def without_systems(raw: bytes) -> bytes:
    """Data elements whose code system nobody wrote down."""
    return raw.replace(b' codeSystem="2.16.156.10011.2.2.1"', b"")


def nested(raw: bytes) -> bytes:
    """All sections inside one more section."""
    inside = raw.replace(b"<structuredBody>", b"<structuredBody><component><section><title>S</title>", 1)
    return inside.replace(b"</structuredBody>", b"</section></component></structuredBody>", 1)


def in_gbk(raw: bytes) -> bytes:
    return raw.decode().replace("UTF-8", "GBK", 1).encode("gb18030")


def in_gbk_unsaid(raw: bytes) -> bytes:
    return raw.decode().partition("?>")[2].encode("gb18030")


def in_upper_case(raw: bytes) -> bytes:
    return re.sub(rb"(</?)(observation|section|entry|value)\b", lambda m: m[1] + m[2].capitalize(), raw)


VARIANTS: Final[list[Callable[[bytes], bytes]]] = [
    shuffled, prefixed, without_entries, untyped, without_systems, nested, in_gbk, in_gbk_unsaid, in_upper_case,
]  # fmt: skip


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: str(variant.__name__))
def test_other_vendors_forms_of_the_documents_tell_the_same_facts(
    shared: Path, variant: Callable[[bytes], bytes]
) -> None:
    folder = shared / "cda-samples"
    facts: Json = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
    lost = [
        f"{name}: {fact}"
        for name, expected in facts.items()
        for fact in missing(expected, converted(variant((folder / name).read_bytes()))["bundle"])
    ]
    assert len(lost) <= sum(map(count, facts.values())) // 100, lost
