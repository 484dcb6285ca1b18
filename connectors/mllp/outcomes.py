"""Follows messages whose sender asked for the outcome of processing (enhanced mode, MSH-16)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from connectors.mllp.intake import Intake
from hub.kernel.errors import HubError
from hub.kernel.log import Log
from hub.kernel.ports import AcknowledgementWaiter
from hub.kernel.types import Envelope

#: Seconds of one question to the waiter, and of a pause when it cannot answer.
_ROUND: Final = 1.0

#: Messages of one connection that are followed; then the hub reads no further until some have settled.
_MOST: Final = 1000

Send = Callable[[bytes], Awaitable[None]]


class Outcomes:
    """The messages of one connection that wait for their outcome; those unsettled when it closes stay unanswered.

    The inbox keeps their state: a sender that lost the answer sends again and is told of a duplicate.
    """

    def __init__(self, waiter: AcknowledgementWaiter, intake: Intake, log: Log) -> None:
        self._waiter = waiter
        self._intake = intake
        self._log = log
        self._waiting: dict[int, Envelope] = {}
        self._more = asyncio.Event()
        self._room = asyncio.Semaphore(_MOST)

    async def add(self, message: int, envelope: Envelope) -> None:
        """Follow one message from now on; wait first if too many are being followed."""
        await self._room.acquire()
        self._waiting[message] = envelope
        self._more.set()

    async def follow(self, send: Send) -> None:
        """Send an application acknowledgement for each message as it settles, for ever."""
        while True:
            await self._more.wait()
            for message, state in (await self._settled()).items():
                ack = self._intake.outcome(self._waiting.pop(message), state)
                self._room.release()
                if ack is not None:
                    await send(ack)
            if not self._waiting:
                self._more.clear()

    async def _settled(self) -> dict[int, str]:
        try:
            return await self._waiter.settled(tuple(self._waiting), _ROUND)
        except HubError as error:
            self._log.event("mllp.outcomes-away", level="WARNING", category=error.category)
            await asyncio.sleep(_ROUND)
            return {}
