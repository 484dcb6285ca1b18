from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest
from argon2 import PasswordHasher

from hub.auth import passwords
from hub.auth.accounts import FREE_ATTEMPTS, Account, Accounts
from hub.auth.directory import Directory
from hub.auth.passwords import NOBODY
from hub.auth.turnstile import Turnstile
from hub.db.database import Database
from hub.kernel.errors import Category, HubError, TooSoonError
from tests.auth.consortium import CONSORTIUM
from tests.auth.test_passwords import SCRYPT
from tests.portal.house import Hands

BAI: Final = Account(
    name="bai", role="family-doctor", organization="F05", practitioner="bai", patient=None, display="白若溪"
)
RIGHT: Final = "a fine long password"
WRONG: Final = "another long password"


def with_accounts(url: str, work: Callable[[Accounts, Hands], Awaitable[None]]) -> None:
    async def run() -> None:
        database, clock = await Database.connect(url), Hands()
        try:
            await work(Accounts(database, Directory(CONSORTIUM), clock), clock)
        finally:
            await database.close()

    asyncio.run(run())


def test_name_and_password_open_an_account_whatever_the_case_of_the_name(database_url: str) -> None:
    async def work(accounts: Accounts, _: Hands) -> None:
        await accounts.add(BAI, RIGHT)
        assert await accounts.verify(" Bai ", RIGHT) == BAI
        assert await accounts.verify("bai", WRONG) is None
        assert await accounts.verify("nobody", RIGHT) is None

    with_accounts(database_url, work)


def test_a_password_kept_by_an_earlier_version_is_kept_anew_when_it_opens(database_url: str) -> None:
    async def run() -> None:
        database = await Database.connect(database_url)
        accounts = Accounts(database, Directory(CONSORTIUM), Hands())

        async def kept() -> str:
            async with database.connection() as tx:
                return str(await tx.fetchval("SELECT password FROM account WHERE name = 'bai'"))

        try:
            await accounts.add(BAI, RIGHT)
            async with database.connection() as tx:
                await tx.execute("UPDATE account SET password = $1", SCRYPT)
            assert await accounts.verify("bai", "correct horse batterz") is None
            assert await kept() == SCRYPT
            assert await accounts.verify("bai", "correct horse battery") == BAI
            renewed = await kept()
            assert renewed.startswith("$argon2id$")
            assert await accounts.verify("bai", "correct horse battery") == BAI
            assert await kept() == renewed
        finally:
            await database.close()

    asyncio.run(run())


def test_an_unknown_name_costs_what_an_account_kept_by_scrypt_costs(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[str, str | None]] = []

    def matches(_: str, kept: str, older: str | None = None) -> bool:
        compared.append((kept, older))
        return False

    async def run() -> None:
        database = await Database.connect(database_url)
        accounts = Accounts(database, Directory(CONSORTIUM), Hands())
        try:
            await accounts.add(BAI, RIGHT)
            async with database.connection() as tx:
                await tx.execute("UPDATE account SET password = $1", SCRYPT)
            for name in ("bai", "nobody"):
                await accounts.verify(name, WRONG)
            await accounts.set_password("bai", RIGHT)
            for _ in range(2):
                await accounts.verify("nobody", WRONG)
        finally:
            await database.close()

    monkeypatch.setattr(passwords, "matches", matches)
    asyncio.run(run())
    assert compared == [(SCRYPT, SCRYPT), (NOBODY, SCRYPT), (NOBODY, None), (NOBODY, None)]


def test_two_who_sign_in_at_once_to_an_outdated_account_both_come_in(database_url: str) -> None:
    async def work(accounts: Accounts, _: Hands) -> None:
        await accounts.add(BAI, RIGHT)
        met = asyncio.Barrier(2)

        async def together(_: str) -> bool:
            await met.wait()
            return True

        hasher, passwords.HASHER = passwords.HASHER, PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        try:
            assert await asyncio.gather(*[accounts.verify("bai", RIGHT, together) for _ in range(2)]) == [BAI, BAI]
        finally:
            passwords.HASHER = hasher

    with_accounts(database_url, work)


def test_an_address_that_guesses_waits_whatever_names_it_tries(database_url: str) -> None:
    async def run() -> None:
        database, clock = await Database.connect(database_url), Hands()
        accounts = Accounts(database, Directory(CONSORTIUM), clock, Turnstile(clock, refusals=2))
        try:
            await accounts.add(BAI, RIGHT)
            for name in ("nobody", "bai"):
                assert await accounts.verify(name, WRONG, address="10.1.2.3") is None
            with pytest.raises(TooSoonError):
                await accounts.verify("bai", RIGHT, address="10.1.2.3")
            assert await accounts.verify("bai", RIGHT, address="10.1.2.4") == BAI
        finally:
            await database.close()

    asyncio.run(run())


