"""An archive tells of a study: who may, for which feed, and what is answered."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from unittest.mock import Mock

import httpx
import pytest
from fastapi import FastAPI

from hub.api.imaging.notices import notice_doors
from hub.api.json_doors import door_routes
from hub.api.openapi import document
from hub.api.services import Services
from hub.auth.actor import Actor
from hub.auth.directory import Directory
from hub.kernel.consortium import Feed
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Accepted, State
from tests.api.house import actor
from tests.auth.consortium import CONSORTIUM

FEEDS = {"F01-images": Feed(name="F01-images", facility="F01", transport="archive", format="dicom", archive="a")}
ACTORS = {
    "feed": replace(actor("F01", "feed"), practitioner=None),
    "theirs": replace(actor("F05", "feed"), practitioner=None),
    "administrator": actor("F05", "administrator"),
    "doctor": actor("F01"),
}


async def pull(study: str, peer: str) -> Accepted:
    assert peer.startswith("notice ")
    if study == "1.9":
        raise HubError(Category.UNAVAILABLE, "is away", where="imaging archive", code="archive-away")
    return Accepted(message=7, state=State.QUEUED)


def post(token: str, feed: str, body: object) -> httpx.Response:
    async def verify(told: str) -> Actor:
        return ACTORS[told]

    consortium = replace(CONSORTIUM, feeds=FEEDS)
    services = Mock(spec=Services, verify=verify, new_id=lambda: "abcdefgh", max_body_bytes=1000)
    doors = notice_doors({"F01-images": pull}, consortium, Directory(consortium))
    app = FastAPI()
    app.router.routes += door_routes(services, doors)
    assert "StudyNotice" in str(document(doors, "1"))

    async def story() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://hub") as client:
            headers = {"authorization": f"Bearer {token}"}
            return await client.post(f"/api/imaging/{feed}/notices", json=body, headers=headers)

    return asyncio.run(story())


@pytest.mark.parametrize("token", ["feed", "administrator"])
def test_who_tells_of_a_study_learns_that_it_was_taken(token: str) -> None:
    answer = post(token, "F01-images", {"study": "1.2.3"})
    assert (answer.status_code, answer.json()) == (201, {"message": 7, "state": "queued"})


@pytest.mark.parametrize(
    ("token", "feed", "body", "status"),
    [
        ("theirs", "F01-images", {"study": "1.2"}, 404),
        ("feed", "none", {"study": "1.2"}, 404),
        ("doctor", "F01-images", {"study": "1.2"}, 403),
        ("feed", "F01-images", {"study": "../patients"}, 422),
        ("feed", "F01-images", {}, 422),
        ("feed", "F01-images", {"study": "1.2", "more": 1}, 422),
        ("feed", "F01-images", {"study": "1.9"}, 503),
    ],
)
def test_what_is_not_taken_is_told_so_that_it_is_told_again(token: str, feed: str, body: object, status: int) -> None:
    assert post(token, feed, body).status_code == status
