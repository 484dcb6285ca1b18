"""Files over HTTP: who may send for which feed, and what is answered."""

from __future__ import annotations

import asyncio
from base64 import b64decode
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from unittest.mock import Mock

import httpx
import pytest
from fastapi import FastAPI

from hub.api.feeds import feed_doors
from hub.api.json_doors import door_routes
from hub.api.openapi import document
from hub.api.services import Services
from hub.auth.actor import Actor
from hub.auth.directory import Directory
from hub.gate.origin import Origin
from hub.kernel.consortium import Feed
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Accepted, State, Taken
from tests.api.house import actor
from tests.auth.consortium import CONSORTIUM

FEEDS = {
    "F01.forms": Feed(name="F01.forms", facility="F01", transport="http", format="form"),
    "F01.own": Feed(name="F01.own", facility="F01", transport="http", format="cda", clients=("emr",)),
    "F01.docs": Feed(name="F01.docs", facility="F01", transport="http", format="mhd"),
    "F01.his": Feed(name="F01.his", facility="F01", transport="mllp"),
}
ACTORS = {
    "emr": replace(actor("F01", "feed"), practitioner=None, client="emr"),
    "feed": replace(actor("F01", "feed"), practitioner=None),
    "theirs": replace(actor("F05", "feed"), practitioner=None),
    "administrator": actor("F05", "administrator"),
    "doctor": actor("F01"),
}


async def take(raw: bytes, peer: str) -> Taken:
    assert peer.startswith("http ")
    if raw == b"!":
        return Taken(
            messages=(Accepted(message=9, state=State.DEAD),), refusal=HubError(Category.UNREADABLE, "no", code="x")
        )
    return Taken(messages=(Accepted(message=7, state=State.QUEUED),), to_mend=b"mend")


class Witness:
    """Remembers what the audit trail would be told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, object]] = []

    async def taken(self, actor: Actor, origin: Origin, feed: str, messages: Sequence[int]) -> None:
        assert origin.address
        self.told.append((actor.role, feed, list(messages)))

    async def refused(self, actor: Actor, origin: Origin, feed: str, code: str) -> None:
        assert origin.address
        self.told.append((actor.role, feed, code))


def post(
    token: str, feed: str, content: bytes | AsyncIterator[bytes] = b"a,b", witness: Witness | None = None
) -> httpx.Response:
    async def verify(told: str) -> Actor:
        return ACTORS[told]

    consortium = replace(CONSORTIUM, feeds=FEEDS)
    services = Mock(spec=Services, verify=verify, new_id=lambda: "abcdefgh", max_body_bytes=10)
    doors = feed_doors(
        dict.fromkeys(("F01.forms", "F01.own", "F01.docs"), take),
        consortium,
        Directory(consortium),
        witness or Witness(),
    )
    app = FastAPI()
    app.router.routes += door_routes(services, doors)
    assert "*/*" in str(document(doors, "1"))

    async def story() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://hub") as client:
            headers = {"authorization": f"Bearer {token}", "content-type": "text/csv"}
            return await client.post(f"/api/feeds/{feed}", content=content, headers=headers)

    return asyncio.run(story())


@pytest.mark.parametrize("token", ["feed", "administrator"])
def test_a_sender_learns_the_state_of_every_message_and_what_to_mend(token: str) -> None:
    answer = post(token, "F01.forms", b"longer than ten bytes")
    assert answer.status_code == 201
    told = answer.json()
    assert told["messages"] == [{"message": 7, "state": "queued"}]
    assert told["states"] == {"queued": 1}
    assert b64decode(told["mend"]) == b"mend"


@pytest.mark.parametrize(
    ("token", "feed", "status"),
    [("theirs", "F01.forms", 404), ("feed", "F01.his", 404), ("feed", "none", 404), ("doctor", "F01.forms", 403)],
)
def test_nobody_sends_for_others_and_feeds_of_others_look_absent(token: str, feed: str, status: int) -> None:
    assert post(token, feed).status_code == status


@pytest.mark.parametrize("token", ["feed", "administrator"])
def test_submissions_of_documents_do_not_pass_beside_the_door_that_judges_them(token: str) -> None:
    assert post(token, "F01.docs", b"{}").status_code == 404


def test_a_file_that_was_not_taken_apart_is_refused() -> None:
    assert post("feed", "F01.forms", b"!").status_code == 400


def test_a_feed_with_clients_of_its_own_takes_files_of_nobody_else() -> None:
    assert post("emr", "F01.own").status_code == 201
    assert [post(who, "F01.own").status_code for who in ("feed", "theirs", "administrator")] == [404] * 3


@pytest.mark.parametrize(
    ("token", "feed", "content", "told"),
    [
        ("feed", "F01.forms", b"a,b", ("feed", "F01.forms", [7])),
        ("feed", "F01.forms", b"!", ("feed", "F01.forms", [9])),
        ("theirs", "F01.forms", b"a,b", ("feed", "", "no-feed")),
    ],
)
def test_who_sent_what_is_in_the_audit_trail(token: str, feed: str, content: bytes, told: tuple[object, ...]) -> None:
    witness = Witness()
    post(token, feed, content, witness)
    assert witness.told == [told]


def test_a_file_of_somebody_who_sends_none_is_not_even_read() -> None:
    read: list[bytes] = []

    async def file() -> AsyncIterator[bytes]:
        read.append(b"a,b")
        yield b"a,b"

    assert post("doctor", "F01.forms", file()).status_code == 403
    assert read == []
    assert post("feed", "F01.forms", file()).status_code == 201
    assert read == [b"a,b"]
