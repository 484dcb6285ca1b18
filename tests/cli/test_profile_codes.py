"""The list of local codes, for people and for programs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from unittest.mock import AsyncMock, Mock

import pytest
from typer.testing import CliRunner

from hub.cli import profile_codes
from hub.cli.main import app
from hub.kernel.types import Coded, CodeSuggestion, UnmappedCode
from hub.pipeline.chosen import Filter
from hub.pipeline.code_entries import Approved
from hub.pipeline.codes import SeenCode

NOON = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
GLUCOSE = SeenCode(
    feed="F03.lis",
    field="OBX-3",
    system="LIS",
    code="GLU",
    display="葡萄糖[血]",
    count=7,
    first_seen=NOON,
    last_seen=NOON,
    message=12,
    mapped=False,
)


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Mock:
    """The desk: one code in the queue, one suggestion, and messages to replay."""
    suggestion = CodeSuggestion(target=Coded("http://loinc.org", "14771-0", "Fasting glucose"), score=0.75, why="name")
    approved = Approved(codes=1, version="4", replay=Filter(feed="F03.lis", since=NOON))
    made = Mock(
        codes=Mock(find=AsyncMock(return_value=[GLUCOSE]), forget=AsyncMock(return_value=3)),
        entries=Mock(suggest=AsyncMock(return_value=[suggestion]), approve=AsyncMock(return_value=approved)),
        repairs=Mock(replay=AsyncMock(return_value=[12, 13])),
    )

    def at_desk(_: Any, work: Callable[[Any], Awaitable[Any]]) -> Any:
        async def run() -> Any:
            return await work(made)

        return asyncio.run(run())

    monkeypatch.setattr(profile_codes, "at_desk", at_desk)
    return made


@pytest.fixture
def find(desk: Mock) -> AsyncMock:
    """The desk's `codes.find`."""
    found: AsyncMock = desk.codes.find
    return found


def test_codes_are_listed_for_people(find: AsyncMock) -> None:
    done = CliRunner().invoke(app, ["profile", "codes", "--feed", "F03.lis", "--all"], env={"COLUMNS": "200"})
    assert done.exit_code == 0
    assert done.stdout.splitlines()[1].split()[:6] == ["F03.lis", "OBX-3", "GLU", "LIS", "葡萄糖[血]", "7"]
    assert find.await_args is not None
    assert find.await_args.kwargs == {"feed": "F03.lis", "every": True}


def test_codes_are_listed_for_programs(find: AsyncMock) -> None:
    (told,) = json.loads(CliRunner().invoke(app, ["profile", "codes", "--json"]).stdout)
    assert (told["code"], told["count"], told["mapped"]) == ("GLU", 7, False)


def test_codes_with_an_entry_are_forgotten_before_the_rest_is_listed(find: AsyncMock) -> None:
    done = CliRunner().invoke(app, ["profile", "codes", "--forget", "--json"])
    assert done.stderr == "yilian: 3 codes with an entry are no longer noted\n"
    assert len(json.loads(done.stdout)) == 1


def test_a_code_is_suggested_meanings_given_one_and_its_messages_are_replayed(desk: Mock) -> None:
    local = UnmappedCode(field="OBX-3", code="GLU", system="LIS")
    asked = ["F03.lis", "OBX-3", "GLU", "--system", "LIS"]
    (told,) = json.loads(CliRunner().invoke(app, ["profile", "suggest", *asked, "--json"]).stdout)
    assert told == {
        **{"system": "http://loinc.org", "code": "14771-0", "display": "Fasting glucose"},
        **{"score": 0.75, "why": "name"},
    }
    meaning = ["--as", "http://loinc.org|14771-0", "--replay", "--reason", "mapped"]
    done = CliRunner().invoke(app, ["profile", "approve", *asked, *meaning])
    assert done.stdout.splitlines() == ["in force: version 4 of the codes of F03.lis", "2 messages are queued again"]
    assert desk.entries.approve.await_args.args[1:] == ("F03.lis", {local: Coded("http://loinc.org", "14771-0")})
    assert desk.repairs.replay.await_args.args[0] == Filter(feed="F03.lis", since=NOON)
    assert CliRunner().invoke(app, ["profile", "approve", *asked, "--as", "14771-0"]).exit_code != 0
