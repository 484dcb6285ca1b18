"""SMART Backend Services: client credentials with private_key_jwt, and every way an assertion is not one.

https://hl7.org/fhir/smart-app-launch/STU2.2/backend-services.html, RFC 7523 section 3; attack list, 33
"""

from __future__ import annotations

import asyncio
import hmac
from base64 import urlsafe_b64encode
from time import time
from typing import Any, Final
from uuid import uuid4

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from hub.auth.oauth.clients import BACKEND, Client
from hub.auth.oauth.ledger import ASSERTION_TYPE
from tests.auth.oauth.house import ISSUER, House, Visiting

KEY: Final = ECKey.generate_key("P-384", {"kid": "ec"})
RSA: Final = RSAKey.generate_key(2048, {"kid": "rsa"})
OTHER: Final = ECKey.generate_key("P-384", {"kid": "ec"})
TOKEN_URL: Final = f"{ISSUER}/token"
WARD: Final = Client(
    id="ward",
    name="病区大屏",
    kind=BACKEND,
    scopes=("system/Patient.rs", "system/Observation.rs"),
    organization="F05",
    roles=("clinician",),
    jwks={"keys": [KEY.as_dict(private=False), RSA.as_dict(private=False)]},
)


def assertion(key: Any = KEY, algorithm: str = "ES384", header: dict[str, Any] | None = None, **changes: Any) -> str:
    """A good assertion but for `changes`; None takes a claim away."""
    now = int(time())
    good = {"iss": WARD.id, "sub": WARD.id, "aud": TOKEN_URL, "exp": now + 240, "iat": now, "jti": str(uuid4())}
    claims = {name: value for name, value in (good | changes).items() if value is not None}
    return jwt.encode({"alg": algorithm, "kid": key.kid} | (header or {}), claims, key, [algorithm])


def shared_secret(signed: str) -> str:
    """The same claims, signed with the public key as if it were a secret (attack list, 32)."""
    text = b".".join((urlsafe_b64encode(b'{"alg":"HS256","kid":"ec"}').rstrip(b"="), signed.split(".")[1].encode()))
    return b".".join((text, urlsafe_b64encode(hmac.digest(KEY.as_pem(private=False), text, "sha256")))).decode()


async def ask(home: House, signed: str, **form: str) -> httpx.Response:
    """A request for a token with this assertion."""
    good = {
        "grant_type": "client_credentials",
        "scope": "system/Observation.rs",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": signed,
    }
    return await home.token(**(good | form))


def test_a_backend_gets_a_token_of_its_registration_and_no_more(visiting: Visiting) -> None:
    async def visit(home: House) -> None:
        await home.register(WARD)
        answer = await ask(home, assertion(), scope="system/*.cruds user/*.rs openid", role="administrator")
        tokens = answer.json()
        assert set(tokens) == {"access_token", "token_type", "expires_in", "scope"}
        assert set(tokens["scope"].split()) == {"system/Patient.rs", "system/Observation.rs"}
        assert tokens["expires_in"] == 300
        assert (await home.get(f"/fhir/Patient/{home.patient}", tokens["access_token"])).status_code == 200
        assert (await home.get("/fhir/Condition", tokens["access_token"])).status_code == 403
        assert (await ask(home, assertion(RSA, "RS384"), client_id=WARD.id)).status_code == 200
        assert (await ask(home, assertion(aud=[ISSUER, "https://other.test"]))).status_code == 200
        assert (await ask(home, assertion(), scope="system/Condition.rs")).json()["error"] == "invalid_scope"
        await home.clients.set_disabled(WARD.id, True)
        assert (await home.get(f"/fhir/Patient/{home.patient}", tokens["access_token"])).status_code == 401
        assert (await ask(home, assertion())).json()["error"] == "invalid_client"

    visiting(visit)


