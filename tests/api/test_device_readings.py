"""Devices at their door: who is let in by secret or signature, once, and for whose readings."""

from __future__ import annotations

import asyncio
import hashlib
import io
from base64 import b64encode
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import httpx
import pytest
from fastapi import FastAPI

from hub.api.device_readings import Attempts, ReadingDoor, reading_route, shown_in
from hub.api.device_senders import sender_doors
from hub.api.json_doors import Asking
from hub.api.numbering import Numbering
from hub.audit.entry import UNKNOWN_ORIGIN
from hub.auth.directory import Directory
from hub.db.database import Database
from hub.kernel.errors import HubError
from hub.kernel.log import Log
from hub.kernel.types import Accepted, State, Taken
from hub.pipeline.devices.senders import Senders, signature
from hub.pipeline.engineer import Engineer
from mappings.devices.feed import devices
from mappings.devices.vendormap import vendor
from tests.auth.consortium import CONSORTIUM
from tests.pipeline.desk import Remembering
from tests.pipeline.fake_feed import NOON
from tests.records.door import DOCTOR

PATH: Final = "/api/devices/F01.bands/readings"
BODY: Final = b'{"data": [{"deviceNum": "W-1", "createTime": 1, "pulse": 70}]}'
OTHERS: Final = BODY.replace(b"W-1", b"W-2")
ENGINEER: Final = Engineer(name="engineer")


class Door:
    """The door over a database, with a clock to be set, and what got through."""

    def __init__(self, database: Database) -> None:
        self.now = NOON
        self.witness: Final = Remembering()
        self.senders: Final = Senders(database, {"F01.bands": "F01"}, b"k" * 32, self.witness, lambda: self.now)
        self.taken: Final[list[bytes]] = []
        self.app: Final = FastAPI()
        door = ReadingDoor(self._take, lambda raw: devices(raw, vendor("wristband")))
        log = Log("test", stream=io.StringIO())
        attempts = Attempts(lambda: self.now, None, of_sender=15, of_address=45)
        route = reading_route({"F01.bands": door}, self.senders.verified, attempts, log, Numbering("d"))
        self.app.router.routes.append(route)

    async def _take(self, raw: bytes, peer: str) -> Taken:
        assert peer.startswith("device ")
        self.taken.append(raw)
        return Taken(messages=(Accepted(message=7, state=State.QUEUED),))

    async def register(self, name: str = "W-1", *, gateway: bool = False, signs: bool = False) -> str:
        return await self.senders.register(ENGINEER, "F01.bands", name, gateway=gateway, signs=signs)

    async def post(self, authorization: str, body: bytes = BODY, path: str = PATH) -> httpx.Response:
        headers = {"authorization": authorization} if authorization else {}
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=self.app), base_url="http://hub") as client:
            return await client.post(path, content=body, headers=headers)

    def signed(self, secret: str, nonce: str = "1", body: bytes = BODY, name: str = "W-1", **changes: Any) -> str:
        time = int(self.now.timestamp()) + changes.get("late", 0)
        over = ("POST", changes.get("path", PATH), hashlib.sha256(body).hexdigest())
        made = signature(secret, time, nonce, over)
        return f'HMAC-SHA256 name="{name}", time="{time}", nonce="{nonce}", signature="{made}"'


def at_the_door(url: str, story: Callable[[Door], Awaitable[None]]) -> None:
    async def run() -> None:
        database = await Database.connect(url, size=2)
        try:
            await story(Door(database))
        finally:
            await database.close()

    asyncio.run(run())


def basic(name: str, secret: str) -> str:
    return "Basic " + b64encode(f"{name}:{secret}".encode()).decode()


def code(answer: httpx.Response) -> str:
    found: str = answer.json()["issue"][0]["details"]["coding"][0]["code"]
    return found


def test_a_device_is_let_in_by_its_secret_or_by_what_it_signs_with_it(database_url: str) -> None:
    async def story(door: Door) -> None:
        secret = await door.register()
        assert (await door.post(basic("W-1", secret))).status_code == 201
        told = await door.post(door.signed(secret))
        assert told.json()["messages"] == [{"message": 7, "state": "queued"}]
        assert door.taken == [BODY, BODY]
        unknown = [
            "",
            "Bearer x",
            basic("W-1\0", secret),
            basic("W-1", secret[:-1] + "x"),
            basic("W-9", secret),
            door.signed(secret, "2", body=OTHERS),
            door.signed(secret, "2", path="/api/devices/other/readings"),
            door.signed("wrong", "2"),
            door.signed(secret, "2", name="W-9"),
            door.signed(secret, "2").replace('nonce="2"', 'nonce="3"'),
        ]
        answers = [await door.post(header) for header in unknown]
        assert {answer.status_code for answer in answers} == {401}
        assert len({answer.content for answer in answers[3:]}) == 1
        assert (await door.post(basic("W-1", secret), path="/api/devices/none/readings")).status_code == 401
        assert len(door.taken) == 2

    at_the_door(database_url, story)


def test_a_signature_is_good_once_and_near_its_time(database_url: str) -> None:
    async def story(door: Door) -> None:
        secret = await door.register()
        header = door.signed(secret)
        assert [(await door.post(header)).status_code for _ in range(2)] == [201, 401]
        assert code(await door.post(header)) == "replayed"
        for late in (-301, 301):
            assert code(await door.post(door.signed(secret, "2", late=late))) == "time"
        assert (await door.post(door.signed(secret, "2", late=299))).status_code == 201
        # When nonces are forgotten, their time alone refuses them.
        door.now += timedelta(minutes=11)
        assert (await door.post(door.signed(secret, "3"))).status_code == 201
        assert code(await door.post(header)) == "time"

    at_the_door(database_url, story)


