"""The page of whoever watches how the hub runs."""

from __future__ import annotations

import re
from datetime import timedelta

from hub.auth.accounts import Account
from hub.kernel.types import Envelope, Received
from hub.pipeline.inbox import PostgresInbox
from tests.portal.house import DOCTOR, PASSWORD, PATIENT, PERSON, House, in_house

ENGINEER = Account(
    name="shao", role="integration-engineer", organization="F02", practitioner="shao", patient=None, display="邵启明"
)
ADMINISTRATOR = Account(
    name="root", role="administrator", organization="F01", practitioner=None, patient=None, display="管理员"
)


async def received(home: House, feed: str, minutes: int) -> None:
    inbox = PostgresInbox(home.database, {feed: feed[:3]})
    at = home.clock() - timedelta(minutes=minutes)
    envelope = Envelope(identity="1", kind="ADT^A01", lanes=())
    await inbox.accept(Received(feed=feed, raw=b"{}", envelope=envelope, received_at=at, peer=""))
    await inbox.close()


def rows(page: str) -> dict[str, list[str]]:
    """What each feed is said to be, in the order of the page: tag, then what is said of it."""
    found = {}
    for row in re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL):
        if name := re.search(r'class="(?:muted )?code">([^<]+)<', row):
            first = row.partition("</td>")[0]
            found[name[1]] = re.findall(r">([^<>]+)</(?:span|small)>", first)
    return found


def test_an_administrator_sees_every_feed_the_worst_first(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.accounts.add(ADMINISTRATOR, PASSWORD)
        async with home.database.transaction() as tx:
            await tx.execute("INSERT INTO outbound_feed (name, since) VALUES ('F01-out', '1'), ('gone', '1')")
        await received(home, "F01-his", 5)
        await received(home, "F03-lis", 100)
        assert (await home.sign_in(ADMINISTRATOR)).headers["location"] == "/"
        assert (await home.get("/")).headers["location"] == "/feeds"
        page = (await home.get("/feeds")).text
        assert rows(page) == {
            "F01-his": ["注意", "消息等待超过一分钟"],
            "F03-lis": ["告警", "消息积压超过十分钟，请检查处理进程", "久未收到消息，请检查发送方是否在运行"],
            "F02-forms": ["正常"],
            "F01-out": ["正常"],
        }
        assert list(rows(page)) == ["F03-lis", "F01-his", "F02-forms", "F01-out"]
        assert "F03-lis" in (await home.get("/feeds?lang=en")).text

    in_house(database_url, visit, empty=True)


def test_an_engineer_sees_those_of_the_own_organisation_and_no_record(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.accounts.add(ENGINEER, PASSWORD)
        await home.sign_in(ENGINEER)
        assert list(rows((await home.get("/feeds")).text)) == ["F02-forms"]
        for path in ("/record", f"/record/{PERSON}", "/consents", "/ask", "/second", "/review", "/looked"):
            assert (await home.get(path)).status_code in {403, 404}, path
        found = await home.submit("/find", "/find", name="沈桂兰", born="1958-04-12")
        assert found.status_code == 403

    in_house(database_url, visit)


def test_nobody_else_does(database_url: str) -> None:
    async def visit(home: House) -> None:
        home.http.cookies.clear()
        assert (await home.get("/feeds")).headers["location"] == "/"
        for account in (DOCTOR, PATIENT):
            await home.sign_in(account)
            assert (await home.get("/feeds")).status_code == 403

    in_house(database_url, visit)
