"""The trail on a real database."""

from __future__ import annotations

import asyncio
import io
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import pytest
from msgspec.structs import replace
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from hub.audit import queries
from hub.audit.entry import Entry, Interaction, Outcome, Requester
from hub.audit.tables import audit
from hub.audit.trail import EPOCH_PASSED, Trail
from hub.auth.consent_rules import raise_epoch
from hub.db.database import Database
from hub.db.embedded import EmbeddedPostgres
from hub.kernel.errors import Category, HubError
from hub.kernel.log import Log
from tests.audit.entries import REQUESTER, read, search, write

R = TypeVar("R")


def with_trail(url: str, work: Callable[[Database, Trail], Awaitable[R]], *, seconds: float = 5.0) -> tuple[R, str]:
    """The result of `work`, and what was logged meanwhile."""
    stream = io.StringIO()

    async def run() -> R:
        database = await Database.connect(url)
        trail = Trail(database, Log("test", stream=stream), seconds=seconds)
        try:
            return await work(database, trail)
        finally:
            await trail.close()
            await database.close()

    return asyncio.run(run()), stream.getvalue()


def test_an_entry_comes_back_as_it_was_recorded(database_url: str) -> None:
    refused = read(
        2,
        outcome=Outcome.REFUSED,
        reason="no-care-relationship",
        grounds=(),
        patients=(),
        types={},
        version=3,
        obligations=("no-redisclosure",),
        consents=("Consent/c/_history/2",),
        epoch=0,
    )

    async def work(database: Database, trail: Trail) -> list[object]:
        for entry in (search(1), refused):
            await trail.record(entry)
        async with database.connection() as connection:
            return [*await queries.newest(connection)]

    assert with_trail(database_url, work)[0] == [refused, search(1)]


def test_the_many_entries_of_one_request_stand_in_the_table_as_single_ones_do(database_url: str) -> None:
    """Column by column, `number` and `xid` apart: many are copied, few are inserted."""
    odd = replace(
        read(3, outcome=Outcome.REFUSED, reason="范围", version=3, obligations=("a", "b"), consents=("Consent/c",)),
        requester=replace(REQUESTER, reference=None, patient="p", break_glass='"emergency"', purpose=()),
        query="name=%E6%9D%8E&x=\\",
        patients=("p1", "p2", "病"),
        types={"Observation": 2, "Patient": 1},
    )
    about_nothing = replace(read(5), patients=(), types={}, grounds=(), resource_type=None)
    of_each = [odd, search(2), write(Interaction.CREATE, 4), about_nothing]
    made = [replace(of_each[at % 4], id=UUID(int=at), time=odd.time + timedelta(seconds=at)) for at in range(40)]
    other = [replace(entry, id=UUID(int=100 + at)) for at, entry in enumerate(made)]

    async def work(database: Database, trail: Trail) -> list[list[tuple[object, ...]]]:
        async with database.transaction() as tx:
            await trail.append(tx, made)
        for entry in other:
            async with database.transaction() as tx:
                await trail.append(tx, [entry])
        columns = ", ".join(column.name for column in audit.columns if column.name not in {"number", "id", "xid"})
        found = f"SELECT {columns} FROM audit WHERE id = ANY($1) ORDER BY number"
        async with database.connection() as tx:
            rows = [await tx.fetch(found, [entry.id for entry in entries]) for entries in (made, other)]
            assert await tx.fetchval("SELECT count(DISTINCT xid) FROM audit") == 1 + len(other)
            assert [entry for entry in await queries.newest(tx, limit=100) if entry.id.int < 100] == made[::-1]
        return [[tuple(row) for row in several] for several in rows]

    copied, inserted = with_trail(database_url, work)[0]
    assert copied == inserted
    assert len(copied) == len(made)


