"""Images through the gate: who may see a study may see its images, by whatever a consent says of that study."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

import pytest

from hub.gate.gate import Gate
from hub.kernel.errors import Category, HubError
from tests.gate.house import STRANGER, House, absent, observation, with_house, write

RECIPIENT = {
    "role": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "IRCP"}]},
    "reference": {"reference": "Organization/F03"},
}
CLASS = {"class": [{"system": "http://hl7.org/fhir/resource-types", "code": "ImagingStudy"}]}
INSTANCE = {"data": [{"meaning": "instance", "reference": {"reference": "ImagingStudy/s1"}}]}


async def is_seen(asked: Awaitable[object]) -> bool:
    try:
        await asked
    except HubError as error:
        assert error.category is Category.NOT_FOUND
        return False
    return True


async def seen(gate: Gate) -> list[bool]:
    """Whether a stranger sees the images of two studies, and a value of the same patient."""
    images = [await is_seen(gate.images(STRANGER, each, f"studies/{each}")) for each in ("s1", "s2")]
    return [*images, await is_seen(gate.read(STRANGER, "Observation", "o"))]


@pytest.mark.parametrize(
    ("permitted", "wanted"),
    [([], [False, False, False]), ([CLASS], [True, True, False]), ([INSTANCE], [True, False, False])],
)
def test_a_permit_of_a_class_or_of_one_study_counts_for_its_images(
    database_url: str, permitted: list[Any], wanted: list[bool]
) -> None:
    async def work(house: House) -> None:
        studies = [write("ImagingStudy", each, patient="a", status="available") for each in ("s1", "s2")]
        await house.save(write("Patient", "a", birthDate="1960-01-01"), *studies, observation("o"))
        assert await seen(house.gate) == [False, False, False]
        await house.relate("a", "F03")
        assert await seen(house.gate) == [True, True, True]
        nested = [{"type": "permit", "actor": [RECIPIENT], **each} for each in permitted]
        await house.consent("a", {"type": "deny", "provision": nested})
        assert await seen(house.gate) == wanted

    with_house(database_url, work)


def test_a_study_that_is_void_has_no_images_for_anybody(database_url: str) -> None:
    async def work(house: House) -> None:
        for status in ("entered-in-error", "cancelled"):
            await house.save(write("ImagingStudy", status, patient="a", author="F03", status=status))
            assert await absent(house.gate.images(STRANGER, status, "studies/1"))

    with_house(database_url, work)
