"""A modality tells of its steps: the study of one that has ended is pulled, when its archive has it."""

from __future__ import annotations

import asyncio
from typing import Any

from pydicom import Dataset
from pydicom.sequence import Sequence
from pynetdicom.sop_class import ModalityPerformedProcedureStep  # type: ignore[attr-defined]

from hub.kernel.errors import Category, HubError
from hub.kernel.types import Accepted, State
from tests.connectors.pacs import associated, listening

STUDY, STEP = "1.2.826.0.1.3680043.8.498.77", "1.2.826.0.1.3680043.8.498.77.9"


class Pulling:
    """An archive that has the study at the second look."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.there = asyncio.Event()

    async def __call__(self, study: str, peer: str) -> Accepted:
        self.asked.append((study, peer))
        if len(self.asked) == 1:
            raise HubError(Category.NOT_FOUND, "not yet")
        self.there.set()
        return Accepted(message=1, state=State.QUEUED)


def begun(study: str = STUDY) -> Dataset:
    scheduled, made = Dataset(), Dataset()
    scheduled.StudyInstanceUID = study
    made.ScheduledStepAttributesSequence = Sequence([scheduled])
    made.PerformedProcedureStepStatus = "IN PROGRESS"
    return made


def changed(status: str) -> Dataset:
    made = Dataset()
    made.PerformedProcedureStepStatus = status
    return made


def tell(port: int) -> list[int]:
    def work(association: Any) -> list[int]:
        kind = ModalityPerformedProcedureStep
        answers = [
            association.send_n_create(begun(""), kind, STEP),
            association.send_n_set(changed("COMPLETED"), kind, STEP),
            association.send_n_create(begun(), kind, STEP),
            association.send_n_create(begun(), kind, STEP),
            association.send_n_set(changed("IN PROGRESS"), kind, STEP),
            association.send_n_set(changed("COMPLETED"), kind, STEP),
        ]
        return [status.Status for status, _ in answers]

    return associated(port, work, "CT01", [ModalityPerformedProcedureStep])


def test_the_study_of_a_step_that_has_ended_is_pulled_once_it_is_there() -> None:
    async def story() -> None:
        pulling = Pulling()
        async with listening(pull=pulling) as feed:
            statuses = await asyncio.to_thread(tell, feed.port)
            assert statuses == [0xA900, 0x0112, 0x0000, 0x0111, 0x0000, 0x0000]
            await asyncio.wait_for(pulling.there.wait(), 5)
            assert pulling.asked == [(STUDY, "MPPS CT01")] * 2
            assert "not-found" in feed.log.getvalue()

    asyncio.run(story())


def test_a_feed_without_an_archive_takes_no_steps() -> None:
    async def story() -> list[int]:
        async with listening() as feed:
            return await asyncio.to_thread(tell, feed.port)

    assert asyncio.run(story()) == []
