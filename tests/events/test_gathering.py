"""From the outbox to waiting events: nothing missed, nothing twice, whatever the order of commits and whoever fails.

Design, section 5: the transaction horizon serves the outbox; a timestamp or a sequence would lose late commits.
"""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from hub.db.database import Tx
from hub.events import queue
from hub.kernel.errors import Category, HubError
from hub.store.store import Store
from tests.api.house import BASE, observation, patient
from tests.events.house import Telled, in_telling, subscription
from tests.gate.house import observation as written


def test_a_transaction_that_commits_late_is_told(database_url: str) -> None:
    async def visit(telled: Telled) -> None:
        await telled.subscribe(telled.wanted("resource-changed", "Observation?"))
        who = (await telled.home.create(patient()))["id"]
        store = Store(telled.home.services.clock)
        late = await telled.home.database.dedicated()
        transaction = late.transaction()
        await transaction.start()
        await store.save(late, [written("late", author="F05", patient=who)])
        early = (await telled.home.create(observation(who)))["id"]
        await telled.tell()
        assert not telled.receiver.events
        await transaction.commit()
        await late.close()
        await telled.tell()
        told = [focus for _, focus in telled.receiver.events]
        assert sorted(told, key=str) == sorted([f"{BASE}/Observation/late", f"{BASE}/Observation/{early}"])

    in_telling(database_url, visit)


def test_changes_while_a_subscription_becomes_active_are_told_from_then_on(database_url: str) -> None:
    async def visit(telled: Telled) -> None:
        answer = await telled.home.ask("POST", "/Subscription", telled.wanted("resource-changed", "Patient?"))
        assert answer.status_code == 201
        await telled.home.create(patient())
        await telled.gather()
        await telled.deliver()
        late = (await telled.home.create(patient()))["id"]
        await telled.tell()
        assert telled.receiver.events == [(1, f"{BASE}/Patient/{late}")]

    in_telling(database_url, visit)


def test_a_batch_that_fails_leaves_the_cursor_where_it_was(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def visit(telled: Telled) -> None:
        await telled.subscribe(telled.wanted("resource-changed", "Patient?"))
        await telled.home.create(patient())
        kept_on = queue.gather

        async def breaking(tx: Tx, found: Any) -> int:
            await kept_on(tx, found)
            raise HubError(Category.UNAVAILABLE, "broken")

        with monkeypatch.context() as patch:
            patch.setattr(queue, "gather", breaking)
            with pytest.raises(HubError):
                await telled.gathering.turn()
        await telled.tell()
        assert [number for number, _ in telled.receiver.events] == [1]

    in_telling(database_url, visit)


def test_the_number_of_statements_does_not_depend_on_changes_or_subscriptions(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts: list[int] = []

    async def visit(telled: Telled) -> None:
        who = (await telled.home.create(patient()))["id"]
        for number, values in ((1, 1), (20, 30)):
            for _ in range(number):
                wanted = subscription("resource-changed", f"Observation?patient={who}", channel="websocket")
                assert (await telled.home.ask("POST", "/Subscription", wanted)).status_code == 201
            await telled.gather()
            for value in range(values):
                await telled.home.create(observation(who, str(value)))
            seen = 0
            with monkeypatch.context() as patch:
                for name in ("fetch", "fetchrow", "fetchval", "execute", "copy_records_to_table"):
                    plain = getattr(asyncpg.Connection, name)

                    def counting(*args: Any, _plain: Any = plain, **kwargs: Any) -> Any:
                        nonlocal seen
                        seen += not args[1].startswith("NOTIFY")  # sent beside, by the writes before
                        return _plain(*args, **kwargs)

                    patch.setattr(asyncpg.Connection, name, counting)
                assert await telled.gathering.turn()
            counts.append(seen)
        listed = await telled.desk.listed()
        assert sorted({seen.waiting for seen in listed}) == [30, 31]

    in_telling(database_url, visit)
    assert counts[0] == counts[1]


def test_events_are_forgotten_after_their_days(database_url: str) -> None:
    async def visit(telled: Telled) -> None:
        sid = (await telled.subscribe(telled.wanted("resource-changed", "Patient?")))["id"]
        await telled.home.create(patient())
        await telled.tell()
        async with telled.home.database.connection() as tx:
            assert await queue.prune(tx, telled.home.services.clock()) == 1
        await telled.home.create(patient())
        await telled.tell()
        assert [number for number, _ in telled.receiver.events] == [1, 2]
        assert (await telled.desk.shown(sid)).told == 2

    in_telling(database_url, visit)


def test_a_resource_of_an_odd_shape_keeps_nobody_elses_events_back(database_url: str) -> None:
    async def visit(telled: Telled) -> None:
        await telled.subscribe(telled.wanted("transfer"))
        await telled.subscribe(telled.wanted("resource-changed", "Patient?"))
        who = (await telled.home.create(patient()))["id"]
        stay = {
            "resourceType": "Encounter",
            "status": "in-progress",
            "class": {"code": "IMP"},
            "subject": {"reference": f"Patient/{who}"},
            "location": [{"location": "Location/w"}],
        }
        made = await telled.home.create(stay)
        changed = {**made, "status": "onleave"}
        assert (await telled.home.ask("PUT", f"/Encounter/{made['id']}", changed)).status_code == 200
        await telled.tell()
        assert telled.receiver.events == [(1, f"{BASE}/Patient/{who}")]
        assert "event-unreadable" in telled.home.log.getvalue()

    in_telling(database_url, visit)
