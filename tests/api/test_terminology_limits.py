"""How much one question about codes may ask, and that what comes with it is read once (hub.api.fhir.terminology)."""

from __future__ import annotations

import asyncio
from typing import Any, cast
from unittest.mock import Mock

import pytest

from hub.api.fhir.exchange import Answer
from hub.api.fhir.terminology.given import Given
from hub.api.remembered import Remembered
from hub.db.database import Database
from hub.kernel.errors import Category, HubError
from terminology import fhir_source, mappings, translation
from terminology.catalogue import Catalogue
from terminology.closure_tables import CONCEPTS, ClosureTables
from terminology.model import Coding, Stated
from terminology.service import Terminology
from terminology.translation import Question, translate
from tests.api.house import House, code, in_house
from tests.api.test_terminology import parameters
from tests.terminology.house import WHEN, code_system

NO_DATABASE = cast(Database, None)
URL = "urn:brought"


def coded(many: int) -> list[dict[str, Any]]:
    return [{"system": URL, "code": f"c{at}"} for at in range(many)]


def test_a_request_asks_about_a_hundred_codings_at_most() -> None:
    assert len(Given({"codeableConcept": [{"coding": coded(100)}]}).codings()) == 100
    assert len(Given({"concept": coded(100)}).structures("concept")) == 100
    with pytest.raises(HubError, match="over 100 entries") as concept:
        Given({"codeableConcept": [{"coding": coded(101)}]}).codings()
    with pytest.raises(HubError, match="over 100 entries") as several:
        Given({"concept": coded(101)}).structures("concept")
    assert (concept.value.category, concept.value.where) == (Category.TOO_LARGE, "codeableConcept")
    assert (several.value.category, several.value.where) == (Category.TOO_LARGE, "concept")
    with pytest.raises(HubError, match="is not a list"):
        Given({"codeableConcept": [{"coding": 7}]}).codings()


@pytest.mark.parametrize("told", [{"system": URL, "code": "c" * 1_001}, {"system": "u" * 1_001, "code": "c"}])
def test_codes_and_systems_have_a_thousand_characters_at_most(told: dict[str, str]) -> None:
    for values in ({"coding": [told]}, {name: [value] for name, value in told.items()}):
        with pytest.raises(HubError, match="of over 1000 characters") as refused:
            Given(values).coding()
        assert refused.value.category is Category.UNREADABLE
    assert Given({"system": [URL], "code": ["c" * 1_000]}).coding() is not None


def test_a_code_system_that_is_brought_along_is_walked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    walk = Mock(wraps=fhir_source._nested)
    monkeypatch.setattr(fhir_source, "_nested", walk)
    brought = code_system({"code": "A", "display": "甲", "concept": [{"code": "b"}]}, url=URL, caseSensitive=False)
    asked = [Stated(Coding(system, code)) for system, code in ((URL, "a"), (URL, "B"), (URL, "c"), ("urn:x", "a"))]
    found = asyncio.run(Terminology(NO_DATABASE).in_given(brought, [*asked, Stated(Coding(URL, "a"), "乙")]))
    assert [one.result for one in found] == [True, True, False, False, False]
    assert (found[0].display, found[4].message, walk.call_count) == ("甲", "the display is none of this code", 1)


def test_a_map_that_is_brought_along_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read = Mock(wraps=mappings.rows_of_map)
    monkeypatch.setattr(translation, "rows_of_map", read)
    elements = [{"code": f"c{at}", "target": [{"code": f"t{at}", "equivalence": "equal"}]} for at in range(3)]
    brought = {"resourceType": "ConceptMap", "group": [{"source": URL, "target": "urn:t", "element": elements}]}
    codings = [Coding(URL, "c2"), Coding(URL, "c0"), Coding(URL, "c2")]
    found = asyncio.run(translate(NO_DATABASE, cast(Catalogue, None), Question(codings=codings, inline=brought)))
    assert [one.coding for one in found] == [Coding("urn:t", "t2"), Coding("urn:t", "t0")]
    assert read.call_count == 1


def test_more_matches_than_can_be_told_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translation, "MATCHES", 1)
    targets = [{"code": one, "equivalence": "equal"} for one in "xy"]
    group = {"source": URL, "target": "urn:t", "element": [{"code": "a", "target": targets}]}
    brought = {"resourceType": "ConceptMap", "group": [group]}
    question = Question(codings=[Coding(URL, "a"), Coding(URL, "b")], inline=brought)
    with pytest.raises(HubError, match="over 1 matches") as refused:
        asyncio.run(translate(NO_DATABASE, cast(Catalogue, None), question))
    assert refused.value.category is Category.TOO_LARGE


def test_concepts_beyond_what_a_table_may_have_are_refused_before_any_is_looked_up() -> None:
    class Unasked:
        async def kind(self, _: Coding) -> None:
            raise AssertionError("a code was looked up")

    tables = ClosureTables(NO_DATABASE, cast(Terminology, Unasked()), lambda: WHEN)
    codings = [Coding(URL, str(at)) for at in range(CONCEPTS + 1)]
    with pytest.raises(HubError, match="concepts") as refused:
        asyncio.run(tables.grow("owner", "mine", codings))
    assert refused.value.category is Category.TOO_LARGE


def test_what_a_question_takes_counts_among_what_is_kept() -> None:
    kept, answer = Remembered(most=10_000), Answer(status=200, body=b"x")
    kept.keep(1, ("code", "c" * 3_000), answer)
    assert kept.get(1, ("code", "c" * 3_000)) is None
    kept.keep(1, ("code", "c"), answer)
    assert kept.get(1, ("code", "c")) is answer


def test_names_of_tables_are_short_and_printable_and_no_text_has_a_nul(database_url: str) -> None:
    async def visit(home: House) -> None:
        for name in ("n" * 201, "a\nb"):
            refused = await home.ask("POST", "/$closure", parameters(("name", "valueString", name)))
            assert refused.status_code == 400, name[:3]
            assert "200 printable characters" in refused.text
        for name in ("n" * 200, "我的表 1"):
            assert (await home.ask("POST", "/$closure", parameters(("name", "valueString", name)))).status_code == 200
        nul = await home.ask("POST", "/$closure", parameters(("name", "valueString", "a\0b")))
        assert (nul.status_code, code(nul)) == (400, "character")
        coding = {"system": URL, "code": "a\0b"}
        nul = await home.ask("POST", "/CodeSystem/$lookup", parameters(("coding", "valueCoding", coding)))
        assert (nul.status_code, code(nul)) == (400, "character")
        assert (await home.ask("GET", "/CodeSystem/$lookup?system=urn:x&code=a%00b")).status_code == 400

    in_house(database_url, visit)
