"""Connections of a shared socket are taken by turns."""

from __future__ import annotations

import asyncio
import socket
from contextlib import ExitStack

from hub.run.sockets import listen
from hub.run.turns import Turns


async def taken_by(processes: int, connections: int) -> list[int]:
    """How many of some connections that wait at once are taken by each of some processes."""
    served: list[list[socket.socket]] = [[] for _ in range(processes)]

    def turns(listening: socket.socket, mine: list[socket.socket]) -> Turns:
        async def serve(connection: socket.socket) -> None:
            mine.append(stack.enter_context(connection))

        return Turns(listening, serve)

    with ExitStack() as stack:
        shared = stack.enter_context(listen("127.0.0.1", 0, what="HTTP"))
        for _ in range(connections):
            stack.enter_context(socket.create_connection(shared.getsockname()))
        # A descriptor of its own for each, as in processes of their own.
        taking = [turns(stack.enter_context(shared.dup()), mine) for mine in served]
        async with asyncio.timeout(10):
            while sum(map(len, served)) < connections:
                await asyncio.sleep(0.001)
        for one in taking:
            one.close()
        stack.enter_context(socket.create_connection(shared.getsockname()))
        await asyncio.sleep(0.005)
    return [len(mine) for mine in served]


def test_nobody_takes_all_that_wait_and_after_the_end_nobody_takes_any() -> None:
    assert asyncio.run(taken_by(2, 8)) == [4, 4]


def test_one_process_alone_takes_every_connection() -> None:
    assert asyncio.run(taken_by(1, 5)) == [5]
