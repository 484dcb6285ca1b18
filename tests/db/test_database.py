"""Held connections: transactions, limits, cancellation, lost connections."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import asyncpg
import pytest
import uvloop

from hub.db.database import Database
from hub.kernel.errors import Category, HubError


@asynccontextmanager
async def _connected(url: str, size: int = 8, statement_seconds: float = 60) -> AsyncIterator[Database]:
    database = await Database.connect(url, size=size, name="yilian-test", statement_seconds=statement_seconds)
    try:
        yield database
    finally:
        await database.close()


async def _value(database: Database, sql: str) -> object:
    async with database.connection() as connection:
        return await connection.fetchval(sql)


async def _refusal(act: Callable[[], Awaitable[object]]) -> HubError:
    with pytest.raises(HubError) as told:
        await act()
    return told.value


@pytest.mark.parametrize("runner", [asyncio.run, uvloop.run])
def test_a_transaction_that_raises_leaves_nothing_behind(database_url: str, runner: Callable[..., object]) -> None:
    async def scenario() -> object:
        async with _connected(database_url) as database:
            await _value(database, "CREATE TABLE note (n int)")
            with pytest.raises(LookupError):
                async with database.transaction() as tx:
                    await tx.execute("INSERT INTO note VALUES (1)")
                    raise LookupError
            async with database.transaction() as tx:
                await tx.execute("INSERT INTO note VALUES (2)")
            return await _value(database, "SELECT sum(n) FROM note")

    assert runner(scenario()) == 2


def test_a_connection_is_kept_and_the_server_sees_whose_it_is(database_url: str) -> None:
    async def scenario() -> tuple[object, ...]:
        async with _connected(database_url) as database:
            pids = {await _value(database, "SELECT pg_backend_pid()") for _ in range(5)}
            return len(pids), await _value(database, "SELECT current_setting('application_name')")

    assert asyncio.run(scenario()) == (1, "yilian-test")


def test_more_callers_than_connections_wait_for_their_turn(database_url: str) -> None:
    async def scenario() -> set[object]:
        async with _connected(database_url, size=3) as database:
            sql = "SELECT pg_backend_pid() FROM (SELECT pg_sleep(0.005)) AS nap"
            return set(await asyncio.gather(*(_value(database, sql) for _ in range(40))))

    assert len(asyncio.run(scenario())) == 3


def test_a_cancelled_statement_is_stopped_on_the_server_and_gives_its_place_back(database_url: str) -> None:
    async def scenario() -> tuple[object, object]:
        async with _connected(database_url, size=1) as database, _connected(database_url) as observer:
            for _ in range(3):
                task = asyncio.create_task(_value(database, "SELECT pg_sleep(60)"))
                await asyncio.sleep(0.05)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
            answer = await _value(database, "SELECT 1")
            sleeping = "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)' AND state = 'active'"
            for _ in range(50):
                if await _value(observer, sleeping) == 0:
                    return answer, 0
                await asyncio.sleep(0.05)
            return answer, "still running"

    assert asyncio.run(scenario()) == (1, 0)


def test_a_cancelled_waiter_does_not_take_a_connection_with_it(database_url: str) -> None:
    async def scenario() -> list[object]:
        async with _connected(database_url, size=1) as database:
            async with database.connection():
                waiters = [asyncio.create_task(_value(database, "SELECT 1")) for _ in range(3)]
                await asyncio.sleep(0.01)
            waiters[0].cancel()  # its turn has come, and it has not run yet
            return await asyncio.wait_for(asyncio.gather(*waiters, return_exceptions=True), 5)

    first, *others = asyncio.run(scenario())
    assert isinstance(first, asyncio.CancelledError)
    assert others == [1, 1]


def test_connections_cut_by_the_server_are_told_as_unavailable_and_replaced(database_url: str) -> None:
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    cut = f"SELECT pg_terminate_backend(pid) {others}"

    async def scenario() -> tuple[HubError, object, object]:
        async with _connected(database_url, size=2) as database, _connected(database_url) as other:

            async def interrupted() -> None:
                async with database.transaction() as tx:
                    await _value(other, cut)
                    await tx.execute("SELECT 1")

            refusal = await _refusal(interrupted)
            in_use = await _value(database, "SELECT 1")
            await _value(other, cut)
            await asyncio.sleep(0.05)
            return refusal, in_use, await _value(database, "SELECT 2")

    refusal, *after = asyncio.run(scenario())
    assert (refusal.category, refusal.code) == (Category.UNAVAILABLE, "database-away")
    assert after == [1, 2]


def test_a_connection_of_which_the_library_lost_track_is_a_loss_and_not_used_again(database_url: str) -> None:
    async def lost(database: Database, *, whole: bool) -> None:
        async with database.transaction() if whole else database.connection():
            raise asyncpg.InternalClientError("cannot switch to state 21")

    async def scenario() -> tuple[list[str], set[object]]:
        async with _connected(database_url, size=1) as database:
            refusals, pids = [], {await _value(database, "SELECT pg_backend_pid()")}
            for whole in (False, True):
                refusals.append((await _refusal(partial(lost, database, whole=whole))).code)
                pids.add(await _value(database, "SELECT pg_backend_pid()"))
            return refusals, pids

    codes, pids = asyncio.run(scenario())
    assert codes == ["database-away", "database-away"]
    assert len(pids) == 3


def test_a_statement_that_takes_too_long_is_given_up(database_url: str) -> None:
    async def scenario() -> tuple[HubError, object]:
        async with _connected(database_url, size=1, statement_seconds=0.1) as database:
            refusal = await _refusal(lambda: _value(database, "SELECT pg_sleep(5)"))
            return refusal, await _value(database, "SELECT 1")

    refusal, after = asyncio.run(scenario())
    assert (refusal.category, refusal.code, after) == (Category.UNAVAILABLE, "database-timeout", 1)


def test_a_fault_of_the_statement_stays_what_it_is(database_url: str) -> None:
    async def scenario() -> None:
        async with _connected(database_url) as database:
            with pytest.raises(asyncpg.UndefinedTableError):
                await _value(database, "SELECT * FROM nowhere")
            with pytest.raises(FileNotFoundError):
                async with database.connection():
                    Path("/nowhere/at/all").read_bytes()

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("SELECT $1::int", ["no number"]),
        ("SELECT 0 IN (" + ", ".join(f"${n}::int" for n in range(1, 32_769)) + ")", [1] * 32_768),
    ],
    ids=["wrong", "too-many"],
)
def test_a_statement_whose_values_cannot_be_sent_leaves_the_next_one_no_transaction(
    database_url: str, text: str, values: list[object]
) -> None:
    """It was prepared, which begins one on the server, and is ended only by what would have been sent."""

    async def scenario() -> object:
        async with _connected(database_url, size=1) as database:
            with pytest.raises((asyncpg.InterfaceError, asyncpg.DataError)):
                async with database.connection() as connection:
                    await connection.fetchval(text, *values)
            async with database.transaction() as tx:
                await tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                return await tx.fetchval("SHOW transaction_isolation")

    assert asyncio.run(scenario()) == "repeatable read"


def test_a_database_that_is_away_or_unknown_is_unavailable(postgres_url: str, tmp_path: Path) -> None:
    async def scenario(url: str) -> HubError:
        return await _refusal(lambda: Database.connect(url))

    away = asyncio.run(scenario(f"postgresql://yilian:x@/yilian?host={tmp_path}"))
    locked = asyncio.run(scenario(postgres_url.replace("yilian:", "yilian:wrong", 1)))
    assert (away.category, away.code) == (Category.UNAVAILABLE, "database-away")
    assert (locked.category, locked.code) == (Category.UNAVAILABLE, "database-login")


def test_a_closed_database_refuses_and_closes_what_comes_back(database_url: str) -> None:
    async def scenario() -> tuple[HubError, bool]:
        database = await Database.connect(database_url)
        async with database.connection() as held:
            await database.close()
            refusal = await _refusal(lambda: _value(database, "SELECT 1"))
        await database.close()
        return refusal, held.is_closed()

    refusal, closed = asyncio.run(scenario())
    assert (refusal.code, closed) == ("database-closed", True)
