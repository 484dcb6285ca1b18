"""The HTTP client for archives: what it takes, what it refuses, and which connections it uses again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from connectors.pacs.http import BusyError, HttpClient, HttpError, Line

Play = Callable[[asyncio.StreamReader, asyncio.StreamWriter, int], Awaitable[None]]


@asynccontextmanager
async def talking(play: Play, most: int = 4) -> AsyncIterator[HttpClient]:
    """A client of a server that plays a part on each connection; its number is given."""
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        try:
            await play(reader, writer, connections)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    client = HttpClient("127.0.0.1", server.sockets[0].getsockname()[1], None, most=most)
    try:
        yield client
    finally:
        await client.close()
        server.close()


async def read(client: HttpClient, target: str = "/x") -> tuple[int, bytes]:
    async with client.get(target, {"Host": "a"}) as line:
        return line.status, b"".join([piece async for piece in line.body()])


def answering(*answers: bytes) -> Play:
    """A server that says these on each connection, one for each request."""

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _: int) -> None:
        for answer in answers:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            await writer.drain()

    return play


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", (200, b"abc")),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", (200, b"abc")),
        (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", (200, b"until the end")),
        (b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", (404, b"")),
        (b"HTTP/1.1 204 No Content\r\n\r\n", (204, b"")),
    ],
)
def test_an_answer_is_read_to_its_end(answer: bytes, found: tuple[int, bytes]) -> None:
    async def story() -> tuple[int, bytes]:
        async with talking(answering(answer)) as client:
            return await read(client)

    assert asyncio.run(story()) == found


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        b"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + bytes([65]) * 70_000,
    ],
)
def test_what_is_no_answer_or_stops_short_is_never_taken_for_a_whole_one(answer: bytes) -> None:
    async def story() -> None:
        async with talking(answering(answer)) as client:
            await read(client)

    with pytest.raises(HttpError):
        asyncio.run(story())


WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n"
FORGED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nforged\r\n0\r\n\r\n"


def test_a_connection_is_used_again_and_one_that_died_meanwhile_is_replaced() -> None:
    seen: list[int] = []

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        for _ in range(2):
            await reader.readuntil(b"\r\n\r\n")
            seen.append(number)
            writer.write(WHOLE + str(number).encode())
        await reader.readuntil(b"\r\n\r\n")  # and no answer: hang up

    async def story() -> list[bytes]:
        async with talking(play) as client:
            return [(await read(client))[1] for _ in range(3)]

    assert asyncio.run(story()) == [b"1", b"1", b"2"]
    assert seen == [1, 1, 2]


def test_an_answer_nobody_waits_for_is_never_that_of_the_next_request() -> None:
    async def story() -> list[bytes]:
        async with talking(answering(WHOLE + b"a" + FORGED, FORGED)) as client:
            first = (await read(client))[1]
            await asyncio.sleep(0.05)
            return [first, (await read(client))[1]]

    assert asyncio.run(story()) == [b"a", b"a"]  # of two connections: the first is not used again


def test_a_reader_that_is_slow_holds_the_sender_up_and_one_that_leaves_ends_it() -> None:
    sent, ended = 0, asyncio.Event()

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _: int) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            while True:
                writer.write(bytes(65_536))
                await writer.drain()
                sent += 65_536
        except ConnectionError:
            ended.set()

    async def story() -> int:
        async with talking(play, most=1) as client:
            async with client.get("/", {}) as line:
                await anext(line.body())
                await asyncio.sleep(0.2)
                held = line.held
            await asyncio.wait_for(ended.wait(), 5)
            return held

    assert asyncio.run(story()) < 2 * 1024 * 1024
    assert sent < 32 * 1024 * 1024


def test_requests_wait_for_their_turn_and_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.pacs.http.TURN_SECONDS", 0.01)

    async def story() -> None:
        async with talking(answering(WHOLE + b"a"), most=1) as client, client.get("/", {}):
            await read(client)

    with pytest.raises(BusyError):
        asyncio.run(story())


@pytest.mark.parametrize(("target", "header"), [("/a b", "x"), ("/a\r\nX: y", "x"), ("/", "x\r\nX: y"), ("/病", "x")])
def test_nothing_but_one_request_goes_out(target: str, header: str) -> None:
    async def story() -> None:
        async with HttpClient("127.0.0.1", 9, None, most=1).get(target, {"Accept": header}):
            pass

    with pytest.raises(HttpError, match="asked so"):
        asyncio.run(story())


def test_a_line_that_speaks_without_being_asked_is_closed() -> None:
    line = Line()
    line.data_received(b"HTTP/1.1 200 OK\r\n\r\n")
    assert not line.open
