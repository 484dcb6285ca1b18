"""A viewer of the kind of OHIF, in a real browser, on pages of its own origin: it shows what its user may see.

Needs Chromium on the machine; dicomweb-client and dicom-parser, of which OHIF is made, come from the npm registry when
the test runs. The hub's door of images, its gate and an archive answer over sockets.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.async_api import Browser, Page, async_playwright
from starlette.applications import Starlette
from starlette.responses import FileResponse
from starlette.routing import Route

from conformance_tests.browser import chromium
from conformance_tests.npm import modules
from tests.api.imaging.door import COLUMNS, OURS, THEIRS, VOID, Imaging, imaging, stored
from tests.api.imaging.pacs import served
from tests.fixtures import database_of, drop_database, statement

PACKAGES: Final = ("dicomweb-client@0.11.3", "dicom-parser@1.8.21")
SCRIPTS: Final = {
    "/dicomweb-client.js": "dicomweb-client/build/dicomweb-client.js",
    "/dicom-parser.js": "dicom-parser/dist/dicomParser.min.js",
}
PAGE: Final = Path(__file__).with_name("viewer_page.html")
#: OHIF shares memory between its threads, which browsers allow to pages that take nothing unasked from elsewhere.
ISOLATED: Final = {"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp"}
LAST: Final = 2  #: the number of the last image of a study
NOBODY: Final = "1.2.826.0.1.3680043.8.498.990122.404"
_DATABASE: Final = "test_browser_viewer"


@dataclass
class Room:
    """The hub with its archive, a browser, and where the viewer's page is."""

    hub: Imaging
    browser: Browser
    origin: str

    @asynccontextmanager
    async def page(self, origin: str = "") -> AsyncIterator[Page]:
        """The viewer, from its own origin or another."""
        page = await self.browser.new_page()
        page.set_default_timeout(15_000)
        await page.goto(f"{origin or self.origin}/")
        yield page
        await page.close()

    async def ask(self, page: Page, call: str, *arguments: Any, who: str = "viewer") -> Any:
        """What a method of the viewer gives, or the status of the hub's refusal: 0 where the browser tells of none."""
        script = f"""([base, token, ...given]) =>
            new Viewer(base, token).{call}(...given).catch((error) => error.status ?? Promise.reject(error))"""
        return await page.evaluate(script, [self.hub.base, who, *arguments])


Look = Callable[[Callable[[Room], Awaitable[None]]], None]


def site(found: Path) -> Starlette:
    """The pages of the viewer."""
    files = {"/": PAGE} | {path: found / file for path, file in SCRIPTS.items()}
    return Starlette(routes=[Route(path, _sends(file)) for path, file in files.items()])


def _sends(file: Path) -> Callable[[object], FileResponse]:
    return lambda _: FileResponse(file, headers=ISOLATED)


@asynccontextmanager
async def opened(url: str, found: Path) -> AsyncIterator[Room]:
    async with imaging(url) as hub, served(site(found)) as origin, async_playwright() as driver:
        await hub.register_viewer(origin)
        browser = await driver.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield Room(hub, browser, origin)
        await browser.close()


@pytest.fixture(scope="module")
def look(postgres_url: str, _template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Look]:
    """Runs a test beside the hub, in one loop with it."""
    chromium()
    found = modules(tmp_path_factory.mktemp("viewer"), *PACKAGES)
    asyncio.run(statement(postgres_url, f"CREATE DATABASE {_DATABASE} TEMPLATE {_template} STRATEGY file_copy"))
    with asyncio.Runner() as runner:
        room = opened(database_of(postgres_url, _DATABASE), found)
        inside = runner.run(room.__aenter__())
        yield lambda tell: runner.run(_of(tell, inside))
        runner.run(room.__aexit__(None, None, None))
    drop_database(postgres_url, _DATABASE)


async def _of(tell: Callable[[Room], Awaitable[None]], room: Room) -> None:
    room.hub.pacs.asked.clear()
    await tell(room)


def grey(value: int) -> int:
    """How bright a stored value is shown: Hounsfield units in the window of soft tissue (centre 40, width 400)."""
    within = (value - 1024 - 39.5) / 399 + 0.5
    return round(min(max(within, 0), 1) * 255)


def test_a_viewer_of_another_origin_lists_a_study_and_shows_its_image(look: Look) -> None:
    async def tell(room: Room) -> None:
        async with room.page() as page:
            assert await page.evaluate("crossOriginIsolated") is True
            for filters in (
                {},
                {"PatientName": "*沈*"},
                {"PatientName": "沈"},
                {"00100020": "clinic"},
                {"StudyDate": "20260301-20260331"},
            ):
                await room.ask(page, "list", filters)
                assert await page.inner_text("#studies") == "沈^桂兰 20260302", filters
            study = await page.get_attribute("#studies li", "data-study")
            assert study == OURS
            told = await room.ask(page, "open", study)
            assert await page.inner_text("#patient") == "沈^桂兰"
            assert told["frame"] == told["bulk"] == told["file"] == list(stored(LAST))
            assert told["name"] == "Shen^Guilan=沈^桂兰"
            seen = await page.evaluate("shown()")
            greys = [grey(value) for value in stored(LAST)]
            assert seen == [greys[:COLUMNS], greys[COLUMNS:]]
            assert (greys[0], greys[-1], len(set(greys))) == (0, 255, 6)

    look(tell)


def test_what_is_denied_is_to_a_viewer_as_if_it_were_not_there(look: Look) -> None:
    async def tell(room: Room) -> None:
        async with room.page() as page:
            for uid in (THEIRS, VOID, NOBODY):
                await room.ask(page, "list", {"StudyInstanceUID": uid})
                assert await page.locator("#studies li").count() == 0
                assert await room.ask(page, "archive.retrieveStudyMetadata", {"studyInstanceUID": uid}) == 404
            addresses = [f"{room.hub.base}/studies/{uid}" for uid in (THEIRS, VOID, NOBODY)]
            told = [await page.evaluate("([address]) => answer(address, 'viewer')", [each]) for each in addresses]
            assert told[0] == told[1] == told[2]
            assert (told[0]["status"], told[0]["number"]) == (404, True)
            assert room.hub.pacs.asked == []
            await room.ask(page, "list", {"StudyInstanceUID": THEIRS}, who="hospital")
            assert await page.get_attribute("#studies li", "data-study") == THEIRS
            assert await room.ask(page, "list", {}, who="nobody") == 401

    look(tell)


def test_a_page_of_an_origin_nobody_registered_reads_nothing(look: Look) -> None:
    async def tell(room: Room) -> None:
        async with room.page(room.origin.replace("127.0.0.1", "localhost")) as page:
            assert await room.ask(page, "list", {}) == 0
            assert await room.ask(page, "archive.retrieveStudyMetadata", {"studyInstanceUID": OURS}) == 0
            bare = f"fetch('{room.hub.base}/studies').then((said) => said.status, (error) => error.name)"
            assert await page.evaluate(bare) == "TypeError"
            assert room.hub.pacs.asked == []

    look(tell)
