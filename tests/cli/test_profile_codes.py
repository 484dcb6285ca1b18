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

from hub.cli import profile
from hub.cli.main import app
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
def find(monkeypatch: pytest.MonkeyPatch) -> AsyncMock:
    """The desk's `codes.find`, which gives one code."""
    asked = AsyncMock(return_value=[GLUCOSE])

    def at_desk(_: Any, work: Callable[[Any], Awaitable[Any]]) -> Any:
        async def run() -> Any:
            return await work(Mock(codes=Mock(find=asked, forget=AsyncMock(return_value=3))))

        return asyncio.run(run())

    monkeypatch.setattr(profile, "at_desk", at_desk)
    return asked


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
