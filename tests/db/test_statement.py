"""Statements compiled for asyncpg."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import BigInteger, Column, DateTime, MetaData, Table, Text, Uuid, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert

from hub.db.database import Database
from hub.db.statement import compiled
from hub.kernel.errors import Category, HubError

_PAPER = Table(
    "paper",
    MetaData(),
    Column("id", BigInteger, primary_key=True),
    Column("owner", Uuid, nullable=False),
    Column("words", ARRAY(Text), nullable=False),
    Column("facts", JSONB),
    Column("at", DateTime(timezone=True), nullable=False),
)


def test_a_compiled_statement_writes_and_reads_native_values(database_url: str) -> None:
    write = compiled(insert(_PAPER))
    read = compiled(
        select(_PAPER.c.at, _PAPER.c.owner).where(_PAPER.c.id == bindparam("id"), any_(_PAPER.c.words) == "b")
    )
    row = {
        "id": 1,
        "owner": UUID(int=5),
        "words": ["a", "b"],
        "facts": {"k": [1]},
        "at": datetime(2026, 1, 2, tzinfo=UTC),
    }

    async def scenario() -> tuple[object, ...]:
        database = await Database.connect(database_url)
        async with database.transaction() as tx:
            await tx.execute(
                "CREATE TABLE paper (id bigint, owner uuid, words text[], facts jsonb, at timestamptz)",
            )
            await tx.execute(write.sql, *write.args(row))
            found = await tx.fetchrow(read.sql, *read.args({"id": 1}))
            number = await tx.fetchval("SELECT (facts->'k'->>0)::int FROM paper")
        await database.close()
        assert found is not None
        return (*found, number)

    assert asyncio.run(scenario()) == (row["at"], row["owner"], 1)


def test_a_parameter_used_twice_is_given_once() -> None:
    name = bindparam("name", type_=Text)
    statement = compiled(select(_PAPER.c.id).where((name == any_(_PAPER.c.words)) | (name == "x")))
    assert statement.names == ("name", "param_1")
    assert statement.args({"name": "y"}) == ("y", "x")


def test_a_missing_value_is_named() -> None:
    statement = compiled(select(_PAPER.c.id).where(_PAPER.c.id == bindparam("number")))
    with pytest.raises(HubError, match="number") as told:
        statement.args({})
    assert told.value.category is Category.FAULT


def test_a_list_whose_length_changes_the_text_is_refused() -> None:
    with pytest.raises(HubError, match="depends on its values"):
        compiled(select(_PAPER.c.id).where(_PAPER.c.id.in_([1, 2])))


def test_an_array_parameter_takes_the_place_of_such_a_list() -> None:
    statement = compiled(select(_PAPER.c.id).where(_PAPER.c.id == any_(bindparam("ids", type_=ARRAY(BigInteger)))))
    assert statement.args({"ids": [1, 2]}) == ([1, 2],)
    assert "ANY ($1" in statement.sql
