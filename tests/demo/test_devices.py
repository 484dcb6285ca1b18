"""Devices of the demo send as real ones: signed with a secret of their own, and over a broker where there is one."""

from __future__ import annotations

import asyncio
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hub.demo import county
from hub.demo.ask import Reply
from hub.demo.broker import brokered, program
from hub.demo.calendar import Calendar
from hub.demo.county import broker_port, county_file, free_port
from hub.demo.stage import Stage
from hub.kernel.consortium import load
from hub.kernel.errors import HubError
from tests.demo.a_hub import Asked, a_hub

CALENDAR = Calendar(datetime(2026, 11, 22, 4, 0, tzinfo=UTC))
BAND = {"as": "bands of F05", "post": "api/devices/F05-bands/readings", "signed": "SH-1", "body": {"a": 1}}
METER = {"as": "meters of F06", "post": "api/feeds/F06-meters", "topic": "meters/X", "body": {"a": 1}}


def test_a_band_gets_its_secret_once_and_signs_each_time_anew() -> None:
    with a_hub(lambda asked: (201, {"secret": "s"} if "senders" in asked.path else {})) as hub:
        stage = Stage(hub.clients, CALENDAR)
        assert [stage.perform(BAND).status for _ in range(2)] == [201, 201]
    register, *sent = hub.asked
    assert register.body == {"feed": "F05-bands", "name": "SH-1", "signs": True}
    assert [each.path for each in sent] == ["/api/devices/F05-bands/readings"] * 2
    assert all(each.token.startswith('HMAC-SHA256 name="SH-1", time="') for each in sent)
    assert sent[0].token != sent[1].token


def test_a_band_the_hub_does_not_register_sends_nothing() -> None:
    with a_hub(lambda _: (403, {})) as hub, pytest.raises(HubError, match="SH-1"):
        Stage(hub.clients, CALENDAR).perform(BAND)
    assert len(hub.asked) == 1


def test_a_meter_publishes_where_there_is_a_broker_and_posts_where_there_is_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[Any] = []
    monkeypatch.setattr("paho.mqtt.publish.single", lambda topic, content, **how: told.append((topic, content, how)))

    def answer(asked: Asked) -> tuple[int, Any]:
        rows = [{"feed": "F06-meters", "count": 3 + len(told)}, {"feed": "other", "count": 9}]
        return (200, {"messages": rows}) if asked.method == "GET" else (201, {})

    with a_hub(answer) as hub:
        assert Stage(hub.clients, CALENDAR, broker=1883).perform(METER) == Reply(201, None)
        assert told == [("meters/X", b'{"a":1}', {"qos": 1, "hostname": "127.0.0.1", "port": 1883})]
        assert {each.method for each in hub.asked} == {"GET"}
        assert Stage(hub.clients, CALENDAR).perform(METER).status == 201
        assert hub.asked[-1].path == "/api/feeds/F06-meters"


@pytest.mark.parametrize("found", ["/usr/sbin/mosquitto", None])
def test_the_county_has_a_broker_where_the_machine_has_one(
    found: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(county, "program", lambda: found)
    file = county_file(tmp_path)
    assert load(file).feeds["F06-meters"].transport == ("mqtt" if found else "http")
    assert bool(broker_port(file)) == bool(found)


def test_the_broker_runs_as_long_as_the_demo(tmp_path: Path) -> None:
    if program() is None:
        pytest.skip("needs mosquitto on the machine")

    async def story(wanted: int) -> int:
        async with brokered(wanted, tmp_path) as port:
            if port:
                socket.create_connection(("127.0.0.1", port)).close()
            return port

    port = free_port()
    assert asyncio.run(story(port)) == port
    assert asyncio.run(story(0)) == 0
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", port))
