"""Connections to PostgreSQL, held open and handed out without a round trip.

asyncpg's own pool resets the session on every release (one more round trip per use). The hub never changes session
state on a pooled connection, so it keeps its own: a stack of open connections, each with its prepared statements.
"""

from __future__ import annotations

import asyncio
from collections import deque
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

import asyncpg
from asyncpg.transaction import Transaction

from hub.db.failures import busy, closed, refused_login, translated
from hub.db.instants import remember_instants
from hub.db.notifier import Notifier

if TYPE_CHECKING:
    Tx: TypeAlias = asyncpg.Connection[asyncpg.Record]
else:
    Tx = asyncpg.Connection

#: Most statements are prepared once per connection and kept for its life.
_CACHED_STATEMENTS: Final = 512
_CONNECT_SECONDS: Final = 10
_ACQUIRE_SECONDS: Final = 10
#: What the library raises of values that are too many, or not of their types (as the server does of some).
_UNSENT: Final = (asyncpg.InterfaceError, asyncpg.DataError)


class Connection(Tx):
    """A connection that knows what is attached to its database, and, while it is leased, which channels to notify."""

    __slots__ = ("attached", "due")

    attached: object | None
    due: dict[str, None]


def tell(tx: Tx, channel: str) -> None:
    """Notify a channel (an SQL name) beside the caller once the lease of `tx` has ended well, and what it wrote stands.

    If the process ends in between, nobody is told: who listens looks by itself after a while (see `hub.db.notifier`).
    """
    cast(Connection, tx).due[channel] = None


