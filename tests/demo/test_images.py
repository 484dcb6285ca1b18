import asyncio
import io
import shutil
from datetime import UTC, datetime

import pytest
from pydicom import dcmread

from hub.demo.calendar import Calendar
from hub.demo.images import objects
from hub.demo.modality import TITLE, store
from hub.kernel.errors import HubError
from tests.connectors.pacs import listening

FILES = list(objects(Calendar(datetime(2026, 11, 22, 4, 0, tzinfo=UTC))))


def test_an_x_ray_is_one_study_of_two_views_under_the_number_of_the_hospital() -> None:
    views = [dcmread(io.BytesIO(file)) for file in FILES]
    assert [str(view.PatientName) for view in views] == ["顾^长河"] * 2
    assert {view.PatientID for view in views} == {"M100004"}
    assert len({view.StudyInstanceUID for view in views}) == 1
    assert len({view.SOPInstanceUID for view in views}) == 2
    assert views[0].StudyDate == "20261114"
    assert all(view.pixel_array.shape == (16, 16) for view in views)


@pytest.mark.parametrize("program", ["dcmodify", None])
def test_a_modality_sends_all_its_objects(program: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    if program and shutil.which(program) is None:
        pytest.skip("DCMTK is not on this machine")
    if program is None:
        monkeypatch.setattr(shutil, "which", lambda _: None)

    async def play() -> None:
        async with listening(senders=(TITLE,)) as feed:
            assert await store(FILES, feed.port) == 2
            assert len({each.envelope.identity for each in feed.inbox.received}) == 2

    asyncio.run(play())


def test_images_that_are_not_taken_stop_the_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)

    async def play() -> None:
        async with listening(senders=("ANOTHER",)) as feed:
            await store(FILES, feed.port)

    with pytest.raises(HubError, match="not all images were taken"):
        asyncio.run(play())
