"""The page of local codes: who is let in, what is shown, and what an answer does."""

from __future__ import annotations

from datetime import UTC, datetime
from unittest.mock import AsyncMock, Mock

from hub.auth.accounts import Account
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Coded, CodeSuggestion, UnmappedCode
from hub.pipeline.chosen import Filter
from hub.pipeline.code_entries import Approved
from hub.pipeline.codes import SeenCode
from tests.portal.house import DOCTOR, PASSWORD, House, in_house, token_of

NOON = datetime(2026, 5, 20, 4, 0, tzinfo=UTC)
ENGINEER = Account(
    name="ke", role="integration-engineer", organization="F01", practitioner="ke", patient=None, display="柯工"
)
GLUCOSE = SeenCode(
    feed="h1-lis",
    field="OBX-3",
    system="LIS",
    code="GLU&1",
    display="<b>空腹血糖</b>",
    count=7,
    first_seen=NOON,
    last_seen=NOON,
    message=12,
    mapped=False,
)
MEANING = Coded("http://loinc.org", "14771-0", "空腹血糖")
NAMED = {"feed": "h1-lis", "field": "OBX-3", "system": "LIS", "code": "GLU&1"}
ADDRESS = "/codes/one?feed=h1-lis&field=OBX-3&system=LIS&code=GLU%261"


def tools() -> Mock:
    """The queue with one code, one suggestion for it, and messages that met it."""
    suggestion = CodeSuggestion(target=MEANING, score=0.75, why="name")
    approved = Approved(codes=1, version="4", replay=Filter(feed="h1-lis", since=NOON))
    return Mock(
        codes=Mock(find=AsyncMock(return_value=[GLUCOSE])),
        entries=Mock(suggest=AsyncMock(return_value=[suggestion]), approve=AsyncMock(return_value=approved)),
        repairs=Mock(replay=AsyncMock(return_value=[12, 13])),
    )


def test_an_engineer_sees_the_codes_of_the_facility_and_says_what_one_means(database_url: str) -> None:
    made = tools()

    async def visit(home: House) -> None:
        for account in (ENGINEER, DOCTOR):
            await home.accounts.add(account, PASSWORD)
        await home.sign_in(DOCTOR)
        assert (await home.get("/codes")).status_code == 403
        await home.sign_in(ENGINEER)
        page = (await home.get("/codes")).text
        assert "&lt;b&gt;空腹血糖&lt;/b&gt;" in page
        assert ADDRESS.replace("&", "&amp;") in page
        assert made.codes.find.await_args.args[0].facilities == {"ALLIANCE", "F01", "F03", "F05"}
        page = (await home.get(ADDRESS)).text
        assert 'value="http://loinc.org|14771-0|空腹血糖"' in page
        assert "名称相近 75%" in page
        sent = {**NAMED, "form_token": token_of(page), "meaning": "http://loinc.org|14771-0|空腹血糖"}
        answer = await home.post("/codes", sent)
        assert (answer.status_code, answer.headers["location"]) == (303, "/codes?queued=0")
        _, feed, meanings = made.entries.approve.await_args.args
        assert (feed, meanings) == ("h1-lis", {UnmappedCode(field="OBX-3", code="GLU&1", system="LIS"): MEANING})
        made.repairs.replay.assert_not_awaited()
        own = {**sent, "meaning": "", "own_system": "urn:own", "own_code": "x", "reason": "补对照"}
        answer = await home.post("/codes", own)
        assert answer.headers["location"] == "/codes?queued=2"
        assert made.entries.approve.await_args.args[2].popitem()[1] == Coded("urn:own", "x")
        assert made.repairs.replay.await_args.args[2] == "补对照"
        assert "2 条消息已重新排队" in (await home.get("/codes?queued=2")).text

    in_house(database_url, visit, empty=True, codes=made)


def test_what_cannot_be_done_is_told_beside_the_form_and_another_code_is_not_there(database_url: str) -> None:
    made = tools()

    async def visit(home: House) -> None:
        await home.accounts.add(ENGINEER, PASSWORD)
        await home.sign_in(ENGINEER)
        token = token_of((await home.get(ADDRESS)).text)
        empty = await home.post("/codes", {**NAMED, "form_token": token})
        assert empty.status_code == 422
        assert "请选择一项" in empty.text
        made.entries.approve.side_effect = HubError(Category.NOT_FOUND, "no such code is in the queue", where="code")
        sent = {**NAMED, "form_token": token, "own_system": "urn:own", "own_code": "x"}
        gone = await home.post("/codes", sent)
        assert (gone.status_code, "没有生效" in gone.text) == (422, True)
        assert (await home.get(ADDRESS + "0")).status_code == 404
        made.codes.find.return_value = []
        assert "没有等待对照的代码" in (await home.get("/codes")).text
        assert (await home.post("/codes", NAMED)).status_code == 403

    in_house(database_url, visit, empty=True, codes=made)