def test_what_is_not_exactly_an_assertion_of_the_client_is_refused(visiting: Visiting) -> None:
    async def visit(home: House) -> None:
        await home.register(WARD)
        now = int(time())
        forged = {
            "another key": assertion(OTHER),
            "no key id": assertion(header={"kid": ""}),
            "an unknown key id": assertion(header={"kid": "x"}),
            "ended": assertion(exp=now - 60),
            "endless": assertion(exp=now + 3600),
            "no end": assertion(exp=None),
            "an end that is no number": assertion(exp="soon"),
            "not begun": assertion(nbf=now + 120),
            "issued tomorrow": assertion(iat=now + 86_400),
            "another audience": assertion(aud="https://other.test/token"),
            "no audience": assertion(aud=None),
            "another issuer": assertion(iss="other"),
            "no issuer": assertion(iss=None),
            "no id": assertion(jti=None),
            "an empty id": assertion(jti=""),
            "an id that is no text": assertion(jti=7),
            "another subject": assertion(sub="other", iss="other"),
            "a shared secret": shared_secret(assertion()),
            "unsigned": ".".join((*assertion().split(".")[:2], "")),
            "rubbish": "a.b.c",
            "nothing": "x",
            "too long": assertion() + "x" * 9000,
        }
        for name, signed in forged.items():
            answer = await ask(home, signed)
            assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client"), name
        assert (await ask(home, assertion(), client_id="growth")).json()["error"] == "invalid_client"
        assert (await ask(home, assertion(), client_assertion_type="other")).json()["error"] == "invalid_client"
        for form in ({"client_id": WARD.id}, {"client_id": WARD.id, "client_secret": "x"}, {"client_id": "growth"}):
            answer = await home.token(grant_type="client_credentials", scope="system/Patient.rs", **form)
            assert answer.json()["error"] == "invalid_client"
        log = home.log.getvalue()
        assert "eyJ" not in log

    visiting(visit)


def test_an_assertion_is_taken_once(visiting: Visiting) -> None:
    """RFC 7523 section 3, item 7; also of several sent at once."""

    async def visit(home: House) -> None:
        await home.register(WARD)
        signed = assertion()
        answers = await asyncio.gather(*(ask(home, signed) for _ in range(4)))
        assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400]
        assert {answer.json().get("error") for answer in answers} == {None, "invalid_client"}
        assert "assertion-replayed" in [one.reason for one in await home.entries(5)]

    visiting(visit)


def test_a_request_that_is_no_form_or_says_a_thing_twice_is_refused(visiting: Visiting) -> None:
    """RFC 6749 section 3.2."""

    async def visit(home: House) -> None:
        for content, kind in (
            (b"grant_type=refresh_token&grant_type=client_credentials", "application/x-www-form-urlencoded"),
            (b'{"grant_type":"client_credentials"}', "application/json"),
            ("grant_type=密".encode(), "application/x-www-form-urlencoded"),
            (b"grant_type=%00", "application/x-www-form-urlencoded"),
            (b"", "application/x-www-form-urlencoded"),
            (b"grant_type=password&username=bai&password=x", "application/x-www-form-urlencoded"),
            (b"x=" + b"y" * 70_000, "application/x-www-form-urlencoded"),
        ):
            answer = await home.http.post("/auth/token", content=content, headers={"content-type": kind})
            assert answer.status_code in {400, 413}
            assert answer.json()["error"] in {"invalid_request", "unsupported_grant_type"}
            assert answer.headers["cache-control"].startswith("no-store")

    visiting(visit)


def test_a_subject_that_is_no_id_of_a_client_is_nobody(visiting: Visiting) -> None:
    """Not even the database is asked, which would fail on some."""

    async def visit(home: House) -> None:
        for subject in ("ward\x00", "", "WARD", 7):
            answer = await ask(home, assertion(iss=subject, sub=subject))
            assert (answer.status_code, answer.json()["error"]) in ((400, "invalid_client"), (401, "invalid_client"))

    visiting(visit)
