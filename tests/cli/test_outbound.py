"""`yilian outbound` and its doors under `/api`, as an integration engineer uses them. Nobody's data."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import httpx
import pytest
from fastapi import FastAPI

from hub.api.asked import engineer_of
from hub.api.json_doors import door_routes
from hub.api.outbound import outbound_doors
from hub.auth.directory import Directory
from hub.outbound.desk import OutboundDesk
from tests.api.house import ACTORS, house
from tests.auth.consortium import CONSORTIUM
from tests.commands import yilian
from tests.outbound.house import Sending, in_sending, report, result


@pytest.fixture
def refused(database_url: str) -> str:
    """URL of a database with a result that the clinic's system refused."""

    async def visit(sending: Sending) -> None:
        await sending.known()
        await sending.quiet()
        await sending.put(result("a", "v1", "阴性"))
        await sending.put(report("a", "1", "v1"))
        sending.hospital.answers = ["AR"]
        await sending.tell()

    in_sending(database_url, visit)
    return database_url


def test_an_engineer_lists_shows_and_sends_again(refused: str) -> None:
    url = ("--url", refused)
    (feed,) = json.loads(yilian("outbound", "feeds", "--json", *url).stdout)
    assert (feed["name"], feed["dead"], feed["waiting"], feed["error"]) == ("clinic-his", 1, 0, "")
    (dead,) = json.loads(yilian("outbound", "list", "--state", "dead", "--json", *url).stdout)
    assert (dead["kind"], dead["error"]) == ("ORU^R01", "receiver-AR")
    listed, shown = (
        yilian("outbound", "list", *url).stdout,
        yilian("outbound", "show", str(dead["number"]), *url).stdout,
    )
    for text in (listed, shown, json.dumps([feed, dead])):
        assert "F01-a" not in text
        assert "阴性" not in text
        assert "said no" not in text
    assert dead["control"] in shown
    assert yilian("outbound", "resend", str(dead["number"]), *url).stdout == "1\n"
    again = yilian("outbound", "resend", str(dead["number"]), *url)
    assert again.returncode == 2
    assert "no dead letter" in again.stderr
    assert yilian("outbound", "resend", *url).returncode == 2


def test_the_api_has_the_same_for_engineers_and_nobody_else(refused: str) -> None:
    async def ask() -> None:
        async with house(refused) as home:
            app, desk = FastAPI(), OutboundDesk(home.database)
            doors = outbound_doors(desk, engineer_of(Directory(CONSORTIUM)), {"clinic-his": "F05", "other": "F01"})
            app.router.routes += door_routes(home.services, doors)
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://hub.test/api") as client:
                engineer = {"authorization": "Bearer engineer"}
                feeds = await client.get("/outbound-feeds", headers=engineer)
                assert [one["dead"] for one in feeds.json()["feeds"]] == [1]
                told = (await home.http.get("/metrics")).text.splitlines()
                assert 'yilian_outbound_messages{feed="clinic-his",state="dead"} 1' in told
                assert 'yilian_outbound_failures{feed="clinic-his"} 0' in told
                assert not [line for line in told if "outbound" in line and "waiting" in line]
                found = await client.get("/outbound-messages?state=dead&feed=clinic-his", headers=engineer)
                (dead,) = found.json()["messages"]
                assert "F01-a" not in found.text
                assert (await client.get("/outbound-messages?state=lost", headers=engineer)).status_code == 422
                others = replace(ACTORS["engineer"], organization="F01")
                with pytest.MonkeyPatch.context() as patch:
                    patch.setitem(ACTORS, "other", others)
                    elsewhere = {"authorization": "Bearer other"}
                    assert (await client.get("/outbound-messages", headers=elsewhere)).json() == {"messages": []}
                    assert (await client.get("/outbound-feeds", headers=elsewhere)).json() == {"feeds": []}
                    path = f"/outbound-messages/{dead['number']}/resend"
                    assert (await client.post(path, headers=elsewhere)).status_code == 409
                path = f"/outbound-messages/{dead['number']}/resend"
                for who in ("clinic", "auditor", "feed"):
                    assert (await client.post(path, headers={"authorization": f"Bearer {who}"})).status_code == 403
                assert (await client.post(path, headers=engineer)).json() == {"resent": 1}
                assert (await client.post(path, headers=engineer)).status_code == 409

    asyncio.run(ask())
