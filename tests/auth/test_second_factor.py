"""One-time codes: RFC 6238 as it is, each code once, and nothing for who has only the password or only a copy."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import pyotp
import pytest

from hub.auth import passwords
from hub.auth.accounts import FREE_ATTEMPTS, Accounts
from hub.auth.directory import Directory
from hub.auth.second_factor import RECOVERY_CODES, SecondFactors
from hub.db.database import Database
from hub.kernel.errors import Category, HubError
from tests.auth.consortium import CONSORTIUM
from tests.auth.oauth.house import CHEAP
from tests.auth.test_accounts import BAI, RIGHT, WRONG
from tests.portal.house import Hands


class Desk:
    """Accounts and their devices, and a phone that has the secret."""

    def __init__(self, database: Database) -> None:
        self.clock = Hands()
        self.database = database
        self.accounts = Accounts(database, Directory(CONSORTIUM), self.clock)
        self.factors = SecondFactors(database, bytes(32), self.clock)
        self.secret = ""

    async def enrol(self) -> list[str]:
        device = self.factors.device("bai")
        self.secret = device.secret
        assert device.uri == f"otpauth://totp/Yilian%20Hub:bai?secret={device.secret}&issuer=Yilian%20Hub"
        return await self.factors.enrol("bai", device.secret, self.shown())

    def shown(self, **by: float) -> str:
        """What the phone shows, by a clock that may go wrong."""
        hands = Hands()
        hands.now = self.clock.now
        hands.move(**by)
        return pyotp.TOTP(self.secret).at(hands.now)

    async def sign_in(self, code: str, password: str = RIGHT) -> bool:
        return await self.accounts.verify("bai", password, partial(self.factors.passes, code=code)) is not None


AtDesk = Callable[[Callable[[Desk], Awaitable[None]]], None]


@pytest.fixture
def at_desk(database_url: str, monkeypatch: pytest.MonkeyPatch) -> AtDesk:
    monkeypatch.setattr(passwords, "HASHER", CHEAP)

    async def working(work: Callable[[Desk], Awaitable[None]]) -> None:
        database = await Database.connect(database_url, size=4)
        try:
            desk = Desk(database)
            await desk.accounts.add(BAI, RIGHT)
            await work(desk)
        finally:
            await database.close()

    return lambda work: asyncio.run(working(work))


def test_with_a_device_a_password_alone_opens_nothing_and_each_code_opens_once(at_desk: AtDesk) -> None:
    async def work(desk: Desk) -> None:
        assert await desk.sign_in("")
        await desk.enrol()
        assert not await desk.sign_in("")
        assert not await desk.sign_in(desk.shown()), "the code of the enrolment was used"
        desk.clock.move(seconds=60)
        code = desk.shown()
        assert not await desk.sign_in(code, WRONG)
        assert await desk.sign_in(f"{code[:3]} {code[3:]}")
        assert not await desk.sign_in(code)
        assert not await desk.sign_in(desk.shown(seconds=-30)), "older than one that was used"
        assert await desk.sign_in(desk.shown(seconds=30)), "a clock that is half a minute fast"
        desk.clock.move(seconds=300)
        assert not await desk.sign_in(desk.shown(seconds=-90))

    at_desk(work)


def test_of_several_that_use_a_code_at_once_one_comes_in(at_desk: AtDesk) -> None:
    async def work(desk: Desk) -> None:
        codes = await desk.enrol()
        desk.clock.move(seconds=60)
        for code in (desk.shown(), codes[0]):
            came = await asyncio.gather(*(desk.factors.passes("bai", code) for _ in range(4)))
            assert sorted(came) == [False, False, False, True]

    at_desk(work)


def test_a_recovery_code_opens_once(at_desk: AtDesk) -> None:
    async def work(desk: Desk) -> None:
        codes = await desk.enrol()
        assert len(set(codes)) == RECOVERY_CODES
        assert await desk.sign_in(codes[3].upper())
        assert not await desk.sign_in(codes[3])
        assert await desk.sign_in(codes[4])

    at_desk(work)


def test_guessing_codes_rests_the_account_as_guessing_passwords_does(at_desk: AtDesk) -> None:
    async def work(desk: Desk) -> None:
        await desk.enrol()
        desk.clock.move(seconds=60)
        for _ in range(FREE_ATTEMPTS):
            assert not await desk.sign_in("000000")
        assert not await desk.sign_in(desk.shown())
        assert (await desk.accounts.standing("bai")).reason == "locked"

    at_desk(work)


def test_a_copy_of_the_table_makes_no_codes(at_desk: AtDesk) -> None:
    async def work(desk: Desk) -> None:
        codes = await desk.enrol()
        async with desk.database.connection() as tx:
            row = await tx.fetchrow("SELECT * FROM account WHERE name = 'bai'")
        kept = repr(dict(row or {}))
        assert desk.secret not in kept
        assert not any(code in kept for code in codes)
        with pytest.raises(HubError) as refusal:
            await SecondFactors(desk.database, b"x" * 32, desk.clock).passes("bai", "000000")
        assert refusal.value.category is Category.FAULT

    at_desk(work)


def test_only_a_device_that_shows_its_code_is_enrolled_and_it_can_be_forgotten(at_desk: AtDesk) -> None:
    async def work(desk: Desk) -> None:
        secret = desk.factors.device("bai").secret
        for wrong in ((secret, "000000"), (secret, ""), ("x", "000000"), ("A" * 31, "000000")):
            with pytest.raises(HubError) as refusal:
                await desk.factors.enrol("bai", *wrong)
            assert refusal.value.category is Category.INVALID
        assert not await desk.factors.is_enrolled("bai")
        await desk.enrol()
        assert await desk.factors.is_enrolled("bai")
        await desk.accounts.forget_device("bai")
        assert await desk.sign_in("")

    at_desk(work)
