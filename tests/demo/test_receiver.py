import asyncio
import socket

import pytest

from connectors.mllp.sender import Sender
from hub.demo import receiver as module
from hub.demo.county import free_port
from hub.demo.receiver import receiving
from hub.kernel.errors import Category, HubError


def message(kind: str, control: str) -> bytes:
    return f"MSH|^~\\&|YILIAN|HUB|HIS|F01|20261113||{kind}|{control}|P|2.4\rPID|1||沈\r".encode("gbk")


def test_what_is_sent_is_answered_under_its_own_number_and_counted_by_kind() -> None:
    async def play() -> list[tuple[str, str]]:
        port = free_port()
        sent = [message("REF^I12^REF_I12", "A1"), message("MDM^T02", "A2"), message("REF^I12", "A3")]
        async with receiving(port) as his, Sender("127.0.0.1", port, window=2) as sender:
            answers = [(one.code, one.control) async for one in sender.send(sent)]
            assert await his.heard({"REF^I12": 2})
            assert his.told == {"REF^I12": 2, "MDM^T02": 1}
        return answers

    assert asyncio.run(play()) == [("AA", "A1"), ("AA", "A2"), ("AA", "A3")]


def test_what_does_not_come_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PATIENCE", 0.01)

    async def play() -> bool:
        async with receiving(free_port()) as his:
            return await his.heard({"REF^I12": 1})

    assert not asyncio.run(play())


def test_a_port_that_is_taken_is_said_to_be() -> None:
    async def play(port: int) -> None:
        async with receiving(port):
            pass

    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(HubError) as caught:
        asyncio.run(play(other.getsockname()[1]))
    assert caught.value.category is Category.CONFLICT
