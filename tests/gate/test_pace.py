"""How often a client may look for a person: questions, searches in vain, and who is counted with whom."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

import pytest

from hub.api.failures import refusal as answer_of
from hub.audit.entry import Outcome
from hub.gate.gate import Gate
from hub.gate.pace import TOO_MANY
from hub.kernel.errors import Category, HubError, TooSoonError
from hub.kernel.log import Log
from tests.auth.consortium import NOW
from tests.gate.house import CLINICIAN, DIRECTORY, SECRET, House, refusal, with_house, write
from tests.gate.test_match import found, person, settle

VAIN: Final = [("name", "赵")]


class Hands:
    """A clock moved by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


async def too_soon(asked: Any) -> TooSoonError:
    error = await refusal(asked)
    assert isinstance(error, TooSoonError), error
    return error


def test_a_client_may_ask_what_a_minute_allows_and_again_as_time_passes(database_url: str) -> None:
    clock = Hands()

    async def work(house: House) -> None:
        await settle(house)
        for _ in range(3):
            assert await found(house, CLINICIAN)
        assert (await too_soon(found(house, CLINICIAN))).seconds == 20
        entry = (await house.entries())[0]
        assert (entry.outcome, entry.reason, entry.patients) == (Outcome.REFUSED, TOO_MANY, ())
        clock.wait(5)
        assert (await too_soon(house.gate.corresponding(CLINICIAN, "urn:x", "1"))).seconds == 15
        clock.wait(15)
        assert await house.gate.corresponding(CLINICIAN, "urn:x", "1") is None
        await too_soon(found(house, CLINICIAN))
        clock.wait(3600)
        for _ in range(3):
            assert await found(house, CLINICIAN)
        await too_soon(found(house, CLINICIAN))

    with_house(database_url, work, clock=clock, candidate_limit=3)


def test_persons_of_one_client_share_its_bucket_and_another_client_or_organisation_has_its_own(
    database_url: str,
) -> None:
    async def work(house: House) -> None:
        await found(house, CLINICIAN)
        await too_soon(found(house, replace(CLINICIAN, practitioner="li", token_id="t9")))
        await found(house, replace(CLINICIAN, client="another"))
        await found(house, replace(CLINICIAN, organization="F05"))

    with_house(database_url, work, candidate_limit=1)


def test_processes_share_the_bucket_and_a_client_may_have_a_limit_of_its_own(database_url: str) -> None:
    async def work(house: House) -> None:
        def gate(limit: int, **limits: int) -> Gate:
            parts = (house.database, house.store, house.trail, DIRECTORY, SECRET, lambda: NOW)
            return Gate(*parts, Log("test", stream=house.stream), candidate_limit=limit, candidate_limits=limits)

        await gate(1).match(CLINICIAN, person(), count=1, certain=False)
        await too_soon(gate(1).match(CLINICIAN, person(), count=1, certain=False))
        own = replace(CLINICIAN, client="feed")
        for _ in range(2):
            await gate(1, feed=2).match(own, person(), count=1, certain=False)
        await too_soon(gate(1, feed=2).match(own, person(), count=1, certain=False))

    with_house(database_url, work)


def test_a_search_that_finds_nobody_costs_a_fifth_and_one_that_finds_somebody_nothing(database_url: str) -> None:
    clock = Hands()

    async def work(house: House) -> None:
        await settle(house)

        async def search(*params: tuple[str, str], **how: Any) -> int:
            page = await house.gate.search(CLINICIAN, "Patient", params, **how)
            return page.total or len(page.matches)

        for _ in range(8):
            assert await search(("name", "沈")) + await search(("name", "沈"), ("_summary", "count")) == 4
        for _ in range(6):
            assert await search(*VAIN) == 0
        assert (await too_soon(search(("name", "沈")))).seconds == 12
        assert (await too_soon(search(*VAIN))).seconds == 12
        assert await search(*VAIN, conditional=True) == 0
        assert not (await house.gate.search(CLINICIAN, "Encounter", [])).matches
        await too_soon(found(house, CLINICIAN))
        clock.wait(12)
        assert await search(("name", "沈")) == 2

    with_house(database_url, work, clock=clock, candidate_limit=1)


def test_somebody_hidden_costs_what_nobody_costs(database_url: str) -> None:
    async def work(house: House) -> None:
        await house.save(write("Patient", "x", author="F03", name=[{"family": "赵"}]))
        for family in ("赵", "钱") * 3:
            assert not (await house.gate.search(CLINICIAN, "Patient", [("name", family)])).matches
        await too_soon(house.gate.search(CLINICIAN, "Patient", VAIN))

    with_house(database_url, work, candidate_limit=1)


@pytest.mark.parametrize(
    ("rtype", "criterion"),
    [
        ("Observation", "patient.name"),
        ("Observation", "subject:Patient.name"),
        ("DiagnosticReport", "result.patient.name"),
        ("Organization", "_has:Patient:organization:name"),
    ],
)
def test_a_search_that_finds_nothing_by_a_persons_name_costs_what_one_of_patients_costs(
    database_url: str, rtype: str, criterion: str
) -> None:
    async def work(house: House) -> None:
        for _ in range(6):
            assert not (await house.gate.search(CLINICIAN, rtype, [(criterion, "赵")])).matches
            assert not (await house.gate.search(CLINICIAN, rtype, [("identifier", "nothing")])).matches
        error = await too_soon(house.gate.search(CLINICIAN, rtype, [(criterion, "赵")]))
        assert error.seconds == 12
        entry = (await house.entries())[0]
        assert (entry.outcome, entry.reason, entry.query) == (
            Outcome.REFUSED,
            TOO_MANY,
            urlencode({criterion: "赵"}),
        )

    with_house(database_url, work, candidate_limit=1)


def test_the_refusal_says_when_to_ask_again() -> None:
    answer = answer_of(TooSoonError("x", 7, where="client", code=TOO_MANY))
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    assert b'"throttled"' in bytes(answer.body)
    assert answer_of(HubError(Category.THROTTLED, "x")).headers["retry-after"] == "1"
