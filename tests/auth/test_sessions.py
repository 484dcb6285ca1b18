from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import pytest

from hub.auth.accounts import Account, Accounts
from hub.auth.directory import Directory
from hub.auth.sessions import Session, Sessions, form_token
from hub.db.database import Database
from hub.kernel.errors import Category, HubError
from tests.auth.consortium import CONSORTIUM
from tests.portal.house import Hands

BAI: Final = Account(
    name="bai", role="clinician", organization="F05", practitioner="bai", patient=None, display="白若溪"
)
SHEN: Final = Account(name="shen", role="patient", organization="", practitioner=None, patient="p1", display="沈桂兰")


@dataclass
class Desk:
    accounts: Accounts
    sessions: Sessions
    database: Database
    clock: Hands

    async def begun(self, account: Account) -> str:
        """A session of this account as it stands now."""
        now = next(one for one in await self.accounts.all() if one.name == account.name)
        session_id = await self.sessions.begin(now)
        assert session_id is not None
        return session_id

    async def found(self, session_id: str) -> Session:
        session = await self.sessions.find(session_id)
        assert session is not None
        return session


def with_desk(url: str, work: Callable[[Desk], Awaitable[None]]) -> None:
    async def run() -> None:
        database, clock = await Database.connect(url), Hands()
        accounts = Accounts(database, Directory(CONSORTIUM), clock)
        sessions = Sessions(database, clock, idle=timedelta(minutes=30), longest=timedelta(hours=10))
        try:
            for account in (BAI, SHEN):
                await accounts.add(account, "a fine long password")
            await work(Desk(accounts, sessions, database, clock))
        finally:
            await database.close()

    asyncio.run(run())


def test_the_actor_of_a_session_is_its_account_for_treatment(database_url: str) -> None:
    async def work(desk: Desk) -> None:
        session = await desk.found(await desk.begun(BAI))
        actor = session.actor()
        assert (actor.role, actor.organization, actor.reference) == ("clinician", "F05", "Practitioner/bai")
        assert (actor.purpose, actor.form, actor.client) == (("TREAT",), "identified", "pages")
        assert actor.break_glass is None
        patient = (await desk.found(await desk.begun(SHEN))).actor("p1")
        assert (patient.purpose, patient.reference) == (("PATRQT",), "Patient/p1")

    with_desk(database_url, work)


def test_the_table_holds_no_id_that_opens_a_session(database_url: str) -> None:
    async def work(desk: Desk) -> None:
        session_id = await desk.begun(BAI)
        async with desk.database.connection() as tx:
            (row,) = await tx.fetch("SELECT id FROM web_session")
        assert session_id.encode() not in row["id"]
        for guess in (row["id"].hex(), "", "x" * 43, session_id[:-1]):
            assert await desk.sessions.find(guess) is None
        # The token id in the audit trail does not open it either.
        assert await desk.sessions.find((await desk.found(session_id)).actor().token_id) is None

    with_desk(database_url, work)


def test_a_session_ends_when_it_is_idle_and_at_its_longest(database_url: str) -> None:
    async def work(desk: Desk) -> None:
        idle = await desk.begun(BAI)
        desk.clock.move(minutes=31)
        assert await desk.sessions.find(idle) is None
        busy = await desk.begun(BAI)
        for _ in range(29):
            desk.clock.move(minutes=20)
            assert await desk.sessions.find(busy) is not None
        desk.clock.move(minutes=20)
        assert await desk.sessions.find(busy) is None

    with_desk(database_url, work)


def test_signing_out_disabling_and_a_new_password_end_sessions_at_once(database_url: str) -> None:
    async def work(desk: Desk) -> None:
        first, second, third = [await desk.begun(BAI) for _ in range(3)]
        await desk.sessions.end(first)
        assert await desk.sessions.find(first) is None
        assert await desk.sessions.find(second) is not None
        await desk.accounts.set_password("bai", "yet another password")
        assert await desk.sessions.find(second) is None
        assert await desk.sessions.find(third) is None
        fourth = await desk.begun(BAI)
        await desk.accounts.set_disabled("bai", True)
        assert await desk.sessions.find(fourth) is None

    with_desk(database_url, work)


def test_sessions_that_ran_out_are_cleared_away(database_url: str) -> None:
    async def work(desk: Desk) -> None:
        await desk.begun(BAI)
        desk.clock.move(hours=1)
        await desk.begun(BAI)
        async with desk.database.connection() as tx:
            assert await tx.fetchval("SELECT count(*) FROM web_session") == 1

    with_desk(database_url, work)


