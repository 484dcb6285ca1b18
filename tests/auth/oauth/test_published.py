"""Keys that an application publishes, over a real socket: it changes them without telling the hub."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Final

import httpx
import pytest
from joserfc.jwk import ECKey

from hub.auth.oauth.clients import PUBLIC, Client
from hub.kernel.errors import HubError
from tests.auth.oauth.house import APP, House, Visiting
from tests.auth.oauth.test_backend import WARD, ask, assertion
from tests.auth.test_fetching import BODIES, server

FIRST: Final = ECKey.generate_key("P-384", {"kid": "first"})
SECOND: Final = ECKey.generate_key("P-384", {"kid": "second"})


def keys(*known: ECKey) -> bytes:
    return json.dumps({"keys": [key.as_dict(private=False) for key in known]}).encode()


async def asks(home: House, client: Client, key: Any) -> httpx.Response:
    return await ask(home, assertion(key, iss=client.id, sub=client.id))


def test_what_an_application_publishes_is_what_it_is_known_by(visiting: Visiting) -> None:
    async def visit(home: House) -> None:
        with server() as (port, seen):
            BODIES["/jwks"] = (200, keys(FIRST))
            publishing = replace(WARD, id="publishing", jwks={"keys": []}, jwks_uri=f"http://127.0.0.1:{port}/jwks")
            await home.register(publishing)
            assert (await asks(home, publishing, FIRST)).status_code == 200
            assert (await asks(home, publishing, FIRST)).status_code == 200
            assert len(seen) == 1
            BODIES["/jwks"] = (200, keys(SECOND))
            assert (await asks(home, publishing, SECOND)).json()["error"] == "invalid_client"
            assert len(seen) == 1, "no more often than every half minute"
            BODIES["/other"] = (200, keys(SECOND))
            await home.clients.set_keys_uri(publishing.id, f"http://127.0.0.1:{port}/other")
            assert (await asks(home, publishing, SECOND)).status_code == 200
            assert (await asks(home, publishing, FIRST)).json()["error"] == "invalid_client"
            await home.clients.set_keys(publishing.id, {"keys": [FIRST.as_dict(private=False)]})
            assert (await asks(home, publishing, FIRST)).status_code == 200
            assert (await asks(home, publishing, SECOND)).json()["error"] == "invalid_client"

    visiting(visit)


def test_while_keys_cannot_be_had_the_application_is_told_to_try_again(visiting: Visiting) -> None:
    async def visit(home: House) -> None:
        with server() as (port, _):
            gone = replace(WARD, id="gone", jwks={"keys": []}, jwks_uri=f"http://127.0.0.1:{port}/absent")
            await home.register(gone)
            answer = await asks(home, gone, FIRST)
            assert (answer.status_code, answer.json()["error"]) == (503, "temporarily_unavailable")

    visiting(visit)


def test_where_keys_cannot_be_published_is_refused_at_registration(visiting: Visiting) -> None:
    async def visit(home: House) -> None:
        published = "https://lis.example/jwks"
        for client in (
            replace(WARD, id="x", jwks={"keys": []}, jwks_uri="http://lis.example/jwks"),
            replace(WARD, id="x", jwks_uri=published),
            replace(APP, id="x", kind=PUBLIC, jwks_uri=published),
        ):
            with pytest.raises(HubError) as caught:
                await home.clients.add(client)
            assert caught.value.where == "jwks-uri"

    visiting(visit)
