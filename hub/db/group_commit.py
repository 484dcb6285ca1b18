"""Group commit: what is submitted while a flush runs goes together into the next one, so many share one fsync.

Before a flush the event loop turns a few times. Whatever is ready by then, answers of the database among it, is taken
up first, so that requests in hand submit what they have: a commit costs PostgreSQL four times what a row does. A lone
item waits some microseconds.
"""

from __future__ import annotations

import asyncio
import copy
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

from hub.kernel.errors import Category, HubError

T = TypeVar("T")
R = TypeVar("R")

#: Turns of the event loop before a flush.
_TURNS: Final = 4


class GroupCommit(Generic[T, R]):
    """Collects items and hands them to `flush` in the order of submission, one flush at a time, at most `limit` each.

    `flush` takes the items and returns one result per item in the same order once all of them are durable. Nothing
    waits for a time: a lone item is flushed when nobody else is ready. Belongs to the event loop it is first used in.
    """

    def __init__(self, flush: Callable[[list[T]], Awaitable[list[R]]], *, limit: int = 256) -> None:
        self._flush: Final = flush
        self._limit: Final = limit
        self._waiting: deque[tuple[T, asyncio.Future[R]]] = deque()
        self._runner: asyncio.Task[None] | None = None
        self._closed = False

    async def submit(self, item: T) -> R:
        """Return the result of `item` once it is durable, or raise what its flush raised.

        An item whose submitter is cancelled before its flush begins is left out; later the flush goes on without
        anybody waiting for that item. Raises HubError UNAVAILABLE after `close`.
        """
        if self._closed:
            raise HubError(Category.UNAVAILABLE, "is closing", where="group commit", todo="try again")
        result: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, result))
        if self._runner is None or self._runner.done():
            self._runner = asyncio.create_task(self._run())
        return await result

    async def close(self) -> None:
        """Take nothing more, and return when everything submitted has been answered."""
        self._closed = True
        if self._runner is not None:
            await asyncio.wait([self._runner])

    async def _run(self) -> None:
        batch: list[tuple[T, asyncio.Future[R]]] = []
        try:
            while self._waiting:
                for _ in range(_TURNS):
                    await asyncio.sleep(0)
                batch = self._take()
                if batch:
                    await self._settle(batch)
        except BaseException:
            stopped = HubError(Category.UNAVAILABLE, "was stopped", where="group commit", todo="try again")
            _fail([*batch, *self._waiting], stopped)
            self._waiting.clear()
            raise

    async def _settle(self, batch: list[tuple[T, asyncio.Future[R]]]) -> None:
        try:
            _deliver(batch, await self._flush([item for item, _ in batch]))
        except Exception as error:
            _fail(batch, error)

    def _take(self) -> list[tuple[T, asyncio.Future[R]]]:
        batch: list[tuple[T, asyncio.Future[R]]] = []
        while self._waiting and len(batch) < self._limit:
            entry = self._waiting.popleft()
            if not entry[1].done():
                batch.append(entry)
        return batch


def _deliver(batch: list[tuple[T, asyncio.Future[R]]], results: list[R]) -> None:
    if len(results) != len(batch):
        raise HubError(Category.FAULT, f"{len(results)} results for {len(batch)} items", where="group commit")
    for (_, future), result in zip(batch, results, strict=True):
        if not future.done():
            future.set_result(result)


def _fail(batch: list[tuple[T, asyncio.Future[R]]], error: Exception) -> None:
    for _, future in batch:
        if not future.done():
            # Each submitter raises an object of its own: one shared by many tasks would mix their tracebacks.
            own = copy.copy(error) if isinstance(error, HubError) else error
            own.__cause__ = error.__cause__
            future.set_exception(own)