def test_an_entry_stands_only_in_the_epoch_it_was_decided_under(database_url: str) -> None:
    async def work(database: Database, trail: Trail) -> list[bool]:
        kept = []
        for number in (0, 1):
            for epoch in (0, 1, None):
                entry = replace(read(10 * number + (epoch or 0) + (epoch is None) * 5), epoch=epoch)
                kept.append(await recorded(trail, entry))
            async with database.transaction() as tx:
                await raise_epoch(tx)
        async with database.connection() as tx:
            assert len(await queries.newest(tx)) == sum(kept)
        return kept

    assert with_trail(database_url, work)[0] == [True, False, True, False, True, True]


def test_those_of_another_epoch_do_not_hold_up_those_flushed_with_them(database_url: str) -> None:
    async def work(database: Database, trail: Trail) -> list[bool]:
        entries = [replace(read(n), epoch=(0, 7, None)[n % 3]) for n in range(30)]
        return await asyncio.gather(*(recorded(trail, entry) for entry in entries))

    assert with_trail(database_url, work)[0] == [True, False, True] * 10


def test_a_change_of_consents_waits_for_the_flush_and_a_flush_for_the_change(database_url: str) -> None:
    async def work(database: Database, trail: Trail) -> bool:
        async with database.transaction() as tx:
            await raise_epoch(tx)
        async with database.transaction() as tx:
            await raise_epoch(tx)
            late = asyncio.create_task(recorded(trail, replace(read(1), epoch=1)))
            await asyncio.sleep(0.2)
            assert not late.done()
        return await late

    assert with_trail(database_url, work)[0] is False


async def recorded(trail: Trail, entry: Entry) -> bool:
    """Whether an entry was recorded; it is refused for its epoch alone."""
    try:
        await trail.record(entry)
    except HubError as refusal:
        assert (refusal.category, refusal.code) == (Category.CONFLICT, EPOCH_PASSED)
        return False
    return True


def test_an_entry_is_there_for_others_when_record_returns(database_url: str) -> None:
    async def work(database: Database, trail: Trail) -> int:
        await trail.record(read())
        other = await database.dedicated()
        found = await queries.count(other)
        await other.close()
        return found

    assert with_trail(database_url, work)[0] == 1


def test_appended_entries_stand_or_fall_with_the_transaction_they_were_appended_to(database_url: str) -> None:
    made = [write(Interaction.CREATE, n) for n in (1, 2)]

    async def work(database: Database, trail: Trail) -> list[object]:
        async with database.transaction() as tx:
            await trail.append(tx, made)
        with pytest.raises(ZeroDivisionError):
            async with database.transaction() as tx:
                await trail.append(tx, [write(Interaction.DELETE, 3)])
                raise ZeroDivisionError
        async with database.connection() as tx:
            return [*await queries.newest(tx)]

    assert with_trail(database_url, work)[0] == made[::-1]


def test_what_cannot_be_appended_is_told_without_its_content(database_url: str) -> None:
    async def work(database: Database, trail: Trail) -> Category:
        with pytest.raises(HubError) as refusal:
            async with database.transaction() as tx:
                await trail.append(tx, [write(Interaction.CREATE, 1, resource_id="沈桂兰")] * 2)
        assert "沈桂兰" not in str(refusal.value)
        return refusal.value.category

    category, logged = with_trail(database_url, work)
    assert category is Category.UNAVAILABLE
    assert "UniqueViolation" in logged
    assert "\\u6c88" not in logged


def test_entries_with_every_awkward_text_come_back_as_they_were(database_url: str) -> None:
    awkward = """back\\slash "quote" 'single' {brace},comma \t\n 沈𠮷 NULL"""
    entry = read(
        1,
        query=awkward,
        reason="",
        patients=(awkward, "NULL", ""),
        grounds=(awkward,),
        requester=replace(REQUESTER, break_glass=awkward, purpose=()),
        types={},
    )

    async def work(database: Database, trail: Trail) -> list[object]:
        await trail.record(entry)
        async with database.connection() as tx:
            return [*await queries.newest(tx)]

    assert with_trail(database_url, work)[0] == [entry]


