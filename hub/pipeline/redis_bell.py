"""A bell over Redis publish/subscribe (https://redis.io/docs/latest/develop/pubsub/), for where LISTEN does not pass.

Only imported when a Redis is configured: the package `redis` is the extra of that name.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Final

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as NoAnswer

from hub.kernel.errors import Category, HubError
from hub.kernel.log import Log

#: Seconds for connecting, and for the answer to one command.
_ANSWER_SECONDS: Final = 0.5
#: Seconds without an attempt after one failed.
_REST_SECONDS: Final = 1.0
#: Seconds of silence after which a listening connection is tried.
_CHECK_SECONDS: Final = 5


class RedisBell:
    """Implements `hub.pipeline.bell.Bell`. Belongs to one event loop; opens connections when first used."""

    def __init__(self, url: str, log: Log) -> None:
        """Raises HubError INVALID when `url` is not the URL of a Redis."""
        self._redis: Final = _client(url)
        self._log: Final = log
        self._away = False
        self._rest_until = 0.0
        self._pending: set[str] = set()
        self._teller: asyncio.Task[None] | None = None
        self._ears: list[asyncio.Task[None]] = []

    def ring(self, channel: str) -> None:
        """Publish beside the caller. Rings during a publication become one; while Redis is away they are dropped."""
        if monotonic() < self._rest_until:
            return
        self._pending.add(channel)
        if self._teller is None or self._teller.done():
            self._teller = asyncio.create_task(self._tell())

    def hear(self, channel: str, heard: Callable[[], None]) -> None:
        """Subscribe beside the caller, again and again while Redis is away."""
        self._ears.append(asyncio.create_task(self._listen(channel, heard)))

    async def close(self) -> None:
        """Let the last rings out and close the connections."""
        if self._teller is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._teller, 2 * _ANSWER_SECONDS)
        for ear in self._ears:
            ear.cancel()
        await asyncio.gather(*self._ears, return_exceptions=True)
        with suppress(RedisError, OSError):
            await self._redis.aclose()

    async def _tell(self) -> None:
        try:
            while self._pending:
                await self._redis.publish(self._pending.pop(), b"")
                self._reached()
        except (RedisError, OSError) as error:
            self._pending.clear()
            self._missed(error)

    async def _listen(self, channel: str, heard: Callable[[], None]) -> None:
        while True:
            try:
                await self._subscribed(channel, heard)
            except (RedisError, OSError) as error:
                self._missed(error)
                await asyncio.sleep(_REST_SECONDS)

    async def _subscribed(self, channel: str, heard: Callable[[], None]) -> None:
        async with self._redis.pubsub() as ear:
            await ear.subscribe(channel)
            while True:
                told = await ear.get_message(timeout=_CHECK_SECONDS)
                if told is None:
                    await ear.ping()
                    told = await ear.get_message(timeout=_ANSWER_SECONDS)
                if told is None:
                    raise NoAnswer
                self._reached()
                if told["type"] != "pong":  # the subscription itself counts: rings may have been missed before it
                    heard()

    def _reached(self) -> None:
        self._rest_until = 0.0
        if self._away:
            self._away = False
            self._log.event("redis_back")

    def _missed(self, error: Exception) -> None:
        """Rest for a while; said once per outage, by the class of the error since its text may repeat the URL."""
        self._rest_until = monotonic() + _REST_SECONDS
        if not self._away:
            self._away = True
            self._log.event("redis_away", level="WARNING", exception=type(error).__name__)


def _client(url: str) -> Redis:
    try:
        return Redis.from_url(
            url,
            socket_timeout=_ANSWER_SECONDS,
            socket_connect_timeout=_ANSWER_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
    except ValueError:
        raise HubError(
            Category.INVALID,
            "is not the URL of a Redis",
            where="YILIAN_REDIS_URL",
            todo="write redis://:password@host:port/0, or rediss:// for TLS",
        ) from None
