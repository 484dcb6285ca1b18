"""What the rest of the hub asks of the terminology: members of value sets, hierarchies, names (hub.kernel.ports).

R4 search.html 3.1.1.4.2 (Modifiers); valueset.html#compositions; codesystem.html#hierarchy.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from terminology.answers import Answers
from terminology.catalogue import use
from terminology.compose import Meaning
from terminology.model import Coding, Stated
from tests.terminology.house import DISEASES, House, code_system, diseases, in_house, of, said, value_set

VS = "https://example.org/vs/"
MOST = 100


async def refused(answers: Answers, name: str, most: int = MOST) -> tuple[Category, str]:
    with pytest.raises(HubError) as caught:
        await answers.members(name, most)
    assert name not in str(caught.value)
    return caught.value.category, caught.value.code


def test_a_value_set_is_named_by_url_and_version_or_brought_along_and_follows_a_switch(database_url: str) -> None:
    async def visit(home: House) -> None:
        one, two = (value_set(VS + "v", of(concept=[{"code": code}]), version=code) for code in ("I10", "E11"))
        await home.load(diseases(), one, two)
        answers = Answers(home.terms)
        assert await answers.members(VS + "v", MOST) == {(DISEASES, "E11")}
        assert await answers.members(VS + "v|I10", MOST) == {(DISEASES, "I10")}
        assert await answers.members(one, MOST) == {(DISEASES, "I10")}
        async with home.database.transaction() as tx:
            await use(tx, "ValueSet", VS + "v", "I10")
        home.terms.catalogues.forget()
        assert await answers.members(VS + "v", MOST) == {(DISEASES, "I10")}

    in_house(database_url, visit)


class Pausing(Answers):
    """Answers that let something happen after the codes of their first set were found."""

    meanwhile: Callable[[], Awaitable[object]] | None = None

    async def codes(self, meaning: Meaning, most: int) -> frozenset[tuple[str, str]]:
        found = await super().codes(meaning, most)
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            await meanwhile()
        return found


def test_a_set_begun_before_a_switch_and_finished_after_it_is_not_kept_as_the_answer_of_the_next(
    database_url: str,
) -> None:
    async def visit(home: House) -> None:
        one, two = (value_set(VS + "v", of(concept=[{"code": code}]), version=code) for code in ("I10", "E11"))
        await home.load(diseases(), one, two, value_set(VS + "other", of(concept=[{"code": "I15"}])))
        answers = Pausing(home.terms)

        async def switch() -> None:
            async with home.database.transaction() as tx:
                await use(tx, "ValueSet", VS + "v", "I10")
            home.terms.catalogues.forget()
            assert await answers.members(VS + "other", MOST) == {(DISEASES, "I15")}

        answers.meanwhile = switch
        assert await answers.members(VS + "v", MOST) == {(DISEASES, "E11")}
        assert await answers.members(VS + "v", MOST) == {(DISEASES, "I10")}

    in_house(database_url, visit)


def test_what_is_not_known_whole_is_refused_and_not_guessed(database_url: str) -> None:
    async def visit(home: House) -> None:
        brought = {"system": "urn:absent", "code": "x"}
        fragment = code_system({"code": "a"}, url="urn:fragment", content="fragment")
        parts = code_system({"code": "a"}, url="urn:parts", hierarchyMeaning="part-of")
        await home.load(
            *(diseases(), fragment, parts, value_set(VS + "all", of())),
            value_set(VS + "some", of("urn:fragment")),
            value_set(VS + "listed", of("urn:fragment", concept=[{"code": "a"}, {"code": "not-in-it"}])),
            value_set(VS + "circle", {"valueSet": [VS + "circle"]}),
            value_set(VS + "brought", of("urn:absent"), expansion={"contains": [brought]}),
        )
        answers = Answers(home.terms)
        unlisted = (Category.UNSUPPORTED, "not-expandable")
        for name in ("some", "circle", "absent"):
            assert await refused(answers, VS + name) == unlisted
        assert await refused(answers, VS + "all", most=5) == (Category.TOO_LARGE, "too-costly")
        assert len(await answers.members(VS + "all", 6)) == 6
        assert await answers.members(VS + "brought", MOST) == {("urn:absent", "x")}
        assert await answers.members(VS + "listed", MOST) == {("urn:fragment", "a"), ("urn:fragment", "not-in-it")}
        for system in ("urn:fragment", "urn:parts", "urn:absent"):
            with pytest.raises(HubError) as caught:
                await answers.kinds(system, "a", up=False, most=MOST)
            assert (caught.value.category, caught.value.code) == unlisted
        (verdict,) = await home.terms.in_value_set(VS + "some", [Stated(Coding("urn:fragment", "b"))])
        assert (verdict.result, verdict.message) == (False, "the hub holds a part of the code system only")

    in_house(database_url, visit)


def test_a_code_has_its_kinds_and_what_it_is_a_kind_of(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.load(diseases())
        answers = Answers(home.terms)
        for code, up, expected in (
            ("C", False, {"C", "I10", "I15", "I10.1"}),
            ("I10.1", True, {"I10.1", "I10", "C"}),
            ("I15", True, {"I15", "C", "E"}),
            ("E11", False, {"E11"}),
            ("none", False, set[str]()),
        ):
            assert set(await answers.kinds(DISEASES, code, up=up, most=MOST)) == expected

    in_house(database_url, visit)


def test_names_are_given_in_the_language_asked_for_and_in_no_other(database_url: str) -> None:
    english: Json = code_system(
        {"code": "1", "display": "Glucose", "designation": [said("zh-CN", "葡萄糖")]},
        url="urn:english",
        language="en",
    )

    async def visit(home: House) -> None:
        await home.load(diseases(language="zh-CN"), english)
        answers = Answers(home.terms)
        asked = [(DISEASES, "I10"), (DISEASES, "I10.1"), (DISEASES, "none"), ("urn:english", "1"), ("urn:x", "1")]
        assert await answers.displays(asked, "zh") == {
            **{(DISEASES, "I10"): "原发性高血压", (DISEASES, "I10.1"): "高血压1级", ("urn:english", "1"): "葡萄糖"}
        }
        assert await answers.displays(asked, "en") == {
            **{(DISEASES, "I10"): "Essential hypertension", ("urn:english", "1"): "Glucose"}
        }

    in_house(database_url, visit)
