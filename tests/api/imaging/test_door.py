"""Images through the hub, over sockets: who gets them, what they name, and what becomes of them on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import httpx
import pytest
from dicomweb_client import DICOMwebClient
from starlette.responses import RedirectResponse, Response

from hub.audit.queries import newest
from tests.api import house
from tests.api.house import body
from tests.api.imaging.door import OURS, THEIRS, VOID, Imaging, image, imaging
from tests.api.imaging.pacs import BOUNDARY, INSIDE, ROOT
from tests.mappings.dicom import objects

SERIES = f"{objects.STUDY}.1"


def story(url: str, tell: Callable[[Imaging], Awaitable[None]]) -> None:
    async def run() -> None:
        async with imaging(url) as found:
            await tell(found)

    asyncio.run(run())


def test_a_viewer_finds_and_fetches_what_its_user_may_see(database_url: str) -> None:
    def view(base: str) -> None:
        client = DICOMwebClient(base, headers={"Authorization": "Bearer clinic"})
        studies = client.search_for_studies(search_filters={"PatientID": "clinic"})
        assert [each["0020000D"]["Value"] for each in studies] == [[OURS]]
        assert studies[0]["00100010"]["Value"] == [{"Alphabetic": "沈^桂兰"}]
        assert [each["0020000E"]["Value"] for each in client.search_for_series(OURS)] == [[SERIES]]
        assert len(client.search_for_instances(OURS, SERIES)) == 2
        told = client.retrieve_series_metadata(OURS, SERIES)
        assert told[0]["7FE00010"]["BulkDataURI"].startswith(f"{base}/studies/{OURS}/series/{SERIES}/")
        found = client.retrieve_series(OURS, SERIES)
        assert {each.SOPInstanceUID for each in found} == {f"{SERIES}.1", f"{SERIES}.2"}
        assert client.retrieve_instance(OURS, SERIES, f"{SERIES}.1").PatientID == "P7"
        assert client.retrieve_instance_frames(OURS, SERIES, f"{SERIES}.1", [1]) == [image(1, OURS).PixelData]

    async def tell(found: Imaging) -> None:
        await asyncio.to_thread(view, found.base)
        assert not any("?" in path for path, _ in found.pacs.asked)  # no search reaches the archive
        rendered = await found.get(f"studies/{OURS}/series/{SERIES}/instances/{SERIES}.1/rendered?quality=80")
        assert (rendered.content[:4], rendered.headers["content-type"]) == (b"\x89PNG", "image/png")
        assert rendered.headers["content-length"] == "7"

    story(database_url, tell)


def test_what_is_denied_void_or_not_there_is_answered_alike_and_never_asked_for(database_url: str) -> None:
    async def tell(found: Imaging) -> None:
        answers = [await found.get(f"studies/{uid}") for uid in (THEIRS, VOID, "1.2.3", "x")]
        answers += [await found.get(f"studies/{THEIRS}/{below}") for below in BELOW]
        answers.append(await found.http.get(found.base.replace("F05", "F01") + f"/studies/{OURS}", headers=CLINIC))
        assert {answer.status_code for answer in answers} == {404}
        assert len({answer.content for answer in answers}) == 1
        assert (found.pacs.asked, found.missing) == ([], [])
        assert (await found.get(f"studies/{OURS}/series/1.2.3")).content == answers[0].content
        assert found.missing == [OURS]  # whoever sees it is told nothing, the hub looks again
        for uid in (THEIRS, "1.2.3"):
            for path in (f"studies?StudyInstanceUID={uid}", f"studies/{uid}/series", f"studies/{uid}/instances"):
                answer = await found.get(path)
                assert (answer.status_code, answer.json()) == (200, [])
        assert (await found.get(f"studies/{THEIRS}", who="hospital")).status_code == 200
        async with found.home.database.connection() as tx:
            entries = [entry for entry in await newest(tx, limit=40) if entry.query and "images" in entry.query]
        below = ["refused"] * len(BELOW)
        assert [each.outcome for each in entries] == ["released", "released", *below, "absent", "released", "refused"]
        assert entries[0].types == {"ImagingStudy": 1}
        assert len(entries[0].patients) == 1

    story(database_url, tell)


#: Every way down to the images of a study.
BELOW = (
    "metadata",
    "rendered",
    "thumbnail",
    f"series/{SERIES}",
    f"series/{SERIES}/metadata",
    f"series/{SERIES}/thumbnail",
    f"series/{SERIES}/instances/{SERIES}.1",
    f"series/{SERIES}/instances/{SERIES}.1/frames/1",
    f"series/{SERIES}/instances/{SERIES}.1/frames/1/rendered",
    f"series/{SERIES}/instances/{SERIES}.1/rendered",
    f"series/{SERIES}/instances/{SERIES}.1/thumbnail",
    f"series/{SERIES}/instances/{SERIES}.1/bulk/7fe00010",
    f"instances/{SERIES}.1/bulkdata/7FE00010",
)
CLINIC = {"authorization": "Bearer clinic"}


def test_nobody_gets_images_without_a_token_that_says_so(database_url: str) -> None:
    async def tell(found: Imaging) -> None:
        path = f"studies/{OURS}"
        assert (await found.get(path, who="")).status_code == 401
        assert (await found.get(f"{path}?access_token=clinic")).status_code == 401
        assert (await found.get(path, who="narrow")).status_code == 403
        assert (await found.get(path, who="feed")).status_code == 403
        assert (await found.http.post(f"{found.base}/{path}", headers=CLINIC)).status_code == 405
        house.ACTORS["blurred"] = replace(house.ACTORS["clinic"], form="pseudonymised")  # type: ignore[index]
        try:
            assert (await found.get(path, who="blurred")).status_code == 403
        finally:
            del house.ACTORS["blurred"]  # type: ignore[attr-defined]
        assert found.pacs.asked == []

    story(database_url, tell)


def test_names_are_told_and_searched_by_with_the_scope_of_patients(database_url: str) -> None:
    async def tell(found: Imaging) -> None:
        for who, names, status in (("viewer", [{"Alphabetic": "沈^桂兰"}], 200), ("nameless", None, 403)):
            (study,) = (await found.get("studies", who=who)).json()
            assert study["00100010"].get("Value") == names
            assert (await found.get("studies?PatientName=沈", who=who)).status_code == status
            assert (await found.get(f"studies/{OURS}/metadata", who=who)).status_code == 200

    story(database_url, tell)


def test_the_archive_learns_nothing_of_the_client_and_the_client_nothing_of_the_archive(database_url: str) -> None:
    async def tell(found: Imaging) -> None:
        accept = 'multipart/related; type="application/dicom"'
        answer = await found.get(f"studies/{OURS}", accept=accept, cookie="a=b", **{"x-forwarded-for": "10.0.0.1"})
        assert answer.headers["content-type"].startswith("multipart/related")
        assert answer.headers["cache-control"] == "no-store, private"
        assert b"pacs.inside" not in answer.content
        assert f"Content-Location: {found.base}/studies/{OURS}".encode() in answer.content
        assert answer.content.endswith(f"--{BOUNDARY}--\r\n".encode())
        ((path, headers),) = found.pacs.asked
        assert path == f"/studies/{OURS}"
        assert headers["accept"] == accept
        assert {"authorization", "cookie", "x-forwarded-for"}.isdisjoint(headers.keys())

    story(database_url, tell)


def test_what_an_archive_should_not_answer_becomes_an_error_of_the_hub(database_url: str) -> None:
    async def tell(found: Imaging) -> None:
        elsewhere = f"{found.pacs.base.removesuffix(ROOT)}/elsewhere"
        for instead, status in (
            (Response("<script>", media_type="text/html"), 503),
            (Response("<svg>", media_type="image/svg+xml"), 503),
            (Response(b"\x1f\x8b", headers={"content-encoding": "gzip"}, media_type="application/dicom"), 503),
            (Response("x", media_type="multipart/related"), 503),
            (RedirectResponse(elsewhere), 503),
            (Response(INSIDE, 401), 503),
            (Response(INSIDE, 500), 503),
            (Response(INSIDE, 406), 406),
            (Response(INSIDE, 404), 404),
        ):
            found.pacs.instead = instead
            answer = await found.get(f"studies/{OURS}")
            assert (answer.status_code, body(answer)["resourceType"]) == (status, "OperationOutcome")
            assert b"pacs.inside" not in answer.content
        assert all("elsewhere" not in path for path, _ in found.pacs.asked)
        found.pacs.instead = None
        assert (await found.get(f"studies/{OURS}/metadata", accept="application/dicom+xml")).status_code == 406

    story(database_url, tell)


def test_a_client_that_leaves_ends_the_transfer_and_a_token_that_ends_cuts_it(database_url: str) -> None:
    async def tell(found: Imaging) -> None:
        found.pacs.instead = found.pacs.pour
        request = found.http.build_request("GET", f"{found.base}/studies/{OURS}", headers=CLINIC)
        answer = await found.http.send(request, stream=True)
        taken = answer.aiter_raw()
        assert await anext(taken)
        await answer.aclose()
        await asyncio.wait_for(found.pacs.left.wait(), 5)

        found.pacs.left.clear()
        house.ACTORS["ending"] = replace(house.ACTORS["clinic"], expires=house.START)  # type: ignore[index]
        with pytest.raises(httpx.RemoteProtocolError):
            await found.get(f"studies/{OURS}", who="ending")
        del house.ACTORS["ending"]  # type: ignore[attr-defined]
        await asyncio.wait_for(found.pacs.left.wait(), 5)

    story(database_url, tell)
