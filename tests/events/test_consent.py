"""The owner's right is judged at each delivery; what is denied has no influence on what is sent.

Backport 1.1.0, safety_security.html; design, section 7: denied looks like absent, withdrawal takes effect at once, no
byte leaves before its audit row is durable.
"""

from __future__ import annotations

import re
from typing import Any, Final

import pytest
from msgspec.structs import replace

from hub.kernel.types import Json
from hub.store.store import Store
from hub.store.values import Write
from tests.api.house import ACTORS, BASE, actor, body
from tests.events.house import Telled, in_telling
from tests.security.county import HIV, object_to_all, observation, patient, referral, settle

REFUSED = b"HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n"
_INSTANT = re.compile(rb"\d{4}-\d\d-\d\dT[0-9:.+Z]+")
_PORT = re.compile(rb"127\.0\.0\.1:\d+")
_UUID = re.compile(rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


async def put(telled: Telled, resource: Json) -> None:
    path = f"/{resource['resourceType']}/{resource['id']}"
    answer = await telled.home.ask("PUT", path, resource, who="hospital")
    assert answer.status_code in (200, 201), answer.text


async def known(telled: Telled, who: str = "a") -> None:
    """A patient of the hospital with a referral to the clinic."""
    await put(telled, patient(who))
    await put(telled, referral(who))


def plain(told: bytes, sid: str) -> bytes:
    """What was told, but for what differs between any two runs: instants, ports, and ids made of the random one."""
    told = _PORT.sub(b"127.0.0.1", told.replace(sid.encode(), b"SID"))
    return _UUID.sub(b"UUID", _INSTANT.sub(b"NOW", told))


@pytest.mark.parametrize("content", ["empty", "id-only", "full-resource"])
@pytest.mark.parametrize("most", [2, 20])
def test_two_counties_that_differ_in_hidden_data_only_send_the_same_bytes(fresh: Any, content: str, most: int) -> None:
    sent, asked = [], []
    for hidden in (True, False):

        async def visit(telled: Telled, hidden: bool = hidden) -> None:
            made = await telled.subscribe(telled.wanted(content=content, max_count=most, heartbeat=3600))
            sid = made["id"]
            await settle(telled.home, hidden=hidden)
            await telled.gather()
            await telled.deliver()
            again = [observation("a", "hba1c", 7.5), observation("c", "hba1c", 5.5)]
            secret = [observation("b", "hba1c", 9.5), observation("c", "load", 1, meta={"security": [HIV]})]
            for one, other in zip(again, secret, strict=True):
                await put(telled, one)
                if hidden:
                    await put(telled, other)
            await telled.tell()
            telled.skip(3700)
            await telled.deliver()
            sent.append([plain(post.body, sid) for post in telled.receiver.posts])
            answers = [
                await telled.home.ask("GET", f"/Subscription/{sid}{path}") for path in ("", "/$status", "/$events")
            ]
            asked.append([plain(answer.content, sid) for answer in answers])
            assert telled.receiver.connections == len(telled.receiver.posts)

        in_telling(fresh(), visit)
    with_hidden, without = sent
    assert len(with_hidden) > 2
    assert with_hidden == without
    assert asked[0] == asked[1]
    if content == "full-resource":
        assert b"51000" not in b"".join(with_hidden)


def test_only_denied_events_open_no_connection(database_url: str) -> None:
    async def visit(telled: Telled) -> None:
        sid = (await telled.subscribe())["id"]
        await put(telled, patient("d"))
        await put(telled, observation("d", "load", 200, meta={"security": [HIV]}))
        await telled.tell()
        assert telled.receiver.connections == 1
        seen = await telled.desk.shown(sid)
        assert (seen.told, seen.waiting) == (0, 0)

    in_telling(database_url, visit)


def test_a_withdrawal_between_event_and_delivery_leaves_no_trace(database_url: str) -> None:
    async def visit(telled: Telled) -> None:
        sid = (await telled.subscribe())["id"]
        await known(telled, "a")
        await known(telled, "c")
        await telled.gather()
        await object_to_all(telled.home, "a")
        await telled.deliver()
        focuses = [focus for _, focus in telled.receiver.events]
        assert [number for number, _ in telled.receiver.events] == [1, 2]
        assert focuses == [f"{BASE}/Patient/F01-c", f"{BASE}/ServiceRequest/F01-c-ref"]
        assert (await telled.desk.shown(sid)).told == 2

    in_telling(database_url, visit)


def test_a_withdrawal_between_two_tries_takes_the_focus_from_the_second(database_url: str) -> None:
    async def visit(telled: Telled) -> None:
        await telled.subscribe(telled.wanted("resource-changed", "Patient?", content="full-resource"))
        await known(telled, "a")
        await known(telled, "c")
        telled.receiver.answers = [REFUSED]
        await telled.tell()
        await object_to_all(telled.home, "a")
        telled.skip(60)
        await telled.deliver()
        first, second = telled.receiver.of("event-notification")
        assert first.events == [(1, f"{BASE}/Patient/F01-a"), (2, f"{BASE}/Patient/F01-c")]
        assert second.events == [(1, None), (2, f"{BASE}/Patient/F01-c")]
        assert b"F01-a" not in second.body

    in_telling(database_url, visit)


def test_events_that_are_asked_for_are_judged_as_they_are_asked_for(database_url: str) -> None:
    async def visit(telled: Telled) -> None:
        sid = (await telled.subscribe())["id"]
        await known(telled, "a")
        await telled.tell()
        assert "F01-a" in (await telled.home.ask("GET", f"/Subscription/{sid}/$events")).text
        await object_to_all(telled.home, "a")
        answer = await telled.home.ask("GET", f"/Subscription/{sid}/$events")
        assert answer.status_code == 200
        assert "F01-a" not in answer.text

    in_telling(database_url, visit)


def test_a_change_is_judged_by_what_held_for_its_version_too(database_url: str) -> None:
    async def visit(telled: Telled) -> None:
        await telled.subscribe(telled.wanted("observation-final", "Observation?code=20447-9"))
        await known(telled, "a")
        await put(telled, observation("a", "load", 51000, meta={"security": [HIV]}))
        # A feed may correct what a client may not: it was no viral load, and its label goes with it.
        async with telled.home.database.transaction() as tx:
            store = Store(telled.home.services.clock)
            current = (await store.load(tx, [("Observation", "F01-a-load")]))["Observation", "F01-a-load"]
            resource = observation("a", "load", 51000, status="preliminary")
            facts = replace(current.facts, labels=())
            await store.save(
                tx,
                [
                    Write(
                        type=current.type,
                        id=current.id,
                        resource=resource,
                        patient=current.patient,
                        facts=facts,
                        current=current,
                    )
                ],
            )
        assert (await telled.home.ask("GET", "/Observation/F01-a-load")).status_code == 200
        await telled.tell()
        assert not telled.receiver.of("event-notification")

    in_telling(database_url, visit)


def test_every_notification_is_on_record_before_it_is_sent(database_url: str) -> None:
    async def visit(telled: Telled) -> None:
        sid = (await telled.subscribe())["id"]
        await known(telled, "a")
        await telled.gather()
        async with telled.home.database.connection() as tx:
            await tx.execute("ALTER TABLE audit RENAME TO audit_away")
        await telled.deliver()
        assert not telled.receiver.of("event-notification")
        seen = await telled.desk.shown(sid)
        assert (seen.told, seen.waiting, seen.status) == (0, 2, "active")
        async with telled.home.database.connection() as tx:
            await tx.execute("ALTER TABLE audit_away RENAME TO audit")
        await telled.deliver()
        assert len(telled.receiver.events) == 2
        async with telled.home.database.connection() as tx:
            (row,) = await tx.fetch(
                "SELECT outcome, resource_id, query, patients, organization, role FROM audit"
                " WHERE resource_type = 'Subscription' AND interaction = 'operation'"
            )
        assert tuple(row) == ("released", sid, "notify", ["F01-a"], "F05", "clinician")

    in_telling(database_url, visit)


def test_a_token_for_some_types_is_told_of_no_others(database_url: str) -> None:
    async def visit(telled: Telled) -> None:
        refused = await telled.home.ask("POST", "/Subscription", telled.wanted(), who="narrow")
        assert refused.status_code == 403
        made = await telled.subscribe(telled.wanted("resource-changed", "Observation?"), who="narrow")
        assert made["status"] == "active"
        await known(telled, "a")
        await put(telled, observation("a", "hba1c", 6.5))
        await telled.tell()
        assert telled.receiver.events == [(1, f"{BASE}/Observation/F01-a-hba1c")]
        answer = await telled.home.ask("POST", "/Subscription", telled.wanted("encounter-started"), who="narrow")
        assert (answer.status_code, body(answer)["issue"][0]["code"]) == (403, "forbidden")

    in_telling(database_url, visit)


LABORATORY: Final = "http://terminology.hl7.org/CodeSystem/observation-category|laboratory"


def test_a_scope_that_opens_part_of_a_type_is_told_of_that_part_alone(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rights = (f"user/Observation.rs?category={LABORATORY}", "user/Subscription.cruds")
    monkeypatch.setitem(ACTORS, "laboratory", actor(scopes=rights))

    def value(name: str, category: str) -> Json:
        return observation("a", name, 5, category=[{"coding": [{"system": LABORATORY[:-11], "code": category}]}])

    async def visit(telled: Telled) -> None:
        await known(telled)
        await telled.gather()
        made = await telled.subscribe(
            telled.wanted("resource-changed", "Observation?", content="full-resource"), who="laboratory"
        )
        for name, category in (("glucose", "laboratory"), ("pulse", "vital-signs"), ("other", "social-history")):
            await put(telled, value(name, category))
        await telled.tell()
        told = b"".join(post.body for post in telled.receiver.posts)
        assert b"F01-a-glucose" in told
        assert not [name for name in (b"F01-a-pulse", b"F01-a-other", b"F01-a-ref") if name in told]
        asked = await telled.home.ask("GET", f"/Subscription/{made['id']}/$events", who="laboratory")
        assert "glucose" in asked.text
        assert "pulse" not in asked.text

    in_telling(database_url, visit)
