"""Delivery of an outbound feed: messages over one connection, and what the receiver says to each.

| answer | original | enhanced, `accept` | enhanced, `application` |
|---|---|---|---|
| AA / CA | taken | taken | CA: the answer after processing is waited for; AA: taken |
| AE / CE | again | again | again |
| AR / CR | refused | refused | refused |
| none in time, another message's, no MLLP | unknown: sent again under its control id | the same | the same |
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Final

from connectors.mllp.sender import Answer, Sender
from connectors.mllp.tls import client_context
from hub.kernel.errors import Category, HubError
from hub.kernel.outbound_feed import OutboundFeed
from hub.kernel.ports import Carrier, Transport
from hub.kernel.types import Reaction, Verdict, Written

_VERDICTS: Final = {"A": Verdict.TAKEN, "E": Verdict.AGAIN, "R": Verdict.REFUSED}


def transport(feed: OutboundFeed) -> Transport:
    """The transport of a feed. Raises HubError INVALID naming a certificate file that cannot be used."""
    tls = client_context(feed.tls.authority, feed.tls.certificate, feed.tls.key) if feed.tls else None
    return partial(_opened, feed, partial(Sender, feed.host, feed.port, tls=tls, seconds=feed.timeout))


class MllpCarrier:
    """One connection. `application`: what ends a delivery is the answer after processing."""

    def __init__(self, sender: Sender, *, application: bool) -> None:
        self._sender: Final = sender
        self._application: Final = application

    async def carry(self, messages: Sequence[Written]) -> AsyncGenerator[Reaction]:
        """See `Carrier.carry`."""
        sent = self._sender.send(message.raw for message in messages)
        async for answer in _reworded(sent, "receiver-no-answer"):
            message = messages[answer.index - 1]
            waits = answer.code == "CA" and self._application
            yield _reaction(await self._outcome(message.control) if waits else answer, message.control)

    async def _outcome(self, control: str) -> Answer:
        try:
            return await self._sender.outcome(control)
        except HubError as error:
            raise _away(error, "receiver-no-outcome") from None


def _opened(feed: OutboundFeed, make: partial[Sender]) -> AbstractAsyncContextManager[Carrier]:
    return _connected(make(window=feed.window), application=feed.acknowledgement == "application")


@asynccontextmanager
async def _connected(sender: Sender, *, application: bool) -> AsyncIterator[Carrier]:
    try:
        await sender.__aenter__()
    except HubError as error:
        raise _away(error, "receiver-away") from None
    try:
        yield MllpCarrier(sender, application=application)
    finally:
        await sender.__aexit__()


async def _reworded(answers: AsyncIterator[Answer], code: str) -> AsyncIterator[Answer]:
    try:
        async for answer in answers:
            yield answer
    except HubError as error:
        raise _away(error, code) from None


def _reaction(answer: Answer, control: str) -> Reaction:
    """Raises HubError UNAVAILABLE for an answer that is none, or is to another message."""
    verdict = _VERDICTS.get(answer.code[1:]) if answer.code[:1] in {"A", "C"} else None
    if verdict is None or answer.control != control:
        raise HubError(
            Category.UNAVAILABLE,
            "the answer is no acknowledgement of the message",
            where="MSA",
            todo="the receiver must repeat MSH-10 in MSA-2",
            code="receiver-answer",
        )
    return Reaction(verdict=verdict, code=answer.code)


def _away(error: HubError, code: str) -> HubError:
    return HubError(Category.UNAVAILABLE, error.what, where=error.where, todo="it is tried again", code=code)
