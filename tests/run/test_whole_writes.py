"""What is written in one turn of the event loop leaves in one piece, and nothing is lost or held back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from hub.run.whole_writes import WholeWrites


class Wire(asyncio.Transport):
    """A transport that keeps what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []
        self.closed = False

    def writelines(self, list_of_data: Iterable[Any]) -> None:
        self.sent.append(b"".join(list_of_data))

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return f"about {name}, else {default}"


def on_a_wire(work: Callable[[Wire, WholeWrites], Awaitable[None]]) -> list[bytes]:
    async def run() -> list[bytes]:
        wire = Wire()
        await work(wire, WholeWrites(wire, asyncio.get_running_loop()))
        return wire.sent

    return asyncio.run(run())


async def turn() -> None:
    await asyncio.sleep(0)


def test_head_and_body_of_a_turn_leave_together() -> None:
    async def work(_: Wire, whole: WholeWrites) -> None:
        whole.write(b"head ")
        whole.write(b"body")
        await turn()
        whole.write(b"next")
        await turn()

    assert on_a_wire(work) == [b"head body", b"next"]


def test_what_is_large_does_not_wait_for_the_end_of_the_turn() -> None:
    async def work(wire: Wire, whole: WholeWrites) -> None:
        whole.write(b"head")
        whole.write(bytes(70_000))
        assert [len(piece) for piece in wire.sent] == [70_004]
        whole.write(b"rest")
        await turn()
        await turn()

    assert [len(piece) for piece in on_a_wire(work)] == [70_004, 4]


def test_closing_sends_what_was_written_first() -> None:
    async def work(wire: Wire, whole: WholeWrites) -> None:
        whole.write(b"last words")
        whole.close()
        assert (wire.sent, wire.closed) == ([b"last words"], True)
        await turn()

    assert on_a_wire(work) == [b"last words"]


def test_nothing_is_written_to_a_connection_that_was_lost() -> None:
    async def work(wire: Wire, whole: WholeWrites) -> None:
        whole.write(b"too late")
        wire.closed = True
        await turn()

    assert on_a_wire(work) == []


def test_everything_else_is_asked_of_the_transport() -> None:
    async def work(_: Wire, whole: WholeWrites) -> None:
        assert whole.get_extra_info("peername") == "about peername, else None"

    on_a_wire(work)
