"""Delivery over rest-hook.

Subscriptions R5 Backport 1.1.0 (https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/): channels.html#rest-hook,
notifications.html, payloads.html, errors.html.
"""

from __future__ import annotations

from hub.kernel.types import Json
from tests.api.house import BASE, body, observation, patient
from tests.events.house import Telled, in_telling

REFUSED = b"HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n"


async def recorded(telled: Telled, *values: str) -> list[Json]:
    """A patient of the clinic with some values."""
    made = await telled.home.create(patient())
    return [made, *[await telled.home.create(observation(made["id"], value)) for value in values]]


def test_a_rest_hook_is_requested_until_its_receiver_took_the_handshake(database_url: str) -> None:
    async def visit(telled: Telled) -> None:
        answer = await telled.home.ask("POST", "/Subscription", telled.wanted())
        assert (answer.status_code, body(answer)["status"]) == (201, "requested")
        sid = body(answer)["id"]
        await telled.deliver()
        (post,) = telled.receiver.posts
        assert (post.kind, post.status["status"], post.events) == ("handshake", "requested", [])
        assert post.status["events-since-subscription-start"] == "0"
        assert post.status["subscription"] == {"reference": f"{BASE}/Subscription/{sid}"}
        assert (await telled.standing(sid))["status"] == "active"

    in_telling(database_url, visit)


def test_an_error_in_the_handshake_is_the_status_error(database_url: str) -> None:
    async def visit(telled: Telled) -> None:
        telled.receiver.answers.append(REFUSED)
        made = await telled.subscribe()
        assert (made["status"], made["error"]) == ("error", "receiver-500")
        await telled.deliver()
        assert len(telled.receiver.posts) == 1

    in_telling(database_url, visit)


def test_a_notification_is_a_history_bundle_whose_first_entry_is_the_status(database_url: str) -> None:
    async def visit(telled: Telled) -> None:
        await telled.subscribe()
        made, value = await recorded(telled, "132")
        await telled.tell()
        (post,) = telled.receiver.of("event-notification")
        assert post.target == "/notify?x=1"
        assert post.headers["content-type"] == "application/fhir+json"
        assert post.bundle["type"] == "history"
        (first,) = post.bundle["entry"]
        assert first["resource"]["resourceType"] == "Parameters"
        assert first["request"] == {"method": "GET", "url": f"{post.status['subscription']['reference']}/$status"}
        assert first["response"]["status"] == "200"
        assert post.status["events-since-subscription-start"] == "2"
        assert post.events == [(1, f"{BASE}/Patient/{made['id']}"), (2, f"{BASE}/Observation/{value['id']}")]

    in_telling(database_url, visit)


def test_an_empty_payload_names_neither_focus_nor_topic(database_url: str) -> None:
    async def visit(telled: Telled) -> None:
        await telled.subscribe(telled.wanted(content="empty"))
        await recorded(telled)
        await telled.tell()
        (post,) = telled.receiver.of("event-notification")
        assert post.events == [(1, None)]
        assert "topic" not in post.status
        assert len(post.bundle["entry"]) == 1

    in_telling(database_url, visit)


def test_a_full_resource_payload_holds_each_resource_as_it_stands(database_url: str) -> None:
    async def visit(telled: Telled) -> None:
        await telled.subscribe(telled.wanted("resource-changed", "Observation?", content="full-resource"))
        _, value = await recorded(telled, "132")
        changed = {**value, "status": "amended"}
        answer = await telled.home.ask("PUT", f"/Observation/{value['id']}", changed)
        assert answer.status_code == 200
        await telled.tell()
        (post,) = telled.receiver.of("event-notification")
        assert [number for number, _ in post.events] == [1, 2]
        _, entry = post.bundle["entry"]
        assert entry["fullUrl"] == f"{BASE}/Observation/{value['id']}"
        assert entry["resource"] == body(answer)
        assert entry["request"] == {"method": "PUT", "url": f"Observation/{value['id']}"}

    in_telling(database_url, visit)


def test_a_deletion_is_told_without_a_body(database_url: str) -> None:
    async def visit(telled: Telled) -> None:
        _, value = await recorded(telled, "132")
        await telled.subscribe(telled.wanted("resource-changed", "Observation?", content="full-resource"))
        answer = await telled.home.ask("DELETE", f"/Observation/{value['id']}")
        assert answer.status_code == 204
        await telled.tell()
        entry = telled.receiver.of("event-notification")[-1].bundle["entry"][-1]
        assert entry["request"] == {"method": "DELETE", "url": f"Observation/{value['id']}"}
        assert "resource" not in entry

    in_telling(database_url, visit)


def test_no_notification_holds_more_events_than_max_count(database_url: str) -> None:
    async def visit(telled: Telled) -> None:
        await telled.subscribe(telled.wanted(max_count=2))
        await recorded(telled, "1", "2", "3", "4")
        await telled.tell()
        counts = [len(post.events) for post in telled.receiver.of("event-notification")]
        assert counts == [2, 2, 1]
        assert [number for number, _ in telled.receiver.events] == [1, 2, 3, 4, 5]

    in_telling(database_url, visit)


def test_headers_are_sent_with_every_notification(database_url: str) -> None:
    async def visit(telled: Telled) -> None:
        made = await telled.subscribe(telled.wanted(header=["Authorization: Bearer topsecret"]))
        await recorded(telled)
        await telled.tell()
        assert [post.headers["authorization"] for post in telled.receiver.posts] == ["Bearer topsecret"] * 2
        assert "header" not in made["channel"]
        assert "topsecret" not in telled.home.log.getvalue()

    in_telling(database_url, visit)


