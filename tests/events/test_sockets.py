"""Subscriptions over WebSocket, with a real client on a real socket.

Backport 1.1.0, channels.html#websockets and operation $get-ws-binding-token.
"""

from __future__ import annotations

import asyncio
import io
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import httpx
import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from hub.auth.directory import Directory
from hub.auth.tokens import Issuer
from hub.bootstrap.application import application
from hub.bootstrap.events import telling_parts
from hub.bootstrap.foundation import Foundation
from hub.db.database import Database
from hub.events import operations
from hub.events.gathering import Gathering
from hub.events.topics import TOPICS
from hub.fhir.json import dumps, loads
from hub.kernel.clock import system_clock
from hub.kernel.log import Log
from hub.kernel.settings import Settings
from hub.kernel.types import Json
from tests.api.house import observation, patient
from tests.events.house import subscription
from tests.events.receiver import Post

T = TypeVar("T")

CONSORTIUM: Final = """
name: 云泽县医共体
facilities:
  - {code: F01, name: 云泽县人民医院}
  - {code: F05, name: 石桥社区卫生服务中心}
"""


@dataclass
class Hub:
    """A hub that answers on a port, and a client with a clinician's token."""

    base: str
    http: httpx.AsyncClient
    gathering: Gathering
    database: Database
    tokens: dict[str, str]

    async def ask(self, method: str, path: str, body: Any = None, *, who: str = "clinician") -> Any:
        headers = {"authorization": f"Bearer {self.tokens[who]}", "content-type": "application/fhir+json"}
        answer = await self.http.request(
            method, f"{self.base}{path}", content=None if body is None else dumps(body), headers=headers
        )
        return loads(answer.content) if answer.content else None

    async def gather(self) -> None:
        while await self.gathering.turn():
            pass

    async def ticket(self, *sids: str, who: str = "clinician") -> dict[str, Any]:
        """The answer of $get-ws-binding-token, by name."""
        query = "&".join(f"id={sid}" for sid in sids)
        answer = await self.ask("GET", f"/Subscription/$get-ws-binding-token?{query}", who=who)
        return {
            row["name"]: value
            for row in answer.get("parameter", ())
            for name, value in row.items()
            if name.startswith("value")
        }

    async def bound(self, *sids: str) -> ClientConnection:
        """A connection bound to some subscriptions, its handshakes taken."""
        ticket = await self.ticket(*sids)
        client = await connect(ticket["websocket-url"])
        await client.send(f"bind-with-token {ticket['token']}")
        for _ in sids:
            assert (await told(client)).kind == "handshake"
        return client


async def told(client: ClientConnection, seconds: float = 20) -> Post:
    """The next message."""
    async with asyncio.timeout(seconds):
        message = await client.recv()
    assert isinstance(message, str)
    return Post("", {}, message.encode())


@asynccontextmanager
async def serving(url: str, folder: Path) -> AsyncIterator[Hub]:
    config = folder / "consortium.yaml"
    config.write_text(CONSORTIUM, encoding="utf-8")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{listener.getsockname()[1]}/fhir"
        settings = Settings.load({}, database_url=url, data_dir=folder / "data", config=config, base_url=base)
        foundation = Foundation(settings, Log("test", stream=io.StringIO()))
        issuer = Issuer(foundation.keys, Directory(foundation.consortium), system_clock)
        tokens = {
            role: issuer.issue(role=role, organization="F05", practitioner="who")
            for role in ("clinician", "family-doctor")
        }
        database = await Database.connect(url, size=6)
        async with application(foundation, database) as app, telling_parts(foundation, database) as parts:
            server = uvicorn.Server(
                uvicorn.Config(
                    app, log_config=None, lifespan="off", ws="websockets-sansio", timeout_graceful_shutdown=1
                )
            )
            running = asyncio.create_task(server.serve(sockets=[listener]))
            try:
                async with httpx.AsyncClient() as http:
                    while not server.started:
                        await asyncio.sleep(0.01)
                    yield Hub(base, http, parts.gathering, database, tokens)
            finally:
                server.should_exit = True
                await running
        await database.close()


def in_hub(url: str, folder: Path, visit: Callable[[Hub], Awaitable[T]]) -> T:
    async def run() -> T:
        async with serving(url, folder) as hub:
            return await visit(hub)

    return asyncio.run(run())


async def subscribed(hub: Hub, *filters: str, **changes: Any) -> Json:
    made: Json = await hub.ask(
        "POST", "/Subscription", subscription("resource-changed", *filters, channel="websocket", **changes)
    )
    assert made["status"] == "active", made
    return made


def test_a_bound_connection_gets_a_handshake_and_then_events(database_url: str, tmp_path: Path) -> None:
    async def visit(hub: Hub) -> None:
        sid = (await subscribed(hub))["id"]
        ticket = await hub.ticket(sid)
        assert (ticket["subscription"], set(ticket)) == (
            sid,
            {"token", "expiration", "subscription", "websocket-url"},
        )
        async with connect(ticket["websocket-url"]) as client:
            await client.send(f"bind-with-token {ticket['token']}")
            handshake = await told(client)
            assert (handshake.kind, handshake.events) == ("handshake", [])
            who = (await hub.ask("POST", "/Patient", patient()))["id"]
            await hub.gather()
            first = await told(client)
            assert first.events == [(1, f"{hub.base}/Patient/{who}")]
            value = (await hub.ask("POST", "/Observation", observation(who)))["id"]
            await hub.gather()
            assert (await told(client)).events == [(2, f"{hub.base}/Observation/{value}")]

    in_hub(database_url, tmp_path, visit)


