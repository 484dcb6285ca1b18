"""What comes along: what matches refer to, what refers to them, and on from there with :iterate."""

from __future__ import annotations

from typing import Any

import pytest

from hub.db.database import Database
from hub.kernel.errors import Category, HubError
from hub.store import includes
from hub.store.store import Store
from hub.store.values import Visible
from tests.store.support import EVERYTHING, ask, ids, observation, run, save, write

RECORD: list[dict[str, Any]] = [
    {"resourceType": "Organization", "id": "ward", "partOf": {"reference": "Organization/hospital"}},
    {"resourceType": "Organization", "id": "hospital", "partOf": {"reference": "Organization/county"}},
    {"resourceType": "Organization", "id": "county"},
    {"resourceType": "Patient", "id": "p", "managingOrganization": {"reference": "Organization/ward"}},
    observation("o1", "p", performer=[{"reference": "Organization/ward"}, {"reference": "Patient/p"}]),
    observation("o2", "p", hasMember=[{"reference": "Observation/o1"}], focus=[{"reference": "Observation/absent"}]),
]

#: type, parameters, what is included besides the matches.
CASES: list[tuple[str, list[tuple[str, str]], list[str]]] = [
    ("Observation", [("_id", "o1"), ("_include", "Observation:subject")], ["Patient/p"]),
    ("Observation", [("_id", "o1"), ("_include", "Observation:performer")], ["Organization/ward", "Patient/p"]),
    ("Observation", [("_id", "o1"), ("_include", "Observation:performer:Organization")], ["Organization/ward"]),
    ("Observation", [("_id", "o1"), ("_include", "Patient:organization")], []),
    ("Observation", [("_id", "o2"), ("_include", "Observation:*")], ["Observation/o1", "Patient/p"]),
    ("Observation", [("_include", "Observation:has-member")], []),
    (
        "Observation",
        [("_id", "o1"), ("_include", "Observation:subject"), ("_include", "Patient:organization")],
        ["Patient/p"],
    ),
    (
        "Observation",
        [("_id", "o1"), ("_include", "Observation:subject"), ("_include:iterate", "Patient:organization")],
        ["Organization/ward", "Patient/p"],
    ),
    (
        "Patient",
        [("_include", "Patient:organization"), ("_include:iterate", "Organization:partof")],
        ["Organization/county", "Organization/hospital", "Organization/ward"],
    ),
    ("Patient", [("_revinclude", "Observation:patient")], ["Observation/o1", "Observation/o2"]),
    ("Organization", [("_id", "ward"), ("_revinclude", "Patient:organization")], ["Patient/p"]),
    (
        "Organization",
        [("_id", "ward"), ("_revinclude", "Patient:organization"), ("_revinclude:iterate", "Observation:subject")],
        ["Observation/o1", "Observation/o2", "Patient/p"],
    ),
    ("Patient", [("_revinclude", "Observation:patient:Group")], []),
]


@pytest.mark.parametrize(("rtype", "params", "expected"), CASES)
def test_includes_bring_each_resource_once(
    database_url: str, rtype: str, params: list[tuple[str, str]], expected: list[str]
) -> None:
    async def work(database: Database, store: Store) -> None:
        await save(database, store, *(write(resource) for resource in RECORD))
        for visible in (EVERYTHING, Visible(organizations=("F01",), types=frozenset({"Organization"}))):
            async with database.connection() as connection:
                found = await ask(connection, store, rtype, params, visible)
            assert sorted(ids(found.included)) == expected

    run(database_url, work)


def test_more_than_the_limit_is_refused_rather_than_cut(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(includes, "MOST", 1)

    async def work(database: Database, store: Store) -> None:
        await save(database, store, *(write(resource) for resource in RECORD))
        async with database.connection() as connection:
            with pytest.raises(HubError) as caught:
                await ask(connection, store, "Patient", [("_revinclude", "Observation:patient")])
            assert caught.value.category is Category.TOO_LARGE

    run(database_url, work)


def test_what_many_matches_refer_to_is_fetched_once(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read once for each match, it filled what may be included at most, and others were lost."""
    monkeypatch.setattr(includes, "MOST", 2)
    told = [{"reference": "Organization/hospital"}]
    seen = [observation(f"o{number}", "p", performer=told) for number in range(5)]
    seen.append(observation("z", "p", performer=[{"reference": "Organization/county"}]))

    async def work(database: Database, store: Store) -> list[str]:
        await save(database, store, *map(write, [*RECORD[:4], *seen]))
        async with database.connection() as tx:
            found = await ask(tx, store, "Observation", [("_include", "Observation:performer")])
            return ids(found.included)

    assert run(database_url, work) == ["Organization/county", "Organization/hospital"]
