"""The application as it runs in production, with accounts, applications and a browser of sorts, for one test."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI

from hub.audit.entry import Entry
from hub.audit.queries import newest
from hub.auth import passwords
from hub.auth.accounts import Account, Accounts
from hub.auth.directory import Directory
from hub.auth.oauth.clients import Client, Clients
from hub.auth.tokens import Issuer
from hub.bootstrap.application import application
from hub.bootstrap.foundation import Foundation
from hub.db.database import Database
from hub.fhir.json import dumps, loads
from hub.kernel.clock import system_clock
from hub.kernel.errors import HubError
from hub.kernel.log import Log
from hub.kernel.settings import Settings

ORIGIN: Final = "http://hub.test"
FHIR: Final = f"{ORIGIN}/fhir"
ISSUER: Final = f"{ORIGIN}/auth"
CALLBACK: Final = "https://app.test/callback"
VERIFIER: Final = "v" * 43
#: Checked often here; what a password costs is tested in tests/auth.
CHEAP: Final = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
#: Keys that applications publish are fetched from this machine.
HERE: Final = {"jwks_networks": "127.0.0.0/8"}
PASSWORD: Final = "a fine long password"
CONSORTIUM: Final = """
name: 云泽县医共体
facilities:
  - {code: F01, name: 云泽县人民医院}
  - {code: F05, name: 石桥社区卫生服务中心}
"""

DOCTOR: Final = Account(
    name="bai", role="clinician", organization="F05", practitioner="bai", patient=None, display="白若溪"
)
APP: Final = Client(
    id="growth",
    name="生长曲线",
    kind="public",
    redirect_uris=(CALLBACK,),
    scopes=("patient/*.rs", "user/Observation.rs", "launch/patient", "openid", "fhirUser", "offline_access"),
    roles=("clinician", "patient"),
)


def challenge(verifier: str = VERIFIER) -> str:
    """The S256 challenge of a verifier (RFC 7636 section 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def asking(**changes: str) -> dict[str, str]:
    """The parameters of a good request; "" takes one away."""
    good = {
        "response_type": "code",
        "client_id": APP.id,
        "redirect_uri": CALLBACK,
        "scope": "launch/patient patient/*.rs openid fhirUser offline_access",
        "state": "s-1",
        "aud": FHIR,
        "code_challenge": challenge(),
        "code_challenge_method": "S256",
    }
    return {name: value for name, value in (good | changes).items() if value}


@dataclass
class House:
    """The hub of one test; `patient` is the id of one that the doctor's organisation wrote."""

    app: FastAPI
    http: httpx.AsyncClient
    database: Database
    clients: Clients
    accounts: Accounts
    log: io.StringIO
    patient: str = ""

    async def register(self, client: Client) -> None:
        """Register, unless a test before did."""
        with suppress(HubError):
            await self.clients.add(client)

    async def right(self) -> None:
        """Set right what a test may have disabled, and forget who was signed in."""
        for client in await self.clients.all():
            await self.clients.set_disabled(client.id, False)
        await self.accounts.set_disabled(DOCTOR.name, False)
        self.http.cookies.clear()

    async def sign_in(self, account: Account = DOCTOR) -> None:
        self.http.cookies.clear()
        page = await self.http.get("/")
        await self.submit(page, "/sign-in", name=account.name, password=PASSWORD)

    async def ask(self, **changes: str) -> httpx.Response:
        """The page of a request."""
        return await self.http.get(f"/auth/authorize?{urlencode(asking(**changes))}")

    async def answer(self, page: httpx.Response, **fields: str) -> httpx.Response:
        """Press a button of the page of a request."""
        return await self.submit(page, str(page.request.url), **fields)

    async def code(self, **changes: str) -> str:
        """A code for the signed-in user, who allowed what was asked."""
        return told(await self.answer(await self.ask(**changes), step="allow", patient=self.patient))["code"]

    async def redeem(self, code: str, /, **changes: str) -> httpx.Response:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "client_id": APP.id,
            "code_verifier": VERIFIER,
        }
        return await self.token(**(form | changes))

    async def refresh(self, token: str, /, **changes: str) -> httpx.Response:
        form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": APP.id}
        return await self.token(**(form | changes))

    async def token(self, **form: str) -> httpx.Response:
        sent = {name: value for name, value in form.items() if value}
        return await self.http.post("/auth/token", data=sent)

    async def tokens(self, **changes: str) -> dict[str, Any]:
        """All that a launch gives, from the sign-in page to the token response."""
        await self.sign_in()
        answer = await self.redeem(await self.code(**changes))
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def get(self, path: str, token: str) -> httpx.Response:
        return await self.http.get(path, headers={"authorization": f"Bearer {token}"})

    async def entries(self, limit: int = 5) -> list[Entry]:
        async with self.database.connection() as tx:
            return await newest(tx, limit=limit)

    async def submit(self, page: httpx.Response, path: str, **fields: str) -> httpx.Response:
        """Send a form with the token that stands on `page`."""
        found = re.search(r'name="form_token" value="([^"]+)"', page.text)
        assert found, page.text[:2000]
        headers = {"origin": "null", "sec-fetch-site": "same-origin"}
        return await self.http.post(path, data={"form_token": found[1], **fields}, headers=headers)


def told(answer: httpx.Response) -> dict[str, str]:
    """What a redirection tells the application."""
    assert answer.status_code == 303, answer.text
    location = urlsplit(answer.headers["location"])
    assert f"{location.scheme}://{location.netloc}{location.path}" == CALLBACK
    return dict(parse_qsl(location.query))


@asynccontextmanager
async def house(url: str, folder: Path) -> AsyncIterator[House]:
    config = folder / "consortium.yaml"
    config.write_text(CONSORTIUM, encoding="utf-8")
    settings = Settings.load({}, database_url=url, data_dir=folder, config=config, base_url=FHIR, **HERE)
    stream = io.StringIO()
    foundation = Foundation(settings, Log("test", stream=stream))
    directory = Directory(foundation.consortium)
    database = await Database.connect(url, size=4)
    try:
        async with application(foundation, database) as app:
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as http:
                book, accounts = Clients(database, directory, system_clock), Accounts(database, directory, system_clock)
                home = House(app, http, database, book, accounts, stream)
                with pytest.MonkeyPatch.context() as cheaper:
                    cheaper.setattr(passwords, "HASHER", CHEAP)
                    await accounts.add(DOCTOR, PASSWORD)
                await book.add(APP)
                writer = Issuer(foundation.keys, directory, system_clock).issue(role="clinician", organization="F05")
                yield replace(home, patient=await _recorded(home, writer))
    finally:
        print(stream.getvalue())  # noqa: T201  # pytest shows it beside a failure
        await database.close()


async def _recorded(home: House, token: str) -> str:
    """A patient with one value."""
    headers = {"authorization": f"Bearer {token}", "content-type": "application/fhir+json"}
    person = {"resourceType": "Patient", "name": [{"text": "沈桂兰"}], "birthDate": "1958-04-12"}
    made = loads((await home.http.post("/fhir/Patient", content=dumps(person), headers=headers)).content)
    value = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "心率"},
        "subject": {"reference": f"Patient/{made['id']}"},
        "effectiveDateTime": "2026-05-20",
    }
    await home.http.post("/fhir/Observation", content=dumps(value), headers=headers)
    return str(made["id"])


#: Runs a visit in the house that all tests share.
Visiting = Callable[[Callable[[House], Awaitable[None]]], None]
