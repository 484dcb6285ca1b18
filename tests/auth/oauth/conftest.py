"""One hub for all tests of the authorisation server: to start one costs more than all they ask of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator

import pytest

from hub.auth import passwords
from tests.auth.oauth.house import CHEAP, House, Visiting, house
from tests.fixtures import database_of, drop_database, statement

_NAME = "test_oauth"


@pytest.fixture(autouse=True)
def _cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "HASHER", CHEAP)


@pytest.fixture(scope="session")
def visiting(postgres_url: str, _template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visiting]:
    """Runs a visit in the house; what a test registers or disables is its own or set right again."""
    sql = f"CREATE DATABASE {_NAME} TEMPLATE {_template} STRATEGY file_copy"
    asyncio.run(statement(postgres_url, sql))
    with asyncio.Runner() as runner:
        opened = house(database_of(postgres_url, _NAME), tmp_path_factory.mktemp("oauth"))
        home = runner.run(opened.__aenter__())

        async def run(visit: Callable[[House], Awaitable[None]]) -> None:
            await home.right()
            await visit(home)

        yield lambda visit: runner.run(run(visit))
        runner.run(opened.__aexit__(None, None, None))
    drop_database(postgres_url, _NAME)