def test_a_new_secret_makes_the_old_one_worthless_and_a_stopped_sender_sends_no_more(database_url: str) -> None:
    async def story(door: Door) -> None:
        first = await door.register()
        second = await door.register(signs=True)
        assert first != second
        assert (await door.post(door.signed(first))).status_code == 401
        # Registered to sign, its secret alone is not enough.
        assert (await door.post(basic("W-1", second))).status_code == 401
        assert (await door.post(door.signed(second))).status_code == 201
        await door.senders.stop(ENGINEER, "F01.bands", "W-1")
        assert (await door.post(door.signed(second, "2"))).status_code == 401
        with pytest.raises(HubError, match="no sender"):
            await door.senders.stop(ENGINEER, "F01.bands", "W-1")
        assert [deed.detail["name"] for deed in door.witness.deeds] == ["W-1"] * 3
        told = str(await door.senders.listed(ENGINEER, "F01.bands"))
        assert first not in told
        assert second not in told

    at_the_door(database_url, story)


def test_a_device_tells_of_itself_and_a_gateway_of_all(database_url: str) -> None:
    async def story(door: Door) -> None:
        device, gateway = await door.register(), await door.register("cloud", gateway=True)
        assert code(await door.post(basic("W-1", device), OTHERS)) == "other-device"
        assert (await door.post(basic("cloud", gateway), OTHERS)).status_code == 201
        doubtful = b'{"data": [{"deviceNum": "W-1", "deviceNum": "W-2"}]}'
        assert code(await door.post(basic("W-1", device), doubtful)) == "duplicate-key"
        assert (await door.post(basic("W-1", device), b"[" * 100_000)).status_code == 400
        assert (await door.post(basic("W-1", device), b" " * (1024 * 1024 + 1))).status_code == 413
        assert door.taken == [OTHERS]

    at_the_door(database_url, story)


@pytest.mark.parametrize(
    "header",
    [
        "Basic",
        "Basic !!",
        "Basic " + b64encode(b"W-1").decode(),
        'HMAC-SHA256 name="W-1", time="x", nonce="1", signature="a"',
        'HMAC-SHA256 name="W-1", time="1", nonce="1"',
        'HMAC-SHA256 name="W-1", name="W-2", time="1", nonce="1", signature="a"',
    ],
)
def test_a_header_that_shows_nothing_is_refused(header: str) -> None:
    with pytest.raises(HubError, match="names no sender"):
        shown_in(header, ("POST", PATH, ""))


def test_wrong_secrets_wait_and_cost_those_beside_them_nothing(database_url: str) -> None:
    async def story(door: Door) -> None:
        right, other = await door.register(), await door.register("W-2")
        for _ in range(15):
            assert (await door.post(basic("W-1", "wrong"))).status_code == 401
        for header in (basic("W-1", "wrong"), basic("W-1", right), door.signed(right)):
            answer = await door.post(header)
            assert (answer.status_code, answer.headers["retry-after"]) == (429, "4")
        assert (await door.post(basic("W-2", other), OTHERS)).status_code == 201
        door.now += timedelta(seconds=5)
        for _ in range(20):
            assert (await door.post(basic("W-1", right))).status_code == 201, "who gets in gives the attempt back"

    at_the_door(database_url, story)


def test_a_device_that_hammers_does_not_use_up_what_its_address_may_try(database_url: str) -> None:
    async def story(door: Door) -> None:
        other = await door.register("W-2")
        answers = [(await door.post(basic("W-1", "wrong"))).status_code for _ in range(60)]
        assert answers == [401] * 15 + [429] * 45
        assert (await door.post(basic("W-2", other), OTHERS)).status_code == 201

    at_the_door(database_url, story)


def test_an_address_that_tries_many_names_waits_too(database_url: str) -> None:
    async def story(door: Door) -> None:
        answers = [(await door.post(basic(f"W-{n}", "wrong"))).status_code for n in range(50)]
        assert answers == [401] * 45 + [429] * 5

    at_the_door(database_url, story)


def test_administrators_register_and_stop_senders_and_nobody_else(database_url: str) -> None:
    async def story(door: Door) -> None:
        doors = {(each.method, each.path): each for each in sender_doors(door.senders, Directory(CONSORTIUM))}

        async def ask(method: str, path: str, role: str = "administrator", **body: Any) -> Any:
            actor = replace(DOCTOR, role=role, practitioner=None)
            query = {"feed": "F01.bands"} if method == "GET" else {}
            asking = Asking(actor=actor, origin=UNKNOWN_ORIGIN, id="", body=body, query=query, if_match="")
            return (await doors[method, f"/api/device-senders{path}"].handle(asking)).body

        made = await ask("POST", "", feed="F01.bands", name="W-1")
        assert (await door.post(basic("W-1", made["secret"]))).status_code == 201
        assert "secret" not in str(await ask("GET", ""))
        assert await ask("POST", "/stop", feed="F01.bands", name="W-1") == {
            "feed": "F01.bands",
            "name": "W-1",
            "disabled": True,
        }
        assert (await door.post(basic("W-1", made["secret"]))).status_code == 401
        assert [each["disabled"] for each in (await ask("GET", ""))["senders"]] == [True]
        for role in ("clinician", "feed", "integration-engineer"):
            with pytest.raises(HubError, match="role"):
                await ask("POST", "", role, feed="F01.bands", name="W-1")
        for name in ("W\t1", "W:1", "W\n1"):
            with pytest.raises(HubError, match="no number"):
                await ask("POST", "", feed="F01.bands", name=name)

    at_the_door(database_url, story)
