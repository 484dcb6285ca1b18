"""Other people's MLLP clients against a feed: python-hl7, node-hl7-client and a plain socket."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import Final

import hl7
import hl7.client
import pytest

from conformance_tests.npm import installed
from hub.run.child import allow_open_files
from tests.connectors.harness import adt, running

#: The newest version that runs on Node.js 20.
NODE_CLIENT: Final = "node-hl7-client@3.2.0"
SCRIPT: Final = Path(__file__).with_name("mllp_node_client.mjs")


def test_python_hl7_sends_many_messages_over_one_connection_and_reads_the_answers() -> None:
    def client(port: int) -> list[tuple[str, str]]:
        with hl7.client.MLLPClient("127.0.0.1", port) as peer:
            answers = [peer.send_message(hl7.parse(adt(f"C{n}").decode())) for n in range(5)]
        parsed = [hl7.parse(answer.decode().strip("\x0b\x1c\r")) for answer in answers]
        return [(str(ack["MSA.F1"]), str(ack["MSA.F2"])) for ack in parsed]

    async def talk() -> None:
        async with running() as feed:
            assert await asyncio.to_thread(client, feed.port) == [("AA", f"C{n}") for n in range(5)]
            assert [r.envelope.lanes for r in feed.inbox.received] == [("00012345",)] * 5

    asyncio.run(talk())


def test_python_hl7_sends_gb18030_and_is_answered_in_it() -> None:
    def client(port: int) -> bytes:
        with hl7.client.MLLPClient("127.0.0.1", port, encoding="gb18030") as peer:
            return bytes(peer.send_message(adt(sender="医院|东区", more="||||||GB18030").decode()))

    async def talk() -> None:
        async with running() as feed:
            answer = await asyncio.to_thread(client, feed.port)
            assert "|医院|东区|" in answer.decode("gb18030")
            assert "沈" in feed.inbox.received[0].raw.decode("gb18030")

    asyncio.run(talk())


def test_node_hl7_client_sends_and_reads_the_answers(tmp_path: Path) -> None:
    script = installed(tmp_path, SCRIPT, NODE_CLIENT)

    async def talk() -> None:
        async with running() as feed:
            node = await asyncio.create_subprocess_exec(
                "node", str(script), str(feed.port), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
            )
            try:
                out, err = await asyncio.wait_for(node.communicate(), 30)
            except TimeoutError:
                node.kill()
                raise
            assert (out.decode().split("\n")[:-1], err) == (["AA N1", "AA N2", "AA N3"], b"")
            assert [r.envelope.header["MSH-10"] for r in feed.inbox.received] == ["N1", "N2", "N3"]

    asyncio.run(talk())


def test_a_plain_socket_that_writes_byte_by_byte_is_answered_exactly_once() -> None:
    def client(port: int) -> bytes:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as peer:
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in b"\x0b" + adt() + b"\x1c\r":
                peer.sendall(bytes([byte]))
            peer.shutdown(socket.SHUT_WR)
            with peer.makefile("rb") as stream:
                return stream.read()

    async def talk() -> None:
        async with running() as feed:
            answer = await asyncio.to_thread(client, feed.port)
            assert answer == (
                b"\x0bMSH|^~\\&|HUB|YUNZE|HIS|F01|20260105083000+0800||ACK^A01^ACK|ACK1|P|2.4\rMSA|AA|C1\r\x1c\r"
            )

    asyncio.run(talk())


def test_a_thousand_idle_connections_do_not_keep_a_sender_out() -> None:
    """Far over the limit of 256: those that say nothing are ended to make room."""
    if allow_open_files(4096) < 4096:
        pytest.skip("needs 4096 open files")

    async def talk() -> None:
        async with running() as feed:
            idle = []
            for n in range(1000):
                _, writer = await asyncio.open_connection("127.0.0.1", feed.port)
                idle.append(writer)
                if n % 250 == 249:
                    async with feed.peer() as sender:
                        assert b"MSA|AA|C9" in await sender.exchange(adt("C9"))
            for writer in idle:
                writer.close()

    asyncio.run(talk())