def test_break_glass_is_for_one_patient_and_four_hours(database_url: str) -> None:
    async def work(desk: Desk) -> None:
        session_id = await desk.begun(BAI)
        await desk.sessions.declare(await desk.found(session_id), "p8", " 急诊抢救 ")
        session = await desk.found(session_id)
        actor = session.actor("p8")
        assert (actor.purpose, actor.break_glass, actor.issued) == (("BTG",), "急诊抢救", desk.clock.now)
        assert actor.expires == desk.clock.now + timedelta(hours=4)
        for other in ("p9", None):
            assert (session.actor(other).purpose, session.actor(other).break_glass) == (("TREAT",), None)
        for _ in range(9):
            desk.clock.move(minutes=26)
            assert (await desk.found(session_id)).emergency_for("p8")
        desk.clock.move(minutes=7)
        assert not (await desk.found(session_id)).emergency_for("p8")

    with_desk(database_url, work)


def test_a_second_declaration_replaces_the_first_and_can_be_withdrawn(database_url: str) -> None:
    async def work(desk: Desk) -> None:
        session_id = await desk.begun(BAI)
        for patient in ("p8", "p9"):
            await desk.sessions.declare(await desk.found(session_id), patient, "急诊抢救")
        session = await desk.found(session_id)
        assert (session.emergency_for("p8"), session.emergency_for("p9")) == (False, True)
        await desk.sessions.withdraw(session)
        assert (await desk.found(session_id)).emergency is None

    with_desk(database_url, work)


def test_a_declaration_belongs_to_its_session_alone(database_url: str) -> None:
    async def work(desk: Desk) -> None:
        first, second = await desk.begun(BAI), await desk.begun(BAI)
        await desk.sessions.declare(await desk.found(first), "p8", "急诊抢救")
        assert (await desk.found(second)).emergency is None

    with_desk(database_url, work)


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
def test_break_glass_needs_a_reason(database_url: str, reason: str) -> None:
    async def work(desk: Desk) -> None:
        session = await desk.found(await desk.begun(BAI))
        with pytest.raises(HubError) as caught:
            await desk.sessions.declare(session, "p8", reason)
        assert caught.value.category is Category.INVALID

    with_desk(database_url, work)


def test_a_patient_breaks_no_glass(database_url: str) -> None:
    async def work(desk: Desk) -> None:
        session = await desk.found(await desk.begun(SHEN))
        with pytest.raises(HubError) as caught:
            await desk.sessions.declare(session, "p1", "为什么不")
        assert caught.value.category is Category.FORBIDDEN

    with_desk(database_url, work)


def test_form_tokens_differ_by_session_and_do_not_tell_it() -> None:
    assert form_token("a") == form_token("a") != form_token("b")
    assert "session" not in form_token("session")


def test_no_session_begins_for_an_account_that_was_changed_since_it_was_read(database_url: str) -> None:
    async def work(desk: Desk) -> None:
        read = await desk.accounts.verify("bai", "a fine long password")
        assert read is not None
        await desk.accounts.set_password("bai", "yet another password")
        assert await desk.sessions.begin(read) is None
        again = await desk.accounts.verify("bai", "yet another password")
        assert again is not None
        await desk.accounts.set_disabled("bai", True)
        assert await desk.sessions.begin(again) is None
        await desk.accounts.set_disabled("bai", False)
        assert await desk.sessions.begin(again) is None
        last = await desk.accounts.verify("bai", "yet another password")
        assert last is not None
        await desk.found(await desk.begun(last))

    with_desk(database_url, work)


def test_a_session_that_begins_while_its_account_changes_is_ended_by_the_change(database_url: str) -> None:
    async def work(desk: Desk) -> None:
        async with desk.database.transaction() as tx:
            # As `begin` holds it, until its transaction ends.
            await tx.execute("SELECT FROM account WHERE name = 'bai' FOR SHARE")
            change = asyncio.create_task(desk.accounts.set_disabled("bai", True))
            await asyncio.sleep(0.05)
            assert not change.done()
            await tx.execute("INSERT INTO web_session (id, account, created, seen) VALUES ('x', 'bai', now(), now())")
        await change
        async with desk.database.connection() as tx:
            assert await tx.fetchval("SELECT count(*) FROM web_session") == 0

    with_desk(database_url, work)
