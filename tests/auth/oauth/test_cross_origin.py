"""Scripts of pages elsewhere: those of registered origins are answered, with no cookie, where apps ask."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest

from hub.api.cross_origin import KEPT, CrossOrigin
from hub.auth.oauth.clients import BACKEND
from hub.auth.oauth.redirects import check_origin
from hub.kernel.errors import HubError
from tests.auth.oauth.house import APP, House, Visiting
from tests.auth.oauth.test_backend import WARD
from tests.portal.house import Hands

PAGE: Final = "https://growth.example"
SCRIPTED: Final = replace(APP, id="scripted", origins=(PAGE, "http://localhost:5173"))
PREFLIGHT: Final = {"access-control-request-method": "GET", "access-control-request-headers": "authorization"}


def test_a_registered_origin_is_answered_and_no_other(visiting: Visiting) -> None:
    async def visit(home: House) -> None:
        await home.register(SCRIPTED)
        token = (await home.tokens())["access_token"]
        (rest,) = (await home.http.get("/fhir/metadata")).json()["rest"]
        assert rest["security"]["cors"] is True
        for path in ("/fhir/Observation", "/fhir/metadata", "/auth/jwks", "/fhir/Observation/absent", "/dicom-web/x"):
            answer = await home.http.get(path, headers={"origin": PAGE, "authorization": f"Bearer {token}"})
            assert answer.headers["access-control-allow-origin"] == PAGE, path
            assert "Origin" in answer.headers["vary"]
            assert "access-control-allow-credentials" not in answer.headers
            for other in ("https://evil.example", "null", "https://growth.example.evil.example", f"{PAGE}:8443", "*"):
                refused = await home.http.get(path, headers={"origin": other, "authorization": f"Bearer {token}"})
                assert not [name for name in refused.headers if name.startswith("access-control-")], other
                assert refused.status_code == answer.status_code
        for path in ("/", "/sign-in/external", "/api/consents", "/metrics"):
            answer = await home.http.get(path, headers={"origin": PAGE})
            assert not [name for name in answer.headers if name.startswith("access-control-")], path

    visiting(visit)


def test_a_preflight_is_answered_without_a_token_and_asks_nothing_else(visiting: Visiting) -> None:
    async def visit(home: House) -> None:
        await home.register(SCRIPTED)
        await home.http.get("/fhir/metadata", headers={"origin": PAGE})
        before = await home.entries(1)
        for path in ("/fhir/Observation", "/dicom-web/F05-pacs/studies", "/auth/token"):
            answer = await home.http.options(path, headers={"origin": PAGE, **PREFLIGHT})
            assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (204, PAGE)
            assert {"authorization", "x-security-context"} <= _names(answer.headers["access-control-allow-headers"])
        elsewhere = await home.http.options(
            "/fhir/Observation", headers={"origin": "https://evil.example", **PREFLIGHT}
        )
        assert "access-control-allow-origin" not in elsewhere.headers
        assert await home.entries(1) == before

    visiting(visit)


def test_an_application_that_is_disabled_is_answered_no_more_within_seconds() -> None:
    async def work() -> None:
        clock, known = Hands(), {PAGE}

        async def origins() -> frozenset[str]:
            return frozenset(known)

        door = CrossOrigin(_nothing, origins=origins, clock=clock)
        assert PAGE in await door._registered()
        known.clear()
        assert PAGE in await door._registered()
        clock.now += KEPT + timedelta(milliseconds=1)
        assert PAGE not in await door._registered()

    asyncio.run(work())


async def _nothing(*_: object) -> None:
    """An application that is never asked."""


@pytest.mark.parametrize(
    "origin",
    ["*", "null", "", "http://growth.example", f"{PAGE}/", f"{PAGE}/x", f"{PAGE}:443", "https://*.example",
     "https://a@growth.example", "com.example.app:", f"{PAGE}?x", "https://GROWTH.example"],
)  # fmt: skip
def test_what_is_no_origin_of_a_page_is_not_registered(origin: str) -> None:
    with pytest.raises(HubError):
        check_origin(origin)


def test_an_application_without_a_browser_has_no_origin(visiting: Visiting) -> None:
    async def visit(home: House) -> None:
        with pytest.raises(HubError) as caught:
            await home.clients.add(replace(WARD, id="x", kind=BACKEND, origins=(PAGE,)))
        assert caught.value.where == "origin"

    visiting(visit)


def _names(header: str) -> set[str]:
    return set(header.split(", "))