def test_a_refused_notification_is_sent_again_under_its_numbers_after_growing_pauses(database_url: str) -> None:
    async def visit(telled: Telled) -> None:
        sid = (await telled.subscribe())["id"]
        await recorded(telled, "1")
        telled.receiver.answers = [REFUSED, REFUSED]
        await telled.tell()
        assert len(telled.receiver.of("event-notification")) == 1
        telled.skip(5)
        await telled.deliver()
        assert len(telled.receiver.of("event-notification")) == 2
        await recorded(telled)
        telled.skip(5)
        await telled.tell()
        first, second, third, fourth = telled.receiver.of("event-notification")
        assert first.events == second.events == third.events
        assert first.bundle["id"] == third.bundle["id"]
        assert [number for number, _ in fourth.events] == [3]
        assert (await telled.standing(sid))["status"] == "active"

    in_telling(database_url, visit)


def test_what_failed_every_time_is_laid_aside_and_can_be_sent_again(database_url: str) -> None:
    async def visit(telled: Telled) -> None:
        sid = (await telled.subscribe())["id"]
        await recorded(telled)
        telled.receiver.answers = [REFUSED] * 3
        await telled.gather()
        for _ in range(5):
            telled.skip(60)
            await telled.deliver()
        assert len(telled.receiver.of("event-notification")) == 3
        seen = await telled.desk.shown(sid)
        assert (seen.status, seen.error, seen.dead, seen.told) == ("error", "receiver-500", 1, 1)
        await recorded(telled)
        await telled.tell()
        assert len(telled.receiver.of("event-notification")) == 3
        assert await telled.desk.resend(sid) == 1
        await telled.deliver()
        assert [number for number, _ in telled.receiver.events] == [1, 1, 1, 1, 2]
        seen = await telled.desk.shown(sid)
        assert (seen.status, seen.dead, seen.open, seen.waiting) == ("active", 0, 0, 0)

    in_telling(database_url, visit)


def test_an_owner_who_asks_again_after_an_error_is_told_what_came_meanwhile(database_url: str) -> None:
    async def visit(telled: Telled) -> None:
        made = await telled.subscribe()
        await recorded(telled)
        telled.receiver.answers = [REFUSED] * 3
        await telled.gather()
        for _ in range(4):
            telled.skip(60)
            await telled.deliver()
        await recorded(telled)
        await telled.gather()
        wanted = {**telled.wanted(), "id": made["id"]}
        assert (await telled.home.ask("PUT", f"/Subscription/{made['id']}", wanted)).status_code == 200
        await telled.deliver()
        assert [number for number, _ in telled.receiver.events] == [1, 1, 1, 2]

    in_telling(database_url, visit)


def test_without_a_connection_nothing_is_numbered(database_url: str) -> None:
    async def visit(telled: Telled) -> None:
        sid = (await telled.subscribe())["id"]
        await recorded(telled)
        await telled.gather()
        port, telled.receiver.port = telled.receiver.port, 1

        async def nowhere(_: str, __: int) -> list[str]:
            raise OSError

        telled.courier._resolver = nowhere  # type: ignore[misc]
        await telled.deliver()
        seen = await telled.desk.shown(sid)
        assert (seen.told, seen.waiting, seen.open, seen.tries) == (0, 1, 0, 1)
        telled.receiver.port = port

    in_telling(database_url, visit)


def test_a_heartbeat_comes_after_a_quiet_period_and_counts_no_event(database_url: str) -> None:
    async def visit(telled: Telled) -> None:
        await telled.subscribe(telled.wanted(heartbeat=600))
        await recorded(telled)
        await telled.tell()
        assert not telled.receiver.of("heartbeat")
        telled.skip(601)
        await telled.deliver()
        (beat,) = telled.receiver.of("heartbeat")
        assert (beat.status["events-since-subscription-start"], beat.events) == ("1", [])
        telled.skip(300)
        await telled.deliver()
        assert len(telled.receiver.of("heartbeat")) == 1

    in_telling(database_url, visit)


def test_at_its_end_a_subscription_is_off(database_url: str) -> None:
    async def visit(telled: Telled) -> None:
        sid = (await telled.subscribe(telled.wanted(end="2026-05-20T02:00:00Z")))["id"]
        telled.skip(3600)
        await recorded(telled)
        await telled.tell()
        assert (await telled.standing(sid))["status"] == "off"
        assert not telled.receiver.of("event-notification")

    in_telling(database_url, visit)


def test_a_subscription_that_is_off_is_told_nothing(database_url: str) -> None:
    async def visit(telled: Telled) -> None:
        made = await telled.subscribe()
        off = {**telled.wanted(), "id": made["id"], "status": "off"}
        assert body(await telled.home.ask("PUT", f"/Subscription/{made['id']}", off))["status"] == "off"
        await recorded(telled)
        await telled.tell()
        assert not telled.receiver.of("event-notification")

    in_telling(database_url, visit)


def test_what_happened_before_it_was_active_is_not_told(database_url: str) -> None:
    async def visit(telled: Telled) -> None:
        await recorded(telled, "1")
        await telled.subscribe()
        await telled.tell()
        assert not telled.receiver.of("event-notification")

    in_telling(database_url, visit)
