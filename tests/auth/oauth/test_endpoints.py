"""Asking about tokens (RFC 7662), taking them back (RFC 7009); attack list, 39."""

from __future__ import annotations

from time import time
from typing import Any, Final
from uuid import uuid4

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey

from hub.auth.oauth.clients import RESOURCE, Client
from hub.auth.oauth.ledger import ASSERTION_TYPE
from tests.auth.oauth.house import APP, ISSUER, House, Visiting
from tests.auth.oauth.test_backend import WARD, assertion

KEY: Final = ECKey.generate_key("P-256", {"kid": "r"})
PACS: Final = Client(id="pacs", name="影像归档", kind=RESOURCE, jwks={"keys": [KEY.as_dict(private=False)]})


async def ask(home: House, endpoint: str, token: str, client: str = PACS.id, **form: str) -> httpx.Response:
    """What an endpoint says of a token to this client, which proves who it is where it has a key."""
    sent = {"token": token, "client_id": client, **form}
    if client != APP.id:
        now = int(time())
        claims = {"iss": client, "sub": client, "aud": f"{ISSUER}/token", "exp": now + 60, "jti": str(uuid4())}
        signed = jwt.encode({"alg": "ES256", "kid": "r"}, claims, KEY, ["ES256"]) if client == PACS.id else assertion()
        sent |= {"client_assertion_type": ASSERTION_TYPE, "client_assertion": signed}
    return await home.http.post(f"/auth/{endpoint}", data=sent)


def test_a_resource_server_is_told_what_a_token_may(visiting: Visiting) -> None:
    async def visit(home: House) -> None:
        await home.register(PACS)
        tokens = await home.tokens()
        told: dict[str, Any] = (await ask(home, "introspect", tokens["access_token"])).json()
        assert (told["active"], told["client_id"], told["scope"]) == (True, APP.id, tokens["scope"])
        assert (told["patient"], told["sub"], told["role"]) == (home.patient, "Practitioner/bai", "clinician")
        assert (told["organization"], told["purpose"]) == ("F05", ["TREAT"])
        assert 0 < told["exp"] - told["iat"] <= 300
        assert (await ask(home, "introspect", tokens["refresh_token"])).json() == {"active": True}
        for text in ("x", "a.b.c", tokens["id_token"]):
            assert (await ask(home, "introspect", text)).json() == {"active": False}
        again = (await home.refresh(tokens["refresh_token"])).json()
        assert (await ask(home, "introspect", tokens["refresh_token"])).json() == {"active": False}
        await home.clients.set_disabled(APP.id, True)
        for text in (again["access_token"], again["refresh_token"]):
            assert (await ask(home, "introspect", text)).json() == {"active": False}

    visiting(visit)


def test_nobody_else_is_told_anything(visiting: Visiting) -> None:
    """RFC 7662 section 2.1: to prevent token scanning, the endpoint requires authorisation."""

    async def visit(home: House) -> None:
        await home.register(PACS)
        await home.register(WARD)
        token = (await home.tokens())["access_token"]
        for client in (APP.id, WARD.id):
            answer = await ask(home, "introspect", token, client)
            assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client")
        bare = await home.http.post("/auth/introspect", data={"token": token})
        assert bare.json()["error"] == "invalid_client"
        bearer = await home.http.post(
            "/auth/introspect", data={"token": token}, headers={"authorization": f"Bearer {token}"}
        )
        assert bearer.json()["error"] == "invalid_client"
        asked = await ask(home, "introspect", token, PACS.id, client_id=APP.id)
        assert asked.json()["error"] == "invalid_client"
        # And one that asks about tokens gets none.
        answer = await home.token(grant_type="client_credentials", client_id=PACS.id, scope="system/*.rs")
        assert answer.json()["error"] == "invalid_client"

    visiting(visit)


def test_a_token_taken_back_opens_nothing_from_the_next_request_on(visiting: Visiting) -> None:
    """RFC 7009 section 2.1; either token of a grant ends both."""

    async def visit(home: House) -> None:
        for kind in ("access_token", "refresh_token"):
            tokens = await home.tokens()
            assert (await home.get(f"/fhir/Patient/{home.patient}", tokens["access_token"])).status_code == 200
            answer = await ask(home, "revoke", tokens[kind], APP.id, token_type_hint=kind)
            assert (answer.status_code, answer.json()) == (200, {})
            assert (await home.entries(1))[0].query == (
                f"token=revoked&client=growth&grant={_grant(home, await home.entries(1))}&person={home.patient}"
            )
            assert (await home.get(f"/fhir/Patient/{home.patient}", tokens["access_token"])).status_code == 401
            assert (await home.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"
            assert (await ask(home, "revoke", tokens[kind], APP.id)).status_code == 200

    visiting(visit)


def _grant(_: House, entries: list[Any]) -> str:
    return str(dict(pair.split("=") for pair in entries[0].query.split("&"))["grant"])


def test_only_the_client_of_a_token_takes_it_back(visiting: Visiting) -> None:
    async def visit(home: House) -> None:
        await home.register(WARD)
        tokens = await home.tokens()
        answer = await ask(home, "revoke", tokens["refresh_token"], WARD.id)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
        assert (await ask(home, "revoke", "unknown", APP.id)).status_code == 200
        strange = await ask(home, "revoke", tokens["access_token"], APP.id, token_type_hint="x")
        assert strange.json()["error"] == "unsupported_token_type"
        assert (await home.get(f"/fhir/Patient/{home.patient}", tokens["access_token"])).status_code == 200

    visiting(visit)
