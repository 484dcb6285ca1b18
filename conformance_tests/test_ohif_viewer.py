"""OHIF itself, as its makers build it, in a real browser on an origin of its own, with the hub as its only archive.

Needs Chromium on the machine; the viewer (@ohif/app) comes from the npm registry when the test runs.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Final

from playwright.async_api import Page, async_playwright
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.responses import Response as Answer
from starlette.routing import Route

from conformance_tests.browser import chromium
from conformance_tests.npm import unpacked
from tests.api.imaging.door import OURS, THEIRS, Imaging, imaging
from tests.api.imaging.pacs import served
from tests.fixtures import database_of, drop_database, statement

OHIF: Final = "@ohif/app@3.13.2"
ISOLATED: Final = {"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp"}
GRAPHICS: Final = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
PATIENCE: Final = 60_000  # milliseconds, on a machine that has other work
#: Whether the image is drawn as its window says: it has values below and above it.
BLACK_AND_WHITE: Final = """() => {
    const canvas = document.querySelector('.cornerstone-canvas');
    if (!canvas || !canvas.width) return false;
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    const greys = new Set(data.filter((_, n) => n % 4 === 0));
    return greys.has(0) && greys.has(255) && greys.size > 20;
}"""
_DATABASE: Final = "test_ohif_viewer"


def configuration(base: str) -> str:
    """OHIF's own file of settings, with the hub as the one archive."""
    source = {
        "name": "hub",
        "friendlyName": "hub",
        **dict.fromkeys(("wadoUriRoot", "qidoRoot", "wadoRoot"), base),
        "qidoSupportsIncludeField": True,
        "supportsFuzzyMatching": False,
        "supportsWildcard": False,
        "imageRendering": "wadors",
        "thumbnailRendering": "wadors",
        "enableStudyLazyLoad": True,
        "bulkDataURI": {"enabled": True, "relativeResolution": "studies"},
    }
    module = "@ohif/extension-default.dataSourcesModule.dicomweb"
    known = {
        "routerBasename": "/",
        "extensions": [],
        "modes": [],
        "showStudyList": True,
        "maxNumberOfWebWorkers": 1,
        "defaultDataSourceName": "hub",
        "dataSources": [{"namespace": module, "sourceName": "hub", "configuration": source}],
    }
    return f"window.config = {json.dumps(known)};"


def site(dist: Path, base: str) -> Starlette:
    """The viewer's files; what is none of them is its one page."""

    async def send(request: Request) -> Answer:
        path = request.path_params["path"]
        if path == "app-config.js":
            return Answer(configuration(base), media_type="text/javascript", headers=ISOLATED)
        file = dist / path
        return FileResponse(file if file.is_file() else dist / "index.html", headers=ISOLATED)

    return Starlette(routes=[Route("/{path:path}", send)])


def test_ohif_shows_a_study_its_user_may_see_and_says_of_another_that_there_is_none(
    postgres_url: str, _template: str, tmp_path: Path
) -> None:
    program, dist = chromium(), unpacked(tmp_path, OHIF) / "dist"

    async def see(page: Page, hub: Imaging) -> None:
        image = page.locator(".cornerstone-canvas").first
        await image.wait_for()
        await page.wait_for_function(BLACK_AND_WHITE, timeout=PATIENCE)
        asked = [path for path, _ in hub.pacs.asked]
        assert sum(path.endswith("/frames/1") for path in asked) == 2
        assert all(path.startswith(f"/studies/{OURS}/series/") for path in asked)

    async def run(url: str) -> None:
        async with imaging(url) as hub, served(site(dist, hub.base)) as origin, async_playwright() as driver:
            await hub.register_viewer(origin)
            browser = await driver.chromium.launch(executable_path=program, args=GRAPHICS)
            page = await browser.new_page()
            page.set_default_timeout(PATIENCE)
            await page.goto(f"{origin}/viewer?StudyInstanceUIDs={OURS}&token=viewer", wait_until="commit")
            await see(page, hub)
            hub.pacs.asked.clear()
            await page.goto(f"{origin}/viewer?StudyInstanceUIDs={THEIRS}&token=viewer", wait_until="commit")
            await page.get_by_text("not available at this time").wait_for()
            assert hub.pacs.asked == []
            await browser.close()

    asyncio.run(statement(postgres_url, f"CREATE DATABASE {_DATABASE} TEMPLATE {_template} STRATEGY file_copy"))
    try:
        asyncio.run(run(database_of(postgres_url, _DATABASE)))
    finally:
        drop_database(postgres_url, _DATABASE)