def test_a_sign_in_that_overlaps_a_new_password_or_a_disabling_opens_nothing(database_url: str) -> None:
    async def work(accounts: Accounts, _: Hands) -> None:
        async def changed(name: str) -> bool:
            await accounts.set_password(name, "yet another password")
            return True

        async def disabled(name: str) -> bool:
            await accounts.set_disabled(name, True)
            return True

        await accounts.add(BAI, RIGHT)
        assert await accounts.verify("bai", RIGHT, changed) is None
        assert await accounts.verify("bai", "yet another password", disabled) is None
        await accounts.set_disabled("bai", False)
        assert await accounts.verify("bai", "yet another password") == BAI

    with_accounts(database_url, work)


def test_after_five_refusals_even_the_right_password_waits_and_the_wait_doubles(database_url: str) -> None:
    async def work(accounts: Accounts, clock: Hands) -> None:
        await accounts.add(BAI, RIGHT)
        for _ in range(FREE_ATTEMPTS):
            assert await accounts.verify("bai", WRONG) is None
        assert await accounts.verify("bai", RIGHT) is None
        clock.move(seconds=61)
        assert await accounts.verify("bai", WRONG) is None
        clock.move(seconds=61)
        assert await accounts.verify("bai", RIGHT) is None
        clock.move(seconds=61)
        assert await accounts.verify("bai", RIGHT) == BAI

    with_accounts(database_url, work)


def test_guesses_sent_side_by_side_all_count(database_url: str) -> None:
    async def work(accounts: Accounts, _: Hands) -> None:
        await accounts.add(BAI, RIGHT)
        guesses = [accounts.verify("bai", WRONG) for _ in range(FREE_ATTEMPTS)]
        assert await asyncio.gather(*guesses) == [None] * FREE_ATTEMPTS
        assert await accounts.verify("bai", RIGHT) is None

    with_accounts(database_url, work)


def test_attempts_on_a_resting_account_do_not_lengthen_its_rest(database_url: str) -> None:
    async def work(accounts: Accounts, clock: Hands) -> None:
        await accounts.add(BAI, RIGHT)
        for _ in range(FREE_ATTEMPTS + 10):
            await accounts.verify("bai", WRONG)
        clock.move(seconds=61)
        assert await accounts.verify("bai", RIGHT) == BAI

    with_accounts(database_url, work)


def test_a_disabled_account_does_not_open_until_it_is_enabled(database_url: str) -> None:
    async def work(accounts: Accounts, _: Hands) -> None:
        await accounts.add(BAI, RIGHT)
        await accounts.set_disabled("bai", True)
        assert await accounts.verify("bai", RIGHT) is None
        await accounts.set_disabled("bai", False)
        assert await accounts.verify("bai", RIGHT) == BAI

    with_accounts(database_url, work)


def test_a_new_password_replaces_the_old_one_and_lifts_the_rest(database_url: str) -> None:
    async def work(accounts: Accounts, clock: Hands) -> None:
        await accounts.add(BAI, RIGHT)
        for _ in range(FREE_ATTEMPTS):
            await accounts.verify("bai", WRONG)
        await accounts.set_password("bai", "yet another password")
        assert await accounts.verify("bai", RIGHT) is None
        assert await accounts.verify("bai", "yet another password") == BAI
        assert clock.now.utcoffset() == timedelta(0)

    with_accounts(database_url, work)


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"role": "king"}, "role"),
        ({"role": "feed"}, "role"),
        ({"organization": "F99"}, "organization"),
        ({"organization": ""}, "organization"),
        ({"practitioner": None}, "practitioner"),
        ({"role": "patient", "practitioner": None}, "patient"),
        ({"name": "Bai Ruoxi"}, "name"),
        ({"name": ""}, "name"),
    ],
)
def test_an_account_that_would_be_nobody_is_refused(database_url: str, changed: dict[str, str], where: str) -> None:
    async def work(accounts: Accounts, _: Hands) -> None:
        with pytest.raises(HubError) as caught:
            await accounts.add(replace(BAI, **changed), RIGHT)  # type: ignore[arg-type]
        assert (caught.value.category, caught.value.where) == (Category.INVALID, where)
        assert await accounts.all() == []

    with_accounts(database_url, work)


def test_a_name_is_taken_once_and_changes_need_a_name_that_is_there(database_url: str) -> None:
    async def work(accounts: Accounts, _: Hands) -> None:
        await accounts.add(BAI, RIGHT)
        with pytest.raises(HubError) as caught:
            await accounts.add(replace(BAI, display="someone else"), RIGHT)
        assert caught.value.category is Category.CONFLICT
        for change in (accounts.set_disabled("nobody", True), accounts.set_password("nobody", RIGHT)):
            with pytest.raises(HubError) as caught:
                await change
            assert caught.value.category is Category.NOT_FOUND
        assert await accounts.all() == [BAI]
        assert await accounts.names() == {"bai": "白若溪"}

    with_accounts(database_url, work)
