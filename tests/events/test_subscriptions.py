"""Subscriptions through the API: who may make, read, change and end which.

https://hl7.org/fhir/R4/subscription.html; Subscriptions R5 Backport 1.1.0: profile backport-subscription,
operations $status, $events and $get-ws-binding-token (operations.html), conformance.html (topics in R4).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hub.events.topics import TOPICS
from hub.events.triggers import always
from hub.kernel.types import Json
from tests.api.house import BASE, CANONICAL, body, code, observation, patient
from tests.events.house import BACKPORT, Telled, in_telling, subscription


def test_an_owner_reads_lists_changes_and_ends_a_subscription(database_url: str) -> None:
    async def visit(telled: Telled) -> None:
        made = await telled.subscribe(telled.wanted(reason="ward round"))
        path = f"/Subscription/{made['id']}"
        answer = await telled.home.ask("GET", path)
        assert (answer.headers["etag"], body(answer)["reason"]) == ('W/"1"', "ward round")
        listed = body(await telled.home.ask("GET", "/Subscription?status=active"))
        assert [entry["resource"]["id"] for entry in listed["entry"]] == [made["id"]]
        assert body(await telled.home.ask("GET", "/Subscription?status=off"))["total"] == 0
        assert body(await telled.home.ask("GET", "/Subscription?_count=5&_id="))["total"] == 1
        changed = {**telled.wanted("observation-final"), "id": made["id"]}
        stale = await telled.home.ask("PUT", path, changed, if_match='W/"7"')
        assert stale.status_code == 412
        answer = await telled.home.ask("PUT", path, changed, if_match='W/"1"')
        assert (answer.status_code, body(answer)["meta"]["versionId"]) == (200, "2")
        assert body(answer)["criteria"] == f"{CANONICAL}/SubscriptionTopic/observation-final"
        assert (await telled.home.ask("DELETE", path)).status_code == 204
        assert (await telled.home.ask("GET", path)).status_code == 404

    in_telling(database_url, visit)


@pytest.mark.parametrize("who", ["hospital", "reader", "feed"])
def test_to_others_a_subscription_is_not_there(database_url: str, who: str) -> None:
    async def visit(telled: Telled) -> None:
        made = await telled.subscribe()
        path = f"/Subscription/{made['id']}"
        wanted = {**telled.wanted(), "id": made["id"]}
        for method, where, sent in (
            ("GET", path, None),
            ("PUT", path, wanted),
            ("DELETE", path, None),
            ("GET", f"{path}/$status", None),
            ("GET", f"{path}/$events", None),
            ("GET", f"{path}/$get-ws-binding-token", None),
        ):
            here = await telled.home.ask(method, where, sent, who=who)
            nowhere = await telled.home.ask(
                method,
                where.replace(made["id"], "absent"),
                None if sent is None else {**sent, "id": "absent"},
                who=who,
            )
            assert here.status_code in (403, 404), here.text
            assert (here.status_code, body(here)) == (nowhere.status_code, body(nowhere))
        assert body(await telled.home.ask("GET", "/Subscription", who=who)).get("total", 0) == 0
        assert (await telled.standing(made["id"]))["status"] == "active"

    in_telling(database_url, visit)


@pytest.mark.parametrize("who", ["auditor", "feed"])
def test_a_role_that_reads_no_records_is_told_of_none(database_url: str, who: str) -> None:
    async def visit(telled: Telled) -> None:
        answer = await telled.home.ask("POST", "/Subscription", telled.wanted(), who=who)
        assert (answer.status_code, code(answer)) == (403, "role-not-allowed")

    in_telling(database_url, visit)


def test_a_token_without_the_scope_makes_no_subscription(database_url: str) -> None:
    async def visit(telled: Telled) -> None:
        answer = await telled.home.ask("POST", "/Subscription", telled.wanted(), who="reader")
        assert (answer.status_code, code(answer)) == (403, "scope")

    in_telling(database_url, visit)


def _changed(*path: str | int, to: Any = None) -> Callable[[Json], Json]:
    """A Subscription with one element changed or, for None, left out."""

    def change(resource: Json) -> Json:
        owner: Any = resource
        for step in path[:-1]:
            owner = owner[step]
        if to is None:
            del owner[path[-1]]
        else:
            owner[path[-1]] = to
        return resource

    return change


WRONG: dict[str, Callable[[Json], Json]] = {
    "no topic of this hub": _changed("criteria", to="http://example.org/SubscriptionTopic/x"),
    "an R4 criterion": _changed("criteria", to="Observation?code=x"),
    "a status the hub gives": _changed("status", to="error"),
    "no status": _changed("status"),
    "another channel": _changed("channel", "type", to="email"),
    "XML": _changed("channel", "payload", to="application/fhir+xml"),
    "no payload": _changed("channel", "payload"),
    "no content": _changed("channel", "_payload"),
    "another content": _changed("channel", "_payload", "extension", 0, "valueCode", to="all"),
    "an unknown extension": _changed("channel", "extension", to=[{"url": "urn:x", "valueCode": "x"}]),
    "no endpoint": _changed("channel", "endpoint"),
    "too many events": _changed(
        "channel", "extension", to=[{"url": BACKPORT + "backport-max-count", "valuePositiveInt": 10_000}]
    ),
    "a header that is two": _changed("channel", "header", to=["X-A: b\r\nX-C: d"]),
    "a header of the hub": _changed("channel", "header", to=["Host: other"]),
    "an end without a date": _changed("end", to="soon"),
    "a custom channel": _changed("channel", "_type", to={"extension": []}),
    "a filter on another type": _changed(
        "_criteria", to={"extension": [{"url": BACKPORT + "backport-filter-criteria", "valueString": "Condition?x=1"}]}
    ),
    "a filter it does not have": _changed(
        "_criteria",
        to={"extension": [{"url": BACKPORT + "backport-filter-criteria", "valueString": "Observation?date=gt2020"}]},
    ),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG.keys())
def test_what_the_hub_would_not_act_on_is_refused(database_url: str, wrong: Callable[[Json], Json]) -> None:
    async def visit(telled: Telled) -> None:
        answer = await telled.home.ask("POST", "/Subscription", wrong(telled.wanted("observation-final")))
        assert answer.status_code in (400, 422), answer.text
        assert body(await telled.home.ask("GET", "/Subscription"))["total"] == 0

    in_telling(database_url, visit)


def test_headers_stay_with_the_endpoint_they_were_stated_for(database_url: str) -> None:
    async def visit(telled: Telled) -> None:
        made = await telled.subscribe(telled.wanted(header=["X-Key: s3cret"]))
        same = {**telled.wanted(), "id": made["id"]}
        await telled.home.ask("PUT", f"/Subscription/{made['id']}", same)
        await telled.deliver()
        other = {**same, "channel": {**same["channel"], "endpoint": telled.receiver.url + "&other=1"}}
        await telled.home.ask("PUT", f"/Subscription/{made['id']}", other)
        await telled.deliver()
        assert [post.headers.get("x-key") for post in telled.receiver.posts] == ["s3cret", "s3cret", None]
        async with telled.home.database.connection() as tx:
            rows = await tx.fetch("SELECT s::text FROM subscription s")
        assert "s3cret" not in str(rows)

    in_telling(database_url, visit)


def test_an_owner_has_no_more_than_a_hundred(database_url: str) -> None:
    async def visit(telled: Telled) -> None:
        for _ in range(100):
            answer = await telled.home.ask("POST", "/Subscription", subscription(channel="websocket"))
            assert answer.status_code == 201
        answer = await telled.home.ask("POST", "/Subscription", subscription(channel="websocket"))
        assert (answer.status_code, code(answer)) == (413, "too-many-subscriptions")

    in_telling(database_url, visit)


def test_status_is_told_of_one_of_some_and_of_all(database_url: str) -> None:
    async def visit(telled: Telled) -> None:
        first, second = (await telled.subscribe())["id"], (await telled.subscribe())["id"]
        found = body(await telled.home.ask("GET", f"/Subscription/{first}/$status"))
        (entry,) = found["entry"]
        told = {row["name"]: row for row in entry["resource"]["parameter"]}
        assert (found["type"], entry["search"]["mode"]) == ("searchset", "match")
        assert told["subscription"]["valueReference"] == {"reference": f"{BASE}/Subscription/{first}"}
        assert (told["type"]["valueCode"], told["status"]["valueCode"]) == ("query-status", "active")
        for query, count in (("", 2), (f"?id={second}", 1), (f"?id={first},{second}", 2), ("?status=error", 0)):
            answer = body(await telled.home.ask("GET", f"/Subscription/$status{query}"))
            assert len(answer.get("entry", ())) == count
        given = {"resourceType": "Parameters", "parameter": [{"name": "id", "valueId": first}]}
        assert body(await telled.home.ask("POST", "/Subscription/$status", given))["total"] == 1
        assert (await telled.home.ask("GET", "/Subscription/$status?other=1")).status_code == 400

    in_telling(database_url, visit)


def test_events_are_told_again_from_one_number_to_another(database_url: str) -> None:
    async def visit(telled: Telled) -> None:
        sid = (await telled.subscribe(telled.wanted("resource-changed", "Observation?")))["id"]
        who = (await telled.home.create(patient()))["id"]
        values = [await telled.home.create(observation(who, str(n))) for n in range(4)]
        await telled.tell()
        answer = await telled.home.ask("GET", f"/Subscription/{sid}/$events?eventsSinceNumber=2&eventsUntilNumber=3")
        told = body(answer)
        assert told["type"] == "history"
        rows = told["entry"][0]["resource"]["parameter"]
        assert [row["valueCode"] for row in rows if row["name"] == "type"] == ["query-event"]
        parts = [{p["name"]: p for p in row["part"]} for row in rows if row["name"] == "notification-event"]
        assert [(p["event-number"]["valueString"], p["focus"]["valueReference"]["reference"]) for p in parts] == [
            ("2", f"{BASE}/Observation/{values[1]['id']}"),
            ("3", f"{BASE}/Observation/{values[2]['id']}"),
        ]
        less = await telled.home.ask("GET", f"/Subscription/{sid}/$events?content=empty")
        assert values[0]["id"] not in less.text
        more = await telled.home.ask("GET", f"/Subscription/{sid}/$events?content=full-resource")
        assert "valueQuantity" not in more.text
        for wrong in ("eventsSinceNumber=x", "content=all", "other=1"):
            assert (await telled.home.ask("GET", f"/Subscription/{sid}/$events?{wrong}")).status_code == 400

    in_telling(database_url, visit)


def test_events_that_wait_get_their_numbers_when_they_are_asked_for(database_url: str) -> None:
    async def visit(telled: Telled) -> None:
        sid = (await telled.subscribe(telled.wanted("resource-changed", "Patient?")))["id"]
        await telled.home.create(patient())
        await telled.gather()
        answer = await telled.home.ask("GET", f"/Subscription/{sid}/$events")
        assert '"valueString":"1"' in answer.text
        await telled.deliver()
        assert [number for number, _ in telled.receiver.events] == [1]

    in_telling(database_url, visit)


def test_topics_are_found_in_the_capability_statement(database_url: str) -> None:
    async def visit(telled: Telled) -> None:
        (rest,) = body(await telled.home.ask("GET", "/metadata", who=""))["rest"]
        (found,) = [resource for resource in rest["resource"] if resource["type"] == "Subscription"]
        told = {extension["valueCanonical"] for extension in found["extension"]}
        assert told == {f"{CANONICAL}/SubscriptionTopic/{name}" for name in TOPICS}
        assert {"status", "events", "get-ws-binding-token"} == {one["name"] for one in found["operation"]}
        assert rest["extension"][0]["valueUri"] == "ws://hub.test/fhir/$subscriptions"

    in_telling(database_url, visit)


def test_a_subscription_is_no_part_of_a_transaction_but_may_come_in_a_batch(database_url: str) -> None:
    async def visit(telled: Telled) -> None:
        entry = {"resource": telled.wanted(), "request": {"method": "POST", "url": "Subscription"}}
        for kind, status in (("transaction", 403), ("batch", 200)):
            answer = await telled.home.ask("POST", "", {"resourceType": "Bundle", "type": kind, "entry": [entry]})
            assert answer.status_code == status
        assert body(answer)["entry"][0]["response"]["status"] == "201 Created"
        assert body(await telled.home.ask("GET", "/Subscription"))["total"] == 1

    in_telling(database_url, visit)


def test_each_act_of_an_owner_is_on_record(database_url: str) -> None:
    async def visit(telled: Telled) -> list[tuple[str, str]]:
        made = await telled.subscribe()
        await telled.home.ask("PUT", f"/Subscription/{made['id']}", {**telled.wanted(), "id": made["id"]})
        await telled.home.ask(
            "PUT", f"/Subscription/{made['id']}", {**telled.wanted(), "id": made["id"]}, who="hospital"
        )
        await telled.home.ask("DELETE", f"/Subscription/{made['id']}")
        async with telled.home.database.connection() as tx:
            rows = await tx.fetch(
                "SELECT interaction, outcome FROM audit WHERE resource_type = 'Subscription' ORDER BY recorded"
            )
        return [(row[0], row[1]) for row in rows]

    assert in_telling(database_url, visit) == [
        ("create", "released"),
        ("read", "released"),
        ("update", "released"),
        ("update", "absent"),
        ("delete", "released"),
    ]


def test_every_topic_can_be_filtered_by_parameters_that_exist() -> None:
    for topic in TOPICS.values():
        for rtype in topic.types:
            assert topic.can_filter_by(rtype) >= set(topic.filters)
        assert (topic.holds is always) == (not topic.type)
