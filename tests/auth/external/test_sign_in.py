"""Signing in by a provider over real sockets, and everything that ends elsewhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlsplit

import httpx
import pytest

from hub.audit.entry import Entry
from hub.audit.queries import newest
from hub.auth.external.identities import Identities
from hub.auth.external.provider import Provider
from hub.auth.external.sign_in import ExternalSignIn
from hub.auth.external.states import LIFE, States
from hub.auth.fetching import Fetcher
from hub.auth.turnstile import Turnstile
from hub.db.database import Database
from hub.kernel.errors import Category, HubError
from hub.kernel.external_sign_in import ExternalProvider
from tests.auth.external.idp import CLIENT, REDIRECT, Idp, new_key, served
from tests.portal.house import DOCTOR, Hands, House, in_house

SUBJECT: Final = "5f0c1f3e-0990-4a11-9c55-000000000001"


class Stage:
    """A house and its provider."""

    def __init__(self, home: House, idp: Idp) -> None:
        self.home: Final = home
        self.idp: Final = idp
        self.identities: Final = Identities(home.database, home.clock, idp.issuer)

    async def bind(self) -> None:
        await self.identities.bind(SUBJECT, DOCTOR.name)

    async def sent(self, onward: str = "") -> str:
        """Where the sign-in page leads to."""
        self.home.http.cookies.clear()
        await self.home.get("/")
        answer = await self.home.get(f"/sign-in/external?onward={quote(onward)}")
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    async def back(self, location: str) -> httpx.Response:
        assert location.startswith(REDIRECT)
        return await self.home.get(location.removeprefix("http://hub.test"), sec_fetch_site="same-origin")

    async def sign_in(self, onward: str = "") -> httpx.Response:
        return await self.back(self.idp.signed_in(await self.sent(onward), SUBJECT))

    async def entries(self) -> list[Entry]:
        async with self.home.database.connection() as tx:
            return await newest(tx, limit=3)


def on_stage(url: str, play: Callable[[Stage], Awaitable[None]], **changes: Any) -> None:
    idp = Idp(Hands(), **changes)

    def external(database: Database, clock: Hands) -> ExternalSignIn:
        idp.clock = clock
        configured = ExternalProvider(name="县统一身份", issuer=idp.issuer, client_id=CLIENT)
        return ExternalSignIn(
            Provider(configured, idp.secret, Fetcher(None), clock, redirect=REDIRECT),
            States(bytes(32), clock),
            Identities(database, clock, idp.issuer),
            Turnstile(clock),
        )

    async def visit(home: House) -> None:
        await home.accounts.add(DOCTOR, None)
        await play(Stage(home, idp))

    with served(idp):
        in_house(url, visit, empty=True, external=external)


def test_a_bound_subject_comes_in_as_its_account_whatever_its_token_says(database_url: str) -> None:
    async def play(stage: Stage) -> None:
        await stage.bind()
        assert "使用“县统一身份”登录" in (await stage.home.get("/")).text
        location = stage.idp.signed_in(await stage.sent(), SUBJECT)
        before = stage.home.http.cookies["yilian_session"]
        from_there = await stage.home.get(location.removeprefix("http://hub.test"), sec_fetch_site="cross-site")
        assert from_there.status_code == 200
        assert "refresh" in from_there.text
        assert "/token" not in stage.idp.seen
        answer = await stage.back(location)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert stage.home.http.cookies["yilian_session"] != before
        assert (await stage.home.get("/")).headers["location"] == "/find"
        begun = (await stage.entries())[0]
        assert (begun.query, begun.requester.role) == ("sign-in=", "clinician")
        assert (begun.requester.organization, begun.requester.reference) == ("F05", "Practitioner/bai")
        assert SUBJECT not in stage.home.log.getvalue()

    on_stage(database_url, play)


def test_a_public_client_proves_itself_by_its_verifier_alone(database_url: str) -> None:
    async def play(stage: Stage) -> None:
        await stage.bind()
        assert (await stage.sign_in()).status_code == 303

    on_stage(database_url, play, secret=None)


def test_it_goes_on_to_the_authorisation_page_and_nowhere_else(database_url: str) -> None:
    async def play(stage: Stage) -> None:
        await stage.bind()
        asked = "/auth/authorize?client_id=growth&state=x%20y"
        assert (await stage.sign_in(asked)).headers["location"] == asked
        for elsewhere in ("https://evil.example/", "//evil.example/auth/authorize?", "/find"):
            assert (await stage.sign_in(elsewhere)).headers["location"] == "/"

    on_stage(database_url, play)


def test_an_account_without_a_password_opens_by_none(database_url: str) -> None:
    async def play(stage: Stage) -> None:
        for password in ("A" * 43, "a fine long password"):
            assert await stage.home.accounts.verify(DOCTOR.name, password) is None

    on_stage(database_url, play)


def test_who_is_bound_to_no_open_account_is_told_what_to_tell(database_url: str) -> None:
    async def play(stage: Stage) -> None:
        answer = await stage.sign_in()
        assert answer.status_code == 403
        assert SUBJECT in answer.text
        refused = (await stage.entries())[0]
        assert (refused.reason, refused.requester.role) == ("external-unbound", "")
        await stage.bind()
        await stage.home.accounts.set_disabled(DOCTOR.name, True)
        assert (await stage.sign_in()).status_code == 403
        await stage.home.accounts.set_disabled(DOCTOR.name, False)
        assert (await stage.sign_in()).status_code == 303

    on_stage(database_url, play)


def test_an_unbound_subject_is_signed_out_at_once(database_url: str) -> None:
    async def play(stage: Stage) -> None:
        await stage.bind()
        await stage.sign_in()
        assert (await stage.home.get("/find")).status_code == 200
        with pytest.raises(HubError) as caught:
            await stage.bind()
        assert caught.value.category is Category.CONFLICT
        assert await stage.identities.unbind(SUBJECT) == DOCTOR.name
        assert (await stage.home.get("/find")).headers["location"] == "/"
        assert (await stage.sign_in()).status_code == 403
        with pytest.raises(HubError) as caught:
            await stage.identities.unbind(SUBJECT)
        assert caught.value.category is Category.NOT_FOUND

    on_stage(database_url, play)


def test_what_comes_back_serves_the_browser_that_was_sent_and_once(database_url: str) -> None:
    async def play(stage: Stage) -> None:
        await stage.bind()
        location = stage.idp.signed_in(await stage.sent(), SUBJECT)
        state = dict(parse_qsl(urlsplit(location).query))["state"]
        ours = dict(stage.home.http.cookies)
        stage.home.http.cookies.clear()
        assert (await stage.back(location)).status_code == 401
        stage.home.http.cookies.set("yilian_session", "another browser", domain="hub.test")
        assert (await stage.back(location)).status_code == 401
        stage.home.http.cookies.clear()
        stage.home.http.cookies.set("yilian_session", ours["yilian_session"], domain="hub.test")
        flipped = state[:-2] + ("AA" if state[-2:] != "AA" else "BB")
        assert (await stage.back(location.replace(state, flipped))).status_code == 401
        assert (await stage.back(f"{location}&state={state}")).status_code == 401
        assert "/token" not in stage.idp.seen
        assert (await stage.back(location)).status_code == 303
        assert (await stage.back(location)).status_code == 401
        assert (await stage.entries())[0].reason == "external-state"

    on_stage(database_url, play)


def test_a_sign_in_that_took_too_long_is_begun_anew(database_url: str) -> None:
    async def play(stage: Stage) -> None:
        await stage.bind()
        location = stage.idp.signed_in(await stage.sent(), SUBJECT)
        stage.home.clock.move(seconds=LIFE.total_seconds())
        assert (await stage.back(location)).status_code == 401

    on_stage(database_url, play)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"nonce": "of another sign-in"}, "external-nonce"),
        ({"aud": "another hub"}, "external-audience"),
        ({"iss": "https://evil.example"}, "external-issuer"),
    ],
)
def test_a_token_for_another_sign_in_or_hub_proves_nobody(
    database_url: str, changes: dict[str, str], reason: str
) -> None:
    async def play(stage: Stage) -> None:
        await stage.bind()
        stage.idp.changes = dict(changes)
        assert (await stage.sign_in()).status_code == 401
        assert (await stage.entries())[0].reason == reason

    on_stage(database_url, play)


def test_a_refusal_and_an_answer_of_another_server_prove_nobody(database_url: str) -> None:
    """Mix-up (RFC 9207): who names itself in its answers is held to it."""

    async def play(stage: Stage) -> None:
        await stage.bind()
        location = stage.idp.signed_in(await stage.sent(), SUBJECT)
        told = dict(parse_qsl(urlsplit(location).query))
        state = quote(told["state"])
        for answer in (
            f"?error=access_denied&state={state}&iss={quote(told['iss'])}",
            f"?code={told['code']}&state={state}&iss=https://evil.example",
            f"?code={told['code']}&state={state}",
        ):
            assert (await stage.back(REDIRECT + answer)).status_code == 401
        assert "/token" not in stage.idp.seen

    on_stage(database_url, play)


def test_a_new_key_of_the_provider_is_found_and_a_withdrawn_one_forgotten(database_url: str) -> None:
    async def play(stage: Stage) -> None:
        await stage.bind()
        assert (await stage.sign_in()).status_code == 303
        first, second = stage.idp.keys[0], new_key("k-2")
        stage.idp.keys = [first, second]
        assert (await stage.sign_in()).status_code == 401, "keys were asked for less than half a minute ago"
        stage.home.clock.move(seconds=31)
        assert (await stage.sign_in()).status_code == 303
        stage.idp.keys, stage.idp.signer = [second], first
        assert (await stage.sign_in()).status_code == 303, "a key is believed for an hour"
        assert stage.idp.seen.count("/keys") == 2
        stage.home.clock.move(hours=1)
        assert (await stage.sign_in()).status_code == 401
        assert (await stage.entries())[0].reason == "external-unknown-key"
        stage.idp.signer = None
        assert (await stage.sign_in()).status_code == 303
        assert stage.idp.seen.count("/keys") == 3

    on_stage(database_url, play)


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "https://evil.example/token"},
        {"jwks_uri": "http://127.0.0.1:1/keys"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"token_endpoint": None},
    ],
)
def test_a_provider_that_sends_elsewhere_is_not_used(database_url: str, document: dict[str, Any]) -> None:
    async def play(stage: Stage) -> None:
        answer = await stage.home.get("/sign-in/external")
        assert answer.status_code == 503
        assert "location" not in answer.headers

    on_stage(database_url, play, document=document)


def test_while_the_provider_is_away_the_pages_say_so_and_passwords_still_work(database_url: str) -> None:
    async def play(stage: Stage) -> None:
        await stage.home.accounts.add(replace(DOCTOR, name="gao"), "a fine long password")
        assert (await stage.home.get("/sign-in/external")).status_code == 503
        answer = await stage.home.submit("/", "/sign-in", name="gao", password="a fine long password")
        assert answer.status_code == 303

    on_stage(database_url, play, document={"issuer": "of nobody"})
