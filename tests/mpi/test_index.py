"""The index over a real database: what becomes of registrations, one after the other and at once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from hub.db.database import Tx
from hub.kernel.errors import HubError
from hub.kernel.ids import reference_key
from hub.mpi import blocking, index_read, lookup, meeting
from hub.mpi.hashes import block_key, hash64
from hub.mpi.registration import Source, Statement
from tests.mpi.people import citizen_id
from tests.mpi.registry import Registry, patient, with_registry

_ID = citizen_id("1962-06-08", 301)
_OTHER_ID = citizen_id("1962-06-18", 303)


def mingyuan(rid: str, **more: Any) -> dict[str, Any]:
    return patient(rid, "杜明远", **{"born": "1962-06-08", "gender": "male", **more})


def test_two_registrations_of_one_person_become_one_whether_in_one_batch_or_in_two(database_url: str) -> None:
    async def story(registry: Registry) -> None:
        await registry.register(mingyuan("a", citizen_id=_ID), mingyuan("b", citizen_id=_ID))
        await registry.register(mingyuan("c", citizen_id=_ID), patient("d", "赵平", born="1950-02-11"))
        assert await registry.persons() == [["a", "b", "c"], ["d"]]

    with_registry(database_url, story)


def test_a_namesake_with_another_citizen_id_stays_another_person(database_url: str) -> None:
    async def story(registry: Registry) -> None:
        await registry.register(mingyuan("p6"))
        await registry.register(mingyuan("p6-f04", citizen_id=_ID), facility="F04")
        await registry.register(mingyuan("p6b", born="1962-06-18", citizen_id=_OTHER_ID), facility="F04")
        assert await registry.persons() == [["p6", "p6-f04"], ["p6b"]]
        # A merge of F01's own numbers moves nobody else.
        await registry.register(mingyuan("p6-new", phone="13800990001"))
        await registry.state(9, "A40", "p6", "p6-new")
        assert await registry.persons() == [["p6", "p6-f04", "p6-new"], ["p6b"]]

    with_registry(database_url, story)


def test_unchanged_demographics_cost_one_statement_and_no_write(database_url: str) -> None:
    async def story(registry: Registry) -> None:
        await registry.register(mingyuan("a", citizen_id=_ID))
        said: list[str] = []
        async with registry.database.transaction() as tx:
            tx.add_query_logger(lambda query: said.append(query.query))
            again = mingyuan("a", citizen_id=_ID, active=True, maritalStatus={"text": "已婚"})
            await registry.index.register(tx, [Source("a", "F01", again)])
            await asyncio.sleep(0)  # loggers are called soon
            assert len(said) == 1
            assert await tx.fetchval("SELECT pg_current_xact_id_if_assigned()") is None

    with_registry(database_url, story)


@pytest.mark.parametrize("batch", [1, 2])
def test_two_transactions_at_once_make_one_person_of_two_records_of_one_new_person(
    database_url: str, batch: int
) -> None:
    async def story(registry: Registry) -> None:
        async def one(rid: str, *more: dict[str, Any]) -> None:
            async with registry.database.transaction() as tx:
                sources = [Source(r["id"], "F01", r) for r in (mingyuan(rid, citizen_id=_ID), *more)]
                await registry.index.register(tx, sources)
                await asyncio.sleep(0.1)  # the other one has begun

        strangers = [patient(f"s{n}", "赵平", born="1950-02-11") for n in range(2)]
        await asyncio.gather(one("a", *strangers[: batch - 1]), one("b", *strangers[2 - batch + 1 :]))
        assert ["a", "b"] in await registry.persons()

    with_registry(database_url, story)


def test_two_transactions_at_once_never_bring_two_who_contradict_into_one_person(database_url: str) -> None:
    async def story(registry: Registry) -> None:
        insured = {"type": {"coding": [{"code": "NH"}]}, "value": "990155501234"}
        known = mingyuan("p", phone="13800990001")
        known["identifier"] = [insured]
        one = mingyuan("a", citizen_id=_ID)
        one["identifier"].append(insured)
        other = mingyuan("b", born="1962-06-18", citizen_id=_OTHER_ID, phone="13800990001")

        async def write(resource: dict[str, Any]) -> None:
            async with registry.database.transaction() as tx:
                await registry.index.register(tx, [Source(resource["id"], "F01", resource)])
                await asyncio.sleep(0.1)

        await registry.register(known)
        await asyncio.gather(write(one), write(other))
        assert sorted(map(len, await registry.persons())) == [1, 2]
        assert not any({"a", "b"} <= set(person) for person in await registry.persons())

    with_registry(database_url, story)


_NAMES = [f"{surname}{given}" for surname in "赵钱孙李周吴郑王" for given in "平安福寿康宁"]


@pytest.mark.parametrize("shared", ["13800990001", ""], ids=["who share a telephone", "who share only names"])
def test_writers_never_wait_for_each_other_in_a_circle(database_url: str, shared: str) -> None:
    def batch(writer: int, turn: int) -> list[Source]:
        born = "1984-05-17" if shared else f"1984-0{writer + 1}-{turn + 10}"
        people = enumerate(_NAMES if writer % 2 else _NAMES[::-1])
        rows = [(f"w{writer}-{turn}-{n}", name) for n, name in people]
        return [Source(rid, "F01", patient(rid, name, born=born, phone=shared)) for rid, name in rows]

    async def story(registry: Registry) -> None:
        async def write(writer: int) -> None:
            for turn in range(4):
                async with registry.database.transaction() as tx:
                    await registry.index.register(tx, batch(writer, turn))

        # A circle would be broken by the database, which gives one of them an error.
        await asyncio.gather(*map(write, range(4)))
        assert len(await registry.view()) == 4 * 4 * len(_NAMES)

    with_registry(database_url, story)


def test_a_source_that_now_contradicts_leaves_and_one_that_now_fits_joins(database_url: str) -> None:
    async def story(registry: Registry) -> None:
        await registry.register(mingyuan("a", citizen_id=_ID), mingyuan("b", phone="13800990001"))
        assert await registry.persons() == [["a", "b"]]
        await registry.register(mingyuan("b", phone="13800990001", citizen_id=_OTHER_ID, born="1962-06-18"))
        assert await registry.persons() == [["a"], ["b"]]
        await registry.register(mingyuan("b", citizen_id=_ID))
        assert await registry.persons() == [["a", "b"]]
        kinds = [past.kind for past in await registry.history("b")]
        assert kinds == ["link", "judged-again", "link"]

    with_registry(database_url, story)


def test_who_was_taken_for_a_namesake_comes_to_the_person_who_fits_better_once_that_one_is_known(
    database_url: str,
) -> None:
    here: dict[str, Any] = {"address": [{"text": "虚构县白云村"}]}

    async def story(registry: Registry) -> None:
        await registry.register(mingyuan("a", phone="09905550106", **here))
        await registry.register(mingyuan("b", born="1962-06-18", citizen_id=_OTHER_ID, phone="09905550166", **here))
        assert await registry.persons() == [["a", "b"]]
        own = mingyuan("a-f04", citizen_id=_ID, phone="09905550106")
        await registry.register(own, facility="F04", created=True)
        assert await registry.persons() == [["a", "a-f04"], ["b"]]
        assert [past.kind for past in await registry.history("a")] == ["link", "judged-again", "link"]
        assert {one.reason for one in await registry.reviews()} == {"contradiction"}

    with_registry(database_url, story)


def test_old_demographics_bring_nobody_together_any_more(database_url: str) -> None:
    async def story(registry: Registry) -> None:
        await registry.register(mingyuan("a", citizen_id=_ID))
        await registry.register(patient("a", "赵平", born="1950-02-11"))
        async with registry.database.connection() as tx:
            counts = {row["seen"] for row in await tx.fetch("SELECT seen FROM mpi_count")}
        assert counts == {0, 1}
        await registry.register(mingyuan("b", citizen_id=_ID))
        assert await registry.persons() == [["a"], ["b"]]

    with_registry(database_url, story)


def test_a_deleted_patient_stays_who_it_was_and_brings_nobody_together(database_url: str) -> None:
    async def story(registry: Registry) -> None:
        await registry.register(mingyuan("a", citizen_id=_ID), mingyuan("b", citizen_id=_ID))
        for rid in ("a", "b"):
            async with registry.database.transaction() as tx:
                await registry.index.register(tx, [Source(rid, "F01", None)])
        assert await registry.persons() == [["a", "b"]]
        await registry.register(mingyuan("c", citizen_id=_ID))
        assert await registry.persons() == [["a", "b"], ["c"]]
        await registry.register(mingyuan("a", citizen_id=_ID))
        assert await registry.persons() == [["a", "b", "c"]]

    with_registry(database_url, story)


def test_a_key_that_too_many_share_brings_nobody_together(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    few = blocking.LARGEST_BLOCK - 197
    told = index_read._BLOCKS.replace(str(blocking.LARGEST_BLOCK + 1), str(few + 1))
    monkeypatch.setattr(index_read, "_BLOCKS", told.replace(str(blocking.LARGEST_BLOCK), str(few)))

    async def story(registry: Registry) -> None:
        crowd = [patient(f"c{n}", f"赵{name}", phone="13800990001") for n, name in enumerate("平安福寿")]
        await registry.register(*crowd)
        async with registry.database.connection() as tx:
            found = await index_read.blocks(tx, {hash64("phone:13800990001")})
        assert list(found.values()) == [None]

    with_registry(database_url, story)


def test_beside_a_key_that_too_many_share_other_keys_bring_together(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meeting, "LARGEST_BLOCK", 3)
    phone, day = hash64("phone:13800990001"), block_key("day:1950-02-11|part:平")

    async def story(registry: Registry) -> None:
        crowd = [patient(f"c{n}", f"赵{name}", phone="13800990001") for n, name in enumerate("安福寿")]
        await registry.register(*crowd, patient("a", "赵平", born="1950-02-11", phone="13800990002"))
        before = await met(registry)
        assert (len(before[phone] or ()), len(before[day] or ())) == (3, 1)
        await registry.register(patient("d", "李安", phone="13800990001"))
        assert await met(registry) == {phone: None, day: before[day]}

    async def met(registry: Registry) -> Mapping[int, list[int] | None]:
        async with registry.database.connection() as tx:
            return (await meeting.meet(tx, meeting.Ask(claims=(), keys={phone, day}, held=False))).blocks

    with_registry(database_url, story)


def test_a_merge_by_message_counts_whatever_the_score_and_an_unmerge_takes_it_back(database_url: str) -> None:
    async def story(registry: Registry) -> None:
        await registry.register(mingyuan("a"), patient("b", "赵平", born="1950-02-11"))
        await registry.register(patient("b-f04", "赵平", born="1950-02-11", phone="13800990001"), facility="F04")
        before = await registry.view()
        await registry.state(5, "A40", "a", "b")
        assert await registry.person("a") == await registry.person("b") == before["a"]
        await registry.state(8, "A37", "a", "b")
        assert await registry.view() == before

    with_registry(database_url, story)


def test_a_merge_and_its_unmerge_in_one_batch_leave_all_as_it_was(database_url: str) -> None:
    async def story(registry: Registry) -> None:
        await registry.register(mingyuan("a"), patient("b", "赵平", born="1950-02-11"))
        before = await registry.view()
        said = [
            Statement(kind=kind, survivor="a", loser="b", facility="F01", message=number)
            for number, kind in ((5, "A40"), (6, "A37"))
        ]
        await registry.decide(lambda tx: registry.index.register(tx, [], said))
        assert await registry.view() == before
        assert [past.standing for past in await registry.history("a")] == [False, True]

    with_registry(database_url, story)


def test_an_older_statement_that_comes_late_changes_nothing_a_newer_one_settled(database_url: str) -> None:
    async def story(registry: Registry) -> None:
        await registry.register(mingyuan("a"), patient("b", "赵平", born="1950-02-11"))
        await registry.state(8, "A37", "a", "b")
        await registry.state(5, "A40", "a", "b")
        await registry.state(8, "A37", "a", "b")
        assert await registry.persons() == [["a"], ["b"]]
        assert len(await registry.history("a")) == 1

    with_registry(database_url, story)


def test_numbers_of_which_nothing_else_is_known_can_be_merged_and_are_read_when_they_come(database_url: str) -> None:
    async def story(registry: Registry) -> None:
        await registry.state(5, "A40", "a", "b")
        assert await registry.persons() == [["a", "b"]]
        await registry.register(mingyuan("c", citizen_id=_ID))
        # The store has never seen it: its door says that it is new.
        await registry.register(mingyuan("b", citizen_id=_ID), created=True)
        assert await registry.persons() == [["a", "b", "c"]]

    with_registry(database_url, story)


def test_whom_a_hub_of_the_release_before_registered_is_met(database_url: str) -> None:
    """It tells the person of a source, and no number, while an upgrade goes from machine to machine."""

    async def story(registry: Registry) -> None:
        await registry.register(mingyuan("a", citizen_id=_ID))
        async with registry.database.transaction() as tx:
            (told,) = await tx.fetch("DELETE FROM member RETURNING pkey, person, patient")
            await tx.execute("INSERT INTO member (pkey, person, patient) VALUES ($1, $2, $3)", *told)
        await registry.register(mingyuan("b", citizen_id=_ID), created=True)
        assert await registry.persons() == [["a", "b"]]

    with_registry(database_url, story)


def test_who_changed_while_it_was_waited_for_is_a_race(database_url: str) -> None:
    async def story(registry: Registry) -> None:
        await registry.register(mingyuan("a", citizen_id=_ID), mingyuan("b", citizen_id=_ID))

        async def part(tx: Tx) -> None:
            await registry.steward.unlink(tx, "b", who="shao")
            parted.set()
            while not await tx.fetchval("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"):
                await asyncio.sleep(0.01)  # the other one meets the person as she was

        parted = asyncio.Event()
        parting = asyncio.create_task(registry.decide(part))
        await parted.wait()
        with pytest.raises(HubError, match="another transaction changed the same persons"):
            await registry.register(mingyuan("c", citizen_id=_ID), created=True)
        await parting

    with_registry(database_url, story)


def test_names_of_others_are_counted_where_two_of_them_are_weighed_against_each_other(database_url: str) -> None:
    async def story(registry: Registry) -> None:
        await registry.register(mingyuan("a", phone="13800990001"), mingyuan("b", phone="13800990001"))
        await registry.decide(lambda tx: registry.steward.unlink(tx, "b", who="shao"))
        # It may be either, and bears the name of neither by character.
        both = patient("c", "DU MINGYUAN", born="1962-06-08", gender="male", phone="13800990001")
        await registry.register(both, created=True)
        assert await registry.persons() == [["a"], ["b"], ["c"]]
        assert {one.reason for one in await registry.reviews()} == {"two-persons"}

    with_registry(database_url, story)


def test_who_joins_a_person_whose_oldest_source_was_merged_away_leaves_her_the_id_she_has(database_url: str) -> None:
    async def story(registry: Registry) -> None:
        await registry.register(mingyuan("a", citizen_id=_ID))
        await registry.register(mingyuan("b", citizen_id=_ID))
        before = await registry.person("b")
        await registry.state(5, "A40", "b", "a")
        after = await registry.person("b")
        await registry.register(mingyuan("c", citizen_id=_ID), facility="F02", created=True)
        assert await registry.persons() == [["a", "b", "c"]]
        assert {*(await registry.view()).values()} == {after} != {before}

    with_registry(database_url, story)


def test_who_fits_two_whom_a_steward_parted_joins_neither(database_url: str) -> None:
    async def story(registry: Registry) -> None:
        await registry.register(mingyuan("a", citizen_id=_ID), mingyuan("b", citizen_id=_ID))
        await registry.decide(lambda tx: registry.steward.unlink(tx, "b", who="shao"))
        await registry.register(mingyuan("c", citizen_id=_ID), facility="F02", created=True)
        assert await registry.persons() == [["a"], ["b"], ["c"]]
        assert {one.reason for one in await registry.reviews()} == {"two-persons"}

    with_registry(database_url, story)


def test_members_persons_and_what_became_of_a_person_can_be_asked(database_url: str) -> None:
    async def story(registry: Registry) -> None:
        await registry.register(mingyuan("a"), patient("b", "赵平", born="1950-02-11"))
        before = await registry.view()
        await registry.state(5, "A40", "a", "b")
        async with registry.database.connection() as tx:
            keys = [reference_key("Patient", rid) for rid in ("a", "b", "nobody")]
            assert await lookup.members(tx, keys) == {keys[0]: before["a"], keys[1]: before["a"]}
            assert await lookup.persons(tx, list(before.values())) == {before["a"]: ("a", "b")}
            assert await lookup.successors(tx, list(before.values())) == {before["b"]: before["a"]}

    with_registry(database_url, story)