class Database:
    """A bounded set of connections to one database. Belongs to the event loop it was connected in."""

    def __init__(
        self, url: str, *, size: int, name: str, statement_seconds: float, attached: object | None = None
    ) -> None:
        self._url: Final = url
        self._attached: Final = attached
        self._size: Final = size
        self._name: Final = name
        self._statement_seconds: Final = statement_seconds
        self._idle: list[Tx] = []
        self._open: set[Tx] = set()
        self._opening = 0
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._farewells: set[asyncio.Task[None]] = set()
        self._notifier: Final = Notifier(self.connection)
        self._closed = False

    @classmethod
    async def connect(
        cls,
        url: str,
        *,
        size: int = 8,
        name: str = "yilian",
        statement_seconds: float = 60,
        attached: object | None = None,
    ) -> Database:
        """Connect to `url` (`postgresql://...`) with at most `size` connections, the first of them opened now.

        `name` is the application_name the server shows; a statement is given up after `statement_seconds`. `attached`
        travels with every connection: the keys of what is sealed in this database (hub.sealing.keyring).
        Raises HubError UNAVAILABLE when the database is away or refuses the login.
        """
        database = cls(url, size=size, name=name, statement_seconds=statement_seconds, attached=attached)
        database._idle.append(await database._connected())
        return database

    def connection(self) -> Lease:
        """A connection in autocommit, for the time of the `async with` block."""
        return Lease(self)

    def transaction(self) -> TransactionLease:
        """A connection in a transaction: committed when the block ends, rolled back when it raises."""
        return TransactionLease(self)

    def notify(self, channel: str) -> None:
        """Notify a channel beside the caller, once what it tells of is committed (see `hub.db.notifier`)."""
        self._notifier.tell(channel)

    async def dedicated(self) -> Tx:
        """A connection outside the pool, for LISTEN and session locks. The caller closes it."""
        return await self._dial()

    async def close(self) -> None:
        """Close idle connections now, and those in use when they come back."""
        await self._notifier.close()
        self._closed = True
        while self._waiters:
            self._wake()
        while self._idle:
            self._discard(self._idle.pop())
        await asyncio.gather(*self._farewells)

    async def _acquire(self) -> Tx:
        while not self._closed:
            while self._idle:
                connection = self._idle.pop()
                if not connection.is_closed():
                    return connection
                self._open.discard(connection)
            if len(self._open) + self._opening < self._size:
                return await self._connected()
            await self._turn()
        raise closed()

    async def _turn(self) -> None:
        """Wait until a connection came back or was lost."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            async with asyncio.timeout(_ACQUIRE_SECONDS):
                await waiter
        except BaseException as error:
            if waiter.done() and not waiter.cancelled():
                self._wake()  # our turn came as we gave up: it is the next one's
            else:
                self._waiters.remove(waiter)
            if isinstance(error, TimeoutError):
                raise busy() from None
            raise

    def _wake(self) -> None:
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return

    async def _connected(self) -> Tx:
        self._opening += 1
        try:
            connection = await self._dial()
        except BaseException:
            self._wake()  # the place is free again
            raise
        finally:
            self._opening -= 1
        self._open.add(connection)
        cast(Connection, connection).due = {}
        return connection

    async def _dial(self) -> Tx:
        try:
            connection = await asyncpg.connect(
                self._url,
                connection_class=Connection,
                timeout=_CONNECT_SECONDS,
                command_timeout=self._statement_seconds + 5,
                statement_cache_size=_CACHED_STATEMENTS,
                max_cached_statement_lifetime=0,
                server_settings=self._session(),
            )
            await remember_instants(connection)
        except asyncpg.PostgresError as error:
            raise refused_login(error) from None
        except Exception as error:
            raise translated(error, connected=False) or error from None
        connection.attached = self._attached
        return connection

    def _session(self) -> dict[str, str]:
        return {
            "application_name": self._name,
            "statement_timeout": str(int(self._statement_seconds * 1000)),
            "idle_in_transaction_session_timeout": str(int(self._statement_seconds * 1000)),
            "plan_cache_mode": "force_generic_plan",  # access paths are chosen by us; planning anew doubles the CPU
            "jit": "off",  # compiling costs more than any query the hub runs
            "TimeZone": "UTC",
        }

    def _release(self, connection: Tx, *, sound: bool) -> None:
        """Take a connection back. One that was lost, cancelled half way or left in a transaction is not used again."""
        if sound and not self._closed and not connection.is_closed() and not connection.is_in_transaction():
            self._idle.append(connection)
        else:
            self._discard(connection)
        self._wake()

    def _discard(self, connection: Tx) -> None:
        self._open.discard(connection)
        if not connection.is_closed():
            # Beside the caller: saying goodbye first cancels what still runs on the server, and may take a while.
            farewell = asyncio.create_task(_say_goodbye(connection))
            self._farewells.add(farewell)
            farewell.add_done_callback(self._farewells.discard)


async def _say_goodbye(connection: Tx) -> None:
    try:
        await connection.close(timeout=_CONNECT_SECONDS)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
        connection.terminate()


def _stays_sound(error: BaseException | None) -> bool:
    """Whether a connection can be used again behind this. Not if it was cancelled half way; nor if values could not be
    sent: their statement was prepared already, so a transaction has begun on the server that nothing ends.
    """
    return error is None or (isinstance(error, Exception) and not isinstance(error, _UNSENT))


class Lease:
    """`async with` over one pooled connection; errors of the database leave it as HubError UNAVAILABLE."""

    __slots__ = ("_connection", "_database")

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Any = None

    async def __aenter__(self) -> Tx:
        connection = await self._database._acquire()
        self._connection = connection
        return connection

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._give_back(error, sound=_stays_sound(error))

    def _give_back(self, error: BaseException | None, *, sound: bool) -> None:
        connection: Connection = self._connection
        due, connection.due = connection.due, {}
        told = None if error is None else translated(error, connected=not connection.is_closed())
        self._database._release(connection, sound=sound and not isinstance(error, asyncpg.InternalClientError))
        if error is None:
            for channel in due:
                self._database.notify(channel)
        if told is not None:
            raise told from error


class TransactionLease(Lease):
    """A lease that begins a transaction, and commits it or rolls it back."""

    __slots__ = ("_transaction",)

    async def __aenter__(self) -> Tx:
        connection = await super().__aenter__()
        self._transaction: Transaction = connection.transaction()
        try:
            await self._transaction.start()
        except BaseException as error:
            self._give_back(error, sound=False)
            raise
        return connection

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._transaction.__aexit__(kind, error, trace)
        except BaseException as failure:
            # A rollback that fails on a lost connection must not hide why the block ended.
            self._give_back(error or failure, sound=False)
            if error is None:
                raise
        else:
            self._give_back(error, sound=True)
