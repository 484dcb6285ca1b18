"""The pages read the record through the gate alone, whoever is signed in."""

from __future__ import annotations

import re

import pytest
from starlette.routing import Route

from hub.auth.accounts import Account
from tests.portal.house import DOCTOR, PATIENT, PERSON, STRANGER, House, in_house, token_of
from tests.security.watch import Watch, watched


@pytest.mark.parametrize("account", [DOCTOR, STRANGER, PATIENT, None], ids=["doctor", "stranger", "patient", "nobody"])
def test_no_page_reads_the_record_around_the_gate(
    database_url: str, monkeypatch: pytest.MonkeyPatch, account: Account | None
) -> None:
    async def visit(home: House) -> Watch:
        with watched(monkeypatch) as watch:
            signed_in = False
            for method, path in _pages(home):
                # Signing in costs as much as a password should: once, and again after signing out.
                if account is not None and not signed_in:
                    await home.sign_in(account)
                signed_in = not path.startswith("/sign-out")
                answer = await _open(home, method, path, signed_in=account is not None)
                assert answer != 500, (method, path)
        return watch

    watch = in_house(database_url, visit)
    assert bool(watch.through) == (account is not None)


def _pages(home: House) -> list[tuple[str, str]]:
    """Every page as a method and an address, with what is there in the place of its parameters."""
    return [
        (method, re.sub(r"\{[^}]+\}", person, route.path))
        for route in home.app.routes
        if isinstance(route, Route)
        for person in (PERSON, "p1-f05", "nobody")
        for method in sorted(route.methods or ())
    ]


async def _open(home: House, method: str, path: str, *, signed_in: bool) -> int:
    if method != "POST":
        return (await home.http.request(method, f"http://hub.test{path}")).status_code
    token = token_of((await home.get("/find" if signed_in else "/")).text)
    form = {"form_token": token, "name": "沈桂兰", "q": "沈桂兰", "reason": "过敏性休克", "birth_date": "1958-04-12"}
    return (await home.post(path, form)).status_code
