"""The gate's predicate in the ways to a record that are no search, and what its parts mean."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.db.database import Database, Tx
from hub.fhir.compartments import source_patient
from hub.kernel.clock import fixed_clock
from hub.kernel.ids import hash128, reference_key
from hub.kernel.types import Json
from hub.store import conditions as c
from hub.store.resource_types import NUMBERS
from hub.store.store import Store
from hub.store.values import Facts, Group, Panel, Portion, Relation, Stored, Visible
from tests.store import predicate_strategies, strategies
from tests.store.conftest import Bench
from tests.store.predicate_oracle import World
from tests.store.support import NOW, ask, ids, observation, patient, run, save, settle, write

ALL = frozenset(NUMBERS)
PEOPLE = tuple(strategies.PEOPLE)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    records=strategies.records,
    facts=st.tuples(predicate_strategies.facts, predicate_strategies.facts),
    visible=predicate_strategies.visible,
    world=predicate_strategies.worlds,
)
def test_a_record_an_include_and_a_whole_search_show_what_a_naive_evaluation_lets_see(
    bench: Bench, records: list[Json], facts: tuple[Facts, Facts], visible: Visible, world: World
) -> None:
    pairs = [(resource, facts[number % 2]) for number, resource in enumerate(records)]
    bench.runner.run(_compare(bench.connection, pairs, visible, world))


async def _compare(connection: Any, pairs: Sequence[tuple[Json, Facts]], visible: Visible, world: World) -> None:
    store = Store(fixed_clock(NOW))
    seen = {name(resource) for resource, facts in pairs if world.sees(visible, resource, facts)}
    transaction = connection.transaction()
    await transaction.start()
    try:
        await store.save(connection, [write(resource, facts=facts) for resource, facts in pairs])
        await settle(connection, store, world)
        await _compare_records(connection, store, pairs, visible, seen)
        for rtype in ("Patient", "Observation", "Organization"):
            found = await ask(connection, store, rtype, [("_include", f"{rtype}:*")], visible)
            assert sorted(ids(found.matches)) == sorted(one for one in seen if one.startswith(rtype))
            assert set(ids(found.included)) <= seen
    finally:
        await transaction.rollback()


async def _compare_records(
    tx: Tx, store: Store, pairs: Sequence[tuple[Json, Facts]], visible: Visible, seen: set[str]
) -> None:
    own = {name(resource) for resource, _ in pairs if source_patient(resource) in PEOPLE}
    for patients in [PEOPLE, *((one,) for one in PEOPLE)]:
        wanted = {name(resource) for resource, _ in pairs if source_patient(resource) in patients} & seen
        portion = Portion(patients=patients, types=ALL, leading=ALL, referred=ALL)
        found = await store.everything(tx, portion, visible, count=50)
        assert set(ids(found.matches)) == wanted
        assert set(ids(found.included)) <= seen - own
        assert await store.holds(tx, patients, ALL, visible) == bool(wanted)


def name(resource: Json) -> str:
    return f"{resource['resourceType']}/{resource['id']}"


def panel(condition: c.Condition | None = None, *parties: str) -> Panel:
    return Panel(kind="care", parties=parties or ("F01",), at=NOW, condition=condition or c.Always())


def tie(rid: str, party: str = "F01", days: tuple[int, int] = (-1, 1)) -> Relation:
    low, high = (NOW + timedelta(days=day) for day in days)
    return Relation(
        pkey=reference_key("Patient", rid), key=hash128(party), kind="care", party=party, low=low, high=high
    )


async def shown(database: Database, store: Store, visible: Visible) -> list[str]:
    async with database.connection() as connection:
        return sorted(ids((await ask(connection, store, None, [], visible)).matches))


def test_a_panel_opens_the_records_of_all_sources_of_a_related_person(database_url: str) -> None:
    async def work(database: Database, store: Store) -> None:
        await save(database, store, *(patient(rid) for rid in "abcd"))
        relations = [tie("a"), tie("c", "F02"), tie("d", days=(-9, -1))]
        async with database.transaction() as tx:
            await settle(tx, store, World({"a": "x", "b": "x"}, relations))
        assert await shown(database, store, Visible(panel=panel())) == ["Patient/a", "Patient/b"]
        assert await shown(database, store, Visible(panel=panel(None, "F01", "F02"))) == [
            "Patient/a",
            "Patient/b",
            "Patient/c",
        ]
        assert await shown(database, store, Visible(panel=panel(c.Never()))) == []

    run(database_url, work)


def test_totals_chains_and_has_look_at_the_whole_panel_with_all_sources(database_url: str) -> None:
    async def work(database: Database, store: Store) -> None:
        await save(database, store, *(patient(rid, gender="male") for rid in "abc"))
        await save(database, store, *(write(observation(f"o{rid}", rid)) for rid in "abc"))
        async with database.transaction() as tx:
            await settle(tx, store, World({"a": "x", "b": "x"}, [tie("a")]))
        searches = [
            ("Observation", ("code", "x")),
            ("Observation", ("patient.gender", "male")),
            ("Patient", ("_has:Observation:patient:code", "x")),
            ("Patient", ("gender", "male")),
        ]
        async with database.connection() as connection:
            for rtype, pair in searches:
                found = await ask(connection, store, rtype, [pair], Visible(panel=panel()), count=1)
                assert (found.total, len(found.matches)) == (2, 1)

    run(database_url, work)


def test_both_ends_of_a_relation_belong_to_it(database_url: str) -> None:
    async def work(database: Database, store: Store) -> None:
        await save(database, store, *(patient(rid) for rid in "abcd"))
        relations = [tie("a", days=(0, 9)), tie("b", days=(-9, 0)), tie("c", days=(1, 9)), tie("d", days=(-9, -1))]
        async with database.transaction() as tx:
            await settle(tx, store, World({}, relations))
        assert await shown(database, store, Visible(panel=panel())) == ["Patient/a", "Patient/b"]

    run(database_url, work)


def test_a_group_settles_its_patients_whatever_the_panel_says(database_url: str) -> None:
    async def work(database: Database, store: Store) -> None:
        await save(database, store, *(patient(rid) for rid in "ab"))
        async with database.transaction() as tx:
            await settle(tx, store, World({}, [tie("a"), tie("b")]))
        closed = Group(pkeys=(reference_key("Patient", "a"),), condition=c.Never())
        assert await shown(database, store, Visible(panel=panel(), groups=(closed,))) == ["Patient/b"]
        opened = Group(pkeys=(reference_key("Patient", "a"),), condition=c.Always())
        assert await shown(database, store, Visible(groups=(opened,))) == ["Patient/a"]

    run(database_url, work)


def test_types_are_open_only_of_what_is_about_no_patient(database_url: str) -> None:
    async def work(database: Database, store: Store) -> None:
        about_a_group = {**observation("g", "x"), "subject": {"reference": "Group/g"}}
        await save(database, store, write(observation("o", "a")), write(about_a_group))
        assert await shown(database, store, Visible(types=frozenset({"Observation"}))) == ["Observation/g"]
        assert await shown(database, store, Visible(organizations=("F01",))) == ["Observation/o"]

    run(database_url, work)


def test_references_are_found_that_no_search_parameter_finds(database_url: str) -> None:
    async def work(database: Database, store: Store) -> None:
        note = {"authorReference": {"reference": "Practitioner/p/_history/2"}, "text": '"reference":"Practitioner/q"'}
        far = {"reference": "http://elsewhere.example/Practitioner/q"}
        await save(
            database, store, write(observation("o", "a", note=[note], extension=[{"url": "u", "valueReference": far}]))
        )
        for target, expected in (("p", ["Observation/o"]), ("q", [])):
            condition = c.RefersTo(frozenset({reference_key("Practitioner", target)}))
            visible = Visible(groups=(Group(pkeys=(reference_key("Patient", "a"),), condition=condition),))
            assert await shown(database, store, visible) == expected

    run(database_url, work)


def test_an_include_of_everything_follows_search_parameters_only(database_url: str) -> None:
    async def work(database: Database, store: Store) -> list[Stored]:
        noted = observation("o", "a", note=[{"authorReference": {"reference": "Practitioner/p"}}])
        await save(database, store, patient("a"), write(noted), write({"resourceType": "Practitioner", "id": "p"}))
        async with database.connection() as connection:
            return (await ask(connection, store, "Observation", [("_include", "Observation:*")])).included

    assert ids(run(database_url, work)) == ["Patient/a"]