def test_concurrent_entries_share_commits_and_all_are_kept(database_url: str) -> None:
    async def work(database: Database, trail: Trail) -> tuple[int, int]:
        await trail.record(read(1000))
        async with database.connection() as connection:
            before = await connection.fetchval("SELECT pg_current_xact_id()::text::bigint")
            await asyncio.gather(*(trail.record(read(n)) for n in range(200)))
            after = await connection.fetchval("SELECT pg_current_xact_id()::text::bigint")
            return await queries.count(connection), after - before - 1

    (rows, transactions), _ = with_trail(database_url, work)
    assert rows == 201
    assert transactions < 20


def test_a_row_that_cannot_be_written_is_told_without_its_content(database_url: str) -> None:
    async def work(database: Database, trail: Trail) -> Category:
        await trail.record(read(1))
        with pytest.raises(HubError) as refusal:
            await trail.record(search(1, query="name=沈桂兰"))
        assert refusal.value.__cause__ is None
        assert "沈桂兰" not in str(refusal.value)
        return refusal.value.category

    category, logged = with_trail(database_url, work)
    assert category is Category.UNAVAILABLE
    assert '"event": "audit-not-written"' in logged
    assert "UniqueViolation" in logged
    assert "沈桂兰" not in logged
    assert "\\u6c88" not in logged


def test_an_absent_table_refuses(database_url: str) -> None:
    async def work(database: Database, trail: Trail) -> Category:
        async with database.connection() as connection:
            await connection.execute("DROP TABLE audit")
        with pytest.raises(HubError) as refusal:
            await trail.record(read())
        return refusal.value.category

    assert with_trail(database_url, work)[0] is Category.UNAVAILABLE


def test_a_database_that_does_not_answer_refuses_in_time(database_url: str) -> None:
    async def work(database: Database, trail: Trail) -> Category:
        async with database.transaction() as connection:
            await connection.execute("LOCK TABLE audit IN ACCESS EXCLUSIVE MODE")
            with pytest.raises(HubError) as refusal:
                await trail.record(read())
        return refusal.value.category

    category, logged = with_trail(database_url, work, seconds=0.2)
    assert category is Category.UNAVAILABLE
    assert "TimeoutError" in logged


@pytest.fixture
def durable_server() -> Iterator[EmbeddedPostgres]:
    folder = Path(tempfile.mkdtemp(prefix="yilian-audit-"))
    folder.chmod(0o711)
    with EmbeddedPostgres(folder) as server:
        yield server
    shutil.rmtree(folder)


def test_what_was_recorded_survives_a_killed_database(durable_server: EmbeddedPostgres) -> None:
    async def record() -> None:
        database = await Database.connect(durable_server.url)
        async with database.connection() as connection:
            await connection.execute(str(CreateTable(audit).compile(dialect=postgresql.dialect())))  # type: ignore[no-untyped-call]
        trail = Trail(database, Log("test"))
        for number in range(20):
            await trail.record(read(number))
        assert durable_server._process is not None
        durable_server._process.kill()
        durable_server._process.wait()
        await database.close()

    async def count() -> int:
        database = await Database.connect(durable_server.url)
        async with database.connection() as connection:
            found = await queries.count(connection)
        await database.close()
        return found

    asyncio.run(record())
    durable_server.start()
    assert asyncio.run(count()) == 20


def test_declarations_of_the_requester_are_kept(database_url: str) -> None:
    declared = replace(REQUESTER, break_glass="过敏性休克", co_approval="Practitioner/lin", patient="w")

    async def work(database: Database, trail: Trail) -> Requester:
        await trail.record(read(1, requester=declared))
        async with database.connection() as connection:
            (entry,) = await queries.newest(connection)
        return entry.requester

    assert with_trail(database_url, work)[0] == declared
