"""Answers about codes that were given before (hub.api.remembered)."""

from __future__ import annotations

from hub.api.fhir.exchange import Answer
from hub.api.remembered import Remembered
from terminology.fhir_source import ResourceSource
from terminology.loading import Loader
from tests.api.house import House, body, in_house
from tests.api.test_terminology import loaded, told
from tests.terminology.house import DISEASES, WHEN, diseases

ASKED = f"/CodeSystem/$lookup?system={DISEASES}&code=I10"


def test_an_answer_is_given_again_without_the_database_until_another_version_is_in_force(database_url: str) -> None:
    async def visit(home: House) -> tuple[bytes, bytes, int, str]:
        await loaded(home)
        first = await home.ask("GET", ASKED)
        concepts = home.services.terminology.concepts
        concepts.find, find = _none_asks, concepts.find  # type: ignore[method-assign,assignment]
        again = await home.ask("GET", ASKED)
        concepts.find = find  # type: ignore[method-assign]
        refused = await home.ask("GET", ASKED, who="")
        await Loader(home.database, lambda: WHEN).code_system(ResourceSource(diseases(version="2", title="新")))
        home.services.terminology.catalogues.forget()
        return first.content, again.content, refused.status_code, (await told(home, ASKED))["name"]

    first, again, refused, name = in_house(database_url, visit)
    assert first == again
    assert (refused, name) == (401, "新")


async def _none_asks(*_: object) -> None:
    raise AssertionError("the terminology was asked")


def test_different_questions_have_different_answers(database_url: str) -> None:
    async def visit(home: House) -> list[object]:
        await loaded(home)
        asked = [ASKED, f"{ASKED}&displayLanguage=en", ASKED.replace("$lookup?system", "$validate-code?url")]
        return [body(await home.ask("GET", one)) for one in [*asked, *asked]]

    answers = in_house(database_url, visit)
    assert answers[:3] == answers[3:]
    assert len({str(one) for one in answers}) == 3


def test_what_is_kept_is_bounded_and_goes_with_its_revision() -> None:
    kept, large = Remembered(most=4_000), Answer(status=200, body=b"x" * 1_000)
    for question in "abc":
        kept.keep(1, question, large)
    assert [kept.get(1, question) is not None for question in "abc"] == [False, False, True]
    kept.keep(1, "d", Answer(status=200, body=b"x" * 5_000))
    assert kept.get(1, "d") is None
    assert kept.get(2, "c") is None
    kept.keep(2, "e", large)
    assert kept.get(2, "e") is large
    assert kept.get(1, "c") is None
