"""Alarms: each rule on entries that give one and entries that do not, and the loop on a real database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from msgspec import structs

from hub.audit.alarm_rules import Rules
from hub.audit.alarming import Alarming, alarm_counts, alarms
from hub.audit.alarms import Alarm, Watch
from hub.audit.entry import Entry, Interaction, Origin, Outcome
from hub.audit.trail import Trail
from hub.db.database import Database
from hub.kernel.clock import fixed_clock
from hub.kernel.errors import Category, HubError
from tests.audit.entries import NOW, REQUESTER, read
from tests.audit.trees import sequencer, with_database

SHIPPED = Rules.read()
LISTED = replace(SHIPPED, vip=frozenset({"w"}), family={"Practitioner/fang": frozenset({"son"})})
BREAKER = structs.replace(REQUESTER, break_glass="过敏性休克")


def at(minutes: float, **changes: Any) -> Entry:
    """A read by one person, so many minutes after ten in the morning of China."""
    facts: dict[str, Any] = {"id": uuid4(), "time": NOW + timedelta(minutes=60 + minutes)} | changes
    return read(**facts)


def seen(entries: Iterable[Entry], rules: Rules = LISTED) -> list[Alarm]:
    watch = Watch(rules)
    return [alarm for entry in entries for alarm in watch.see(entry)]


def glass(count: int, minutes: float = 1) -> list[Entry]:
    return [at(n * minutes, requester=BREAKER, patients=(f"p{n}",)) for n in range(count)]


def failed(count: int, minutes: float, **changes: Any) -> list[Entry]:
    return [at(n * minutes, outcome=Outcome.REFUSED, patients=(), **changes) for n in range(count)]


def sign_ins(count: int, address: str) -> list[Entry]:
    changes: dict[str, Any] = {"interaction": Interaction.OPERATION, "resource_type": None, "query": "sign-in="}
    nobody = structs.replace(REQUESTER, reference=None, role="", organization="")
    return failed(count, 0.1, origin=Origin(address=address), requester=nobody, **changes)


def probing(count: int, reason: str = "too-many-candidate-searches") -> list[Entry]:
    """Refusals of one client, each for another person at it."""
    people = [structs.replace(REQUESTER, reference=f"Practitioner/{n}") for n in range(count)]
    return [one for who in people for one in failed(1, 0, requester=who, reason=reason)]


def reading(count: int, minutes: float, role: str = "clinician") -> list[Entry]:
    who = structs.replace(REQUESTER, role=role)
    return [at(n * minutes, requester=who, patients=(f"p{n}",)) for n in range(count)]


def by_night(entries: list[Entry]) -> list[Entry]:
    return [structs.replace(entry, time=entry.time + timedelta(hours=14)) for entry in entries]


@pytest.mark.parametrize(
    ("entries", "rules"),
    [
        (glass(5), ["break-glass-count"]),
        (glass(4), []),
        (glass(5, minutes=70), []),
        ([*glass(4), *glass(4)], []),
        ([at(0, patients=("son",))], ["own-family"]),
        ([at(0, patients=("son",), requester=structs.replace(REQUESTER, reference="Practitioner/li"))], []),
        ([at(0, patients=("w",))], ["vip"]),
        ([at(0, patients=("w",), outcome=Outcome.REFUSED)], []),
        (reading(201, 0.1), ["bulk-reading"]),
        (reading(200, 0.1), []),
        (reading(201, 1), []),
        (by_night(reading(6, 1, "family-doctor")), ["night-access"]),
        (by_night(reading(6, 1)), []),
        (reading(6, 1, "family-doctor"), []),
        (failed(51, 0.1), ["denial-burst"]),
        (failed(50, 0.1), []),
        (failed(51, 0.3), []),
        (probing(11), ["probing"]),
        (probing(10), []),
        (probing(11, "no-care-relationship"), []),
        (sign_ins(21, "192.0.2.9"), ["sign-in-burst"]),
        ([*sign_ins(20, "192.0.2.9"), *sign_ins(20, "192.0.2.8")], []),
    ],
)
def test_each_rule_tells_of_what_it_describes_and_of_nothing_else(entries: list[Entry], rules: list[str]) -> None:
    assert [alarm.rule for alarm in seen(entries)] == rules


def test_an_alarm_says_who_how_much_and_when_and_comes_again_when_its_time_has_passed() -> None:
    first, second = seen([*glass(9), *[structs.replace(one, time=one.time + timedelta(hours=5)) for one in glass(9)]])
    assert (first.who, first.level, first.count) == ("Practitioner/fang", "red", 5)
    assert (first.since, first.at) == (NOW + timedelta(minutes=60), NOW + timedelta(minutes=64))
    assert second.at - first.at == timedelta(hours=5)


class Weighed(str):
    """The id of a patient that knows how often anybody looked into it."""

    looks = 0

    def __hash__(self) -> int:
        type(self).looks += 1
        return super().__hash__()


def test_a_look_costs_whoever_reads_without_pause_no_more_than_the_first_one_did() -> None:
    watch, costs = Watch(SHIPPED), []
    for entry in [structs.replace(one, patients=(Weighed("p"),)) for one in reading(100, 0.001)]:
        before = Weighed.looks
        watch.see(entry)
        costs.append(Weighed.looks - before)
    assert costs[-1] == costs[1]


def test_a_file_that_is_wrong_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "alarms.yaml"
    path.write_text("rules:\n  - {name: x, level: green}\n", encoding="utf-8")
    with pytest.raises(HubError, match=r"alarms.yaml:2"):
        Rules.read(path)


@pytest.mark.parametrize("handed", [False, True], ids=["read from the database", "handed over by the sequencer"])
def test_alarms_are_entries_of_the_trail_told_once_even_by_one_who_begins_anew(database_url: str, handed: bool) -> None:
    async def work(database: Database, trail: Trail) -> None:
        def watching() -> Alarming:
            return Alarming(database, trail, Watch(LISTED), fixed_clock(NOW + timedelta(minutes=90)))

        one, tree = watching(), sequencer(database)
        for count, entries in ((0, glass(4)), (1, [*glass(5)[4:], at(9, patients=("w",))]), (0, glass(8))):
            for entry in entries:
                await trail.record(entry)
            await tree.turn()
            assert tree.appended is not None
            assert tree.appended.entries[-len(entries) :] == entries
            told_now = await one.turn(tree.appended if handed else None)
            assert told_now == count + (1 if len(entries) == 2 else 0)
        await tree.turn()
        assert await watching().turn() == 0
        async with database.connection() as tx:
            assert await alarm_counts(tx) == [("break-glass-count", 1), ("vip", 1)]
            told = [said for _, said in await alarms(tx)]
        assert told[1].startswith("alarm=break-glass-count&level=red&who=Practitioner%2Ffang&count=5&")

    with_database(database_url, work)


def test_an_alarm_that_could_not_be_written_is_told_in_the_next_turn(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_: Entry) -> None:
        raise HubError(Category.UNAVAILABLE, "the audit trail cannot be written")

    async def work(database: Database, trail: Trail) -> None:
        one, tree = Alarming(database, trail, Watch(LISTED), fixed_clock(NOW)), sequencer(database)
        assert await one.turn() == 0
        for entry in glass(5):
            await trail.record(entry)
        await tree.turn()
        with monkeypatch.context() as patch, pytest.raises(HubError):
            patch.setattr(trail, "record", away)
            await one.turn(tree.appended)
        assert [await one.turn(), await one.turn()] == [1, 0]

    with_database(database_url, work)


def test_what_another_process_appended_before_is_not_passed_over(database_url: str) -> None:
    async def work(database: Database, trail: Trail) -> None:
        one, tree, other = (Alarming(database, trail, Watch(LISTED), fixed_clock(NOW)), *map(sequencer, [database] * 2))
        assert await one.turn() == 0
        for made, entries in ((other, glass(4)), (tree, glass(5)[4:])):
            for entry in entries:
                await trail.record(entry)
            await made.turn()
        assert await one.turn(tree.appended) == 1

    with_database(database_url, work)


def test_an_alarm_the_process_died_over_is_told_by_the_next(database_url: str) -> None:
    async def work(database: Database, trail: Trail) -> None:
        for entry in glass(5):
            await trail.record(entry)
        await sequencer(database).turn()
        late = Alarming(database, trail, Watch(LISTED), fixed_clock(NOW + timedelta(minutes=90)))
        assert await late.turn() == 1

    with_database(database_url, work)
