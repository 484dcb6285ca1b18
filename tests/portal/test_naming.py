"""Names of codes in the reader's language: what was sent in it stays, the rest is named, and nothing else changes."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping

import pytest

from hub.kernel.types import Json
from hub.portal.naming import in_language
from hub.portal.record import Item, Record

LOINC = "http://loinc.org"
NAMES = {
    "zh": {(LOINC, "2345-7"): "葡萄糖", ("urn:local", "GLU"): "血糖（院内）"},
    "en": {(LOINC, "2345-7"): "Glucose"},
}


class Dictionary:
    """The names above; `asked` is what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    async def displays(self, codes: Collection[tuple[str, str]], language: str) -> Mapping[tuple[str, str], str]:
        """Those that are asked for."""
        self.asked = list(codes)
        return {one: NAMES[language][one] for one in codes if one in NAMES[language]}


def coded(text: str = "", display: str = "", system: str = LOINC, code: str = "2345-7") -> Json:
    coding = {"system": system, "code": code, **({"display": display} if display else {})}
    return {"coding": [coding], **({"text": text} if text else {})}


def shown(concept: Json, language: str) -> tuple[str, list[tuple[str, str]]]:
    """The text of a concept on the page, and what the terminology was asked."""
    resource: Json = {"resourceType": "Observation", "component": [{"code": concept}]}
    item = Item(type="Observation", id="o", organization="F01", began=None, ended=None, resource=resource)
    record = Record(person="p", patient={}, sources=(), items=(item,), others={}, cut=False)
    names = Dictionary()
    found = asyncio.run(in_language(record, names, language))
    (kept,) = found.items
    return kept.resource["component"][0]["code"].get("text", ""), names.asked


@pytest.mark.parametrize(
    ("concept", "language", "expected"),
    [
        (coded("Glucose [Moles/volume]"), "zh", "葡萄糖"),
        (coded(display="Glucose"), "zh", "葡萄糖"),
        (coded(), "zh", "葡萄糖"),
        (coded("空腹血糖"), "en", "Glucose"),
        (coded("空腹血糖", code="none"), "en", "空腹血糖"),
        (coded("GLU", system="urn:local", code="GLU"), "zh", "血糖（院内）"),
    ],
)
def test_what_was_sent_in_another_language_is_named(concept: Json, language: str, expected: str) -> None:
    assert shown(concept, language)[0] == expected


@pytest.mark.parametrize(("text", "language"), [("空腹血糖", "zh"), ("Fasting glucose", "en")])
def test_what_was_written_in_the_readers_own_script_stays_and_is_not_asked_for(text: str, language: str) -> None:
    assert shown(coded(text), language) == (text, [])
