"""Plays the demo: each feed's messages over one MLLP connection, what patients and doctors do over HTTP, and the wait
until every message is settled."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from connectors.mllp.sender import Sender
from hub.demo.ask import Client
from hub.demo.stage import Stage
from hub.demo.story import Sending, data
from hub.kernel.errors import Category, HubError

#: Messages of one connection that may await their acknowledgement.
WINDOW = 32
SETTLE_SECONDS = 120.0


async def play(sendings: Sequence[Sending], ports: Mapping[str, int], told: Callable[[str], None]) -> Counter[str]:
    """Send everything, feeds side by side and each in order; `told` gets the feed of each acknowledged message.

    Returns how many messages were answered with which code. Raises HubError UNAVAILABLE when a feed does not answer.
    """
    codes: Counter[str] = Counter()

    async def feed(name: str, port: int) -> None:
        messages = [sending.raw for sending in sendings if sending.feed == name]
        async with Sender("127.0.0.1", port, window=WINDOW) as sender:
            async for answer in sender.send(messages):
                codes[answer.code] += 1
                told(name)

    await asyncio.gather(*(feed(name, port) for name, port in ports.items()))
    return codes


async def settle(administrator: Client) -> list[dict[str, str | int]]:
    """Wait until no message is queued; the counts of messages by feed and state.

    Raises HubError UNAVAILABLE after two minutes.
    """
    deadline = asyncio.get_running_loop().time() + SETTLE_SECONDS
    while asyncio.get_running_loop().time() < deadline:
        summary = await asyncio.to_thread(administrator.get, "api/messages/summary")
        rows: list[dict[str, str | int]] = summary["messages"]
        if not any(row["state"] == "queued" for row in rows):
            return rows
        await asyncio.sleep(0.1)
    raise HubError(Category.UNAVAILABLE, "messages still wait after two minutes", where="pipeline")


def act(stage: Stage, name: str = "acts.yaml") -> list[str]:
    """Do what a file tells, in order (`acts.yaml`: what patients and doctors do once the record is there); what was
    done, in words.

    Raises HubError INVALID when the hub answers one of them with another status than it should.
    """
    acts = data(name)
    for row in acts:
        reply = stage.perform(row)
        if reply.status != row["status"]:
            told = reply.content if isinstance(reply.content, dict) else {}
            issue = told.get("issue", [{}])[0]
            what = f"the hub answered with status {reply.status}: {issue.get('diagnostics', '')}"
            raise HubError(Category.INVALID, what, where=row["says"])
    return [row["says"] for row in acts]
