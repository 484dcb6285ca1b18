"""Pages whose statement several requesters share: each is given what is permitted to it, as if it had asked alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from itertools import product
from random import Random

import pytest

from hub.auth.actor import Actor
from tests.consent import cases
from tests.gate.house import CLINICIAN, STRANGER, House, observation, statements_sent, with_house, write

PATIENTS = ("a", "b", "c", "d")


async def _clinic(house: House) -> None:
    """Four patients, three results of each; STRANGER's organisation cares for two, one of whom denies it, and one is
    open to it by consent.
    """
    for patient in PATIENTS:
        await house.save(write("Patient", patient, birthDate="1970-03-01"))
        for number, author in enumerate(("F01", "F02", "F03")):
            await house.save(observation(f"of-{patient}-{number}", patient=patient, author=author))
    await house.relate("a", "F03")
    await house.relate("d", "F03")
    reader = cases.actor("Organization/F03")
    await house.consent("b", cases.provision("permit", actor=reader), "c1")
    await house.consent("d", cases.provision("deny", actor=reader), "c2")


async def _page(house: House, actor: Actor, params: Sequence[tuple[str, str]]) -> list[str]:
    page = await house.gate.search(actor, "Observation", params)
    return [row.id for row in page.matches]


@pytest.mark.parametrize(
    "search",
    [lambda patient: (("patient", patient),), lambda _: (), lambda _: (("subject:Patient.birthdate", "1970-03-01"),)],
    ids=["patient", "all", "chained"],
)
def test_each_requester_is_given_what_it_would_be_given_alone(
    database_url: str, search: Callable[[str], tuple[tuple[str, str], ...]]
) -> None:
    async def work(house: House) -> None:
        await _clinic(house)
        wishes = [(actor, search(patient)) for actor, patient in product((CLINICIAN, STRANGER), PATIENTS)]
        alone = {wish: await _page(house, *wish) for wish in wishes}
        assert len({tuple(ids) for ids in alone.values()}) > 1
        many = [wish for _ in range(8) for wish in Random(7).sample(wishes, len(wishes))]
        for wish, ids in zip(many, await asyncio.gather(*(_page(house, *wish) for wish in many)), strict=True):
            assert ids == alone[wish]

    with_house(database_url, work)


def test_pages_of_one_shape_asked_at_once_take_fewer_statements_than_there_are(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(house: House) -> None:
        await house.save(write("Patient", "a"), observation("of-a", patient="a"))
        await _page(house, CLINICIAN, (("patient", "a"),))
        sent = statements_sent(monkeypatch)
        pages = await asyncio.gather(*(_page(house, CLINICIAN, (("patient", "a"),)) for _ in range(16)))
        assert pages == [["of-a"]] * 16
        assert len([text for text in sent if "FROM resource" in text]) < 8

    with_house(database_url, work)