def test_what_happened_while_no_connection_was_bound_is_told_to_the_next(database_url: str, tmp_path: Path) -> None:
    async def visit(hub: Hub) -> None:
        sid = (await subscribed(hub))["id"]
        client = await hub.bound(sid)
        await client.close()
        await hub.ask("POST", "/Patient", patient())
        await hub.gather()
        client = await hub.bound(sid)
        assert [number for number, _ in (await told(client)).events] == [1]
        await client.close()

    in_hub(database_url, tmp_path, visit)


def test_one_connection_is_bound_to_several_subscriptions(database_url: str, tmp_path: Path) -> None:
    async def visit(hub: Hub) -> None:
        first, second = (await subscribed(hub, "Patient?"))["id"], (await subscribed(hub, "Observation?"))["id"]
        client = await hub.bound(first, second)
        who = (await hub.ask("POST", "/Patient", patient()))["id"]
        await hub.ask("POST", "/Observation", observation(who))
        await hub.gather()
        messages = [await told(client), await told(client)]
        assert {m.status["subscription"]["reference"].rpartition("/")[2] for m in messages} == {first, second}
        assert [len(m.events) for m in messages] == [1, 1]
        await client.close()

    in_hub(database_url, tmp_path, visit)


def test_the_newest_connection_of_a_subscription_is_told(database_url: str, tmp_path: Path) -> None:
    async def visit(hub: Hub) -> None:
        sid = (await subscribed(hub))["id"]
        old, new = await hub.bound(sid), await hub.bound(sid)
        await asyncio.sleep(1)
        await hub.ask("POST", "/Patient", patient())
        await hub.gather()
        assert [number for number, _ in (await told(new)).events] == [1]
        with pytest.raises(TimeoutError):
            await told(old, 0.7)
        await old.close()
        await new.close()

    in_hub(database_url, tmp_path, visit)


async def closed(client: ClientConnection) -> bool:
    """Whether the hub ends the connection without having told anything."""
    with suppress(ConnectionClosed):
        async with asyncio.timeout(20):
            await client.recv()
        return False
    return True


def test_a_token_binds_once(database_url: str, tmp_path: Path) -> None:
    async def visit(hub: Hub) -> None:
        ticket = await hub.ticket((await subscribed(hub))["id"])
        async with connect(ticket["websocket-url"]) as client:
            await client.send(f"bind-with-token {ticket['token']}")
            assert (await told(client)).kind == "handshake"
        async with connect(ticket["websocket-url"]) as client:
            await client.send(f"bind-with-token {ticket['token']}")
            assert await closed(client)
        async with hub.database.connection() as tx:
            assert await tx.fetchval("SELECT count(*) FROM subscription_ticket") == 0

    in_hub(database_url, tmp_path, visit)


@pytest.mark.parametrize("message", ["bind-with-token x", "bind-with-token ", "hello", "x" * 2000])
def test_a_connection_without_a_token_is_told_nothing(database_url: str, tmp_path: Path, message: str) -> None:
    async def visit(hub: Hub) -> None:
        await subscribed(hub)
        async with connect("ws" + hub.base.removeprefix("http") + "/$subscriptions") as client:
            await client.send(message)
            assert await closed(client)

    in_hub(database_url, tmp_path, visit)


def test_a_token_that_is_too_old_binds_nothing(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def visit(hub: Hub) -> None:
        sid = (await subscribed(hub))["id"]
        monkeypatch.setattr(operations, "LIFETIME", -operations.LIFETIME)
        ticket = await hub.ticket(sid)
        async with connect(ticket["websocket-url"]) as client:
            await client.send(f"bind-with-token {ticket['token']}")
            assert await closed(client)

    in_hub(database_url, tmp_path, visit)


def test_nobody_gets_a_token_for_the_subscription_of_another(database_url: str, tmp_path: Path) -> None:
    async def visit(hub: Hub) -> None:
        sid = (await subscribed(hub))["id"]
        assert await hub.ticket(sid, who="family-doctor") == {}
        answer = await hub.ask("GET", f"/Subscription/{sid}/$get-ws-binding-token", who="family-doctor")
        assert answer["issue"][0]["code"] == "not-found"

    in_hub(database_url, tmp_path, visit)


def test_a_heartbeat_comes_over_a_quiet_connection(database_url: str, tmp_path: Path) -> None:
    async def visit(hub: Hub) -> None:
        client = await hub.bound((await subscribed(hub, heartbeat=1))["id"])
        assert (await told(client)).kind == "heartbeat"
        await client.close()

    in_hub(database_url, tmp_path, visit)


def test_topics_are_listed_for_people(database_url: str, tmp_path: Path) -> None:
    async def visit(hub: Hub) -> None:
        answer = await hub.http.get(
            hub.base.removesuffix("/fhir") + "/api/subscription-topics",
            headers={"authorization": f"Bearer {hub.tokens['clinician']}"},
        )
        told = {topic["id"]: topic for topic in loads(answer.content)["topics"]}
        assert told.keys() == TOPICS.keys()
        assert {"resource": "Observation", "filterParameter": "code"} in told["observation-final"]["canFilterBy"]

    in_hub(database_url, tmp_path, visit)
