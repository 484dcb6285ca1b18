"""Viewers whose pages come from elsewhere: those of registered applications are answered, and learn no more by it."""

from __future__ import annotations

import asyncio
from typing import Final

import httpx

from tests.api.imaging.door import OURS, THEIRS, Imaging, imaging

VIEWER: Final = "https://viewer.example"
OTHER: Final = "https://evil.example"
#: What dicomweb-client asks for frames with: its quotes make a browser ask beforehand (Fetch, CORS-unsafe bytes).
FRAMES: Final = 'multipart/related; type="application/octet-stream"; transfer-syntax=*'
PREFLIGHT: Final = {"access-control-request-method": "GET", "access-control-request-headers": "accept,authorization"}


def test_a_registered_viewer_is_answered_and_no_other(database_url: str) -> None:
    async def run() -> None:
        async with imaging(database_url) as found:
            await found.register_viewer(VIEWER)
            await _answers_carry_the_origin(found)
            await _preflights_tell_of_no_study(found)

    asyncio.run(run())


async def _answers_carry_the_origin(found: Imaging) -> None:
    frames = f"studies/{OURS}/series/1.2.826.0.1.3680043.8.498.1.1/instances/1.2.826.0.1.3680043.8.498.1.1.1/frames/1"
    for path, who, status in (
        (f"studies?StudyInstanceUID={OURS}&fuzzymatching=true", "clinic", 200),
        (frames, "clinic", 200),
        (f"studies/{THEIRS}", "clinic", 404),
        (frames, "narrow", 403),
        (frames, "", 401),
    ):
        answer = await found.get(path, who=who, origin=VIEWER, accept=f"application/dicom+json, {FRAMES}")
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (status, VIEWER), path
        assert "Origin" in answer.headers["vary"]
        assert "access-control-allow-credentials" not in answer.headers
        shown = answer.headers["access-control-expose-headers"]
        assert {"warning", "www-authenticate", "retry-after", "x-request-id"} <= set(shown.split(", "))
        elsewhere = await found.get(path, who=who, origin=OTHER, accept=f"application/dicom+json, {FRAMES}")
        assert elsewhere.status_code == status
        assert _of_origins(elsewhere) == {}


async def _preflights_tell_of_no_study(found: Imaging) -> None:
    before = len(found.pacs.asked)
    told = []
    for path in (OURS, THEIRS, "1.2.3"):
        answer = await found.http.options(f"{found.base}/studies/{path}", headers={"origin": VIEWER, **PREFLIGHT})
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (204, VIEWER)
        assert {"accept", "authorization"} <= set(answer.headers["access-control-allow-headers"].split(", "))
        told.append(_of_origins(answer))
        refused = await found.http.options(f"{found.base}/studies/{path}", headers={"origin": OTHER, **PREFLIGHT})
        assert (refused.is_success, _of_origins(refused)) == (False, {})
    assert told[0] == told[1] == told[2]
    assert len(found.pacs.asked) == before


def _of_origins(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name.startswith("access-control-")}
