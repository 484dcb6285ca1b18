"""Feeds whose resources are judged: lenient keeps and records, strict keeps the message as a dead letter."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from hub.fhir.validator import Validator
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Draft, Translation
from hub.pipeline.chosen import Filter
from hub.pipeline.judged import Mode, judged
from tests.pipeline.desk import ENGINEER, repairs
from tests.pipeline.fake_feed import FEED, message, observation_id, patient_id, translate
from tests.pipeline.hub_in_a_box import box, run

#: A Patient whose gender is no code of R4.
WRONG = message("1", "A", set={"gender": "F"}, results={"K": "4.1"})
RIGHT = message("2", "B", set={"gender": "female"}, results={"K": "4.1"})


def judge(mode: Mode) -> dict[str, Any]:
    return {FEED: judged(translate, mode, Validator())}


def test_a_lenient_feed_keeps_what_is_wrong_and_records_it(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            hub.translators = judge("lenient")
            assert await hub.send(WRONG, RIGHT) == ["warnings", "done"]
            kept = await hub.read("Patient", patient_id("A"))
            assert kept is not None
            assert kept["gender"] == "F"
            assert await hub.read("Observation", observation_id("A", "K")) is not None
            (issue,) = (await hub.reason(1))["issues"]
            assert (issue["severity"], issue["where"], issue["code"]) == ("error", "Patient.gender", "code-invalid")

    run(story())


def test_a_strict_feed_keeps_the_message_as_a_dead_letter_with_every_issue(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            hub.translators = judge("strict")
            assert await hub.send(WRONG, RIGHT) == ["dead", "done"]
            assert await hub.read("Patient", patient_id("A")) is None
            assert await hub.read("Observation", observation_id("A", "K")) is None
            reason = await hub.reason(1)
            assert (reason["code"], reason["where"]) == ("nonconformant", "Patient.gender")
            assert [issue["where"] for issue in reason["issues"]] == ["Patient.gender"]
            assert await hub.read("Patient", patient_id("B")) is not None

    run(story())


def test_a_feed_that_says_nothing_is_not_judged(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            assert await hub.send(WRONG) == ["done"]

    run(story())


def test_the_dead_letter_of_a_strict_feed_is_mended_by_a_replay(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            hub.translators = judge("strict")
            assert await hub.send(WRONG) == ["dead"]
            hub.translators = judge("lenient")
            await repairs(hub).replay(Filter(numbers=(1,)), ENGINEER)
            await hub.drain()
            assert await hub.states([1]) == ["warnings"]

    run(story())


@pytest.mark.parametrize("mode", ["lenient", "strict"])
def test_a_right_message_says_what_it_said(mode: Mode) -> None:
    assert judged(translate, mode, Validator())(RIGHT) == translate(RIGHT)


def test_what_is_refused_is_told_with_what_the_message_says() -> None:
    told = judged(translate, "strict", Validator())(WRONG)
    assert told.drafts == translate(WRONG).drafts
    assert told.refusal is not None
    assert (told.refusal.code, told.refusal.where) == ("nonconformant", told.issues[0].where)


def test_a_message_that_is_refused_already_keeps_its_reason() -> None:
    blocked = HubError(Category.INVALID, "blocked", code="unmapped-code")
    told = judged(lambda raw: replace(translate(raw), refusal=blocked), "strict", Validator())(WRONG)
    assert told.refusal is blocked


def test_a_default_counts_as_what_stands_where_nothing_is_stated() -> None:
    draft = Draft(
        resource={"resourceType": "Observation", "id": "o", "code": {"text": "x"}},
        authority="a",
        key="k",
        patient=None,
        defaults={"status": "final"},
    )
    assert judged(lambda _: Translation(drafts=(draft,)), "strict", Validator())(b"").issues == ()
