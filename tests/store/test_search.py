"""Single answers of search that deserve a sentence of their own; the rest is in test_search_against_oracle.py."""

from __future__ import annotations

import pytest

from hub.db.database import Database
from hub.store.store import Store
from tests.store.support import ask, ids, observation, patient, run, save, stored, write


class AbandonedError(Exception):
    """Rolls a transaction back."""


def test_a_text_whose_first_transaction_was_rolled_back_is_found_after_the_next(database_url: str) -> None:
    coded = observation("o", "p", code={"text": "Körpergewicht"})

    async def work(database: Database, store: Store) -> None:
        with pytest.raises(AbandonedError):
            async with database.transaction() as tx:
                await store.save(tx, [write(coded)])
                await store.save(tx, [write({**coded, "id": "again"})])
                raise AbandonedError
        await save(database, store, write(coded))
        async with database.connection() as connection:
            found = await ask(connection, store, "Observation", [("code:text", "korper")])
        assert ids(found.matches) == ["Observation/o"]

    run(database_url, work)


def test_an_update_replaces_everything_the_index_held(database_url: str) -> None:
    async def work(database: Database, store: Store) -> None:
        first = write({"resourceType": "Patient", "id": "p", "name": [{"family": "Old"}], "birthDate": "1980"})
        await save(database, store, first)
        current = await stored(database, store, "p")
        renamed = {"resourceType": "Patient", "id": "p", "name": [{"family": "New"}], "gender": "male"}
        await save(database, store, write(renamed, current=current))
        async with database.connection() as connection:
            for params, total in (
                ([("name", "old")], 0),
                ([("name", "new")], 1),
                ([("birthdate", "1980")], 0),
                ([("birthdate:missing", "true")], 1),
                ([("gender", "male")], 1),
            ):
                assert (await ask(connection, store, "Patient", params)).total == total

    run(database_url, work)


def test_a_search_over_all_types_takes_parameters_every_resource_has(database_url: str) -> None:
    tagged = {"meta": {"tag": [{"system": "urn:a", "code": "x"}]}}

    async def work(database: Database, store: Store) -> None:
        await save(database, store, patient("p", **tagged), patient("q"), write(observation("p", "p", **tagged)))
        async with database.connection() as connection:
            for params, expected in (
                ([("_tag", "urn:a|x")], ["Observation/p", "Patient/p"]),
                ([("_id", "p")], ["Observation/p", "Patient/p"]),
                ([("_id", "p"), ("_type", "Patient")], ["Patient/p"]),
                ([("_id:not", "p")], ["Patient/q"]),
                ([("_lastUpdated", "gt2027")], []),
            ):
                assert sorted(ids((await ask(connection, store, None, params)).matches)) == expected, params

    run(database_url, work)


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("url", "http://a.example/fhir/ValueSet/v", True),
        ("url", "http://a.example/fhir", False),
        ("url:below", "http://a.example/fhir/", True),
        ("url:below", "http://a.example/fhir/ValueSet/v", True),
        ("url:below", "http://a.example/fh", False),
        ("url:above", "http://a.example/fhir/ValueSet/v/1/2", True),
        ("url:above", "http://a.example/fhir/ValueSet/vv", False),
    ],
)
def test_uris_are_compared_whole_or_by_their_path(database_url: str, name: str, value: str, found: bool) -> None:
    value_set = {"resourceType": "ValueSet", "id": "v", "url": "http://a.example/fhir/ValueSet/v", "status": "active"}

    async def work(database: Database, store: Store) -> None:
        await save(database, store, write(value_set))
        async with database.connection() as connection:
            assert (await ask(connection, store, "ValueSet", [(name, value)])).total == int(found)

    run(database_url, work)


def test_a_text_longer_than_the_index_holds_is_compared_to_its_end(database_url: str) -> None:
    long = "a" * 5000

    async def work(database: Database, store: Store) -> None:
        await save(database, store, write({"resourceType": "Organization", "id": "o", "name": long + "z"}))
        async with database.connection() as connection:
            for params, total in (
                ([("name", long)], 1),
                ([("name", long + "y")], 0),
                ([("name:exact", long + "z")], 1),
                ([("name:exact", long)], 0),
            ):
                assert (await ask(connection, store, "Organization", params)).total == total

    run(database_url, work)
