"""What the audit trail holds of writes over HTTP, and attacks on the write path."""

from __future__ import annotations

from typing import Any

import pytest

from hub.audit import queries
from hub.audit.entry import Entry, Outcome
from hub.kernel.types import Json
from tests.api.house import House, body, code, in_house, observation, patient

CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"


async def trail(home: House, request: str = "") -> list[Entry]:
    """Entries, oldest first; of one request if it is named."""
    async with home.database.connection() as tx:
        kept = (await queries.newest(tx, limit=1000))[::-1]
    return [entry for entry in kept if request in ("", entry.origin.request)]


def told(entry: Entry) -> tuple[Any, ...]:
    return entry.interaction.value, entry.outcome.value, entry.resource_id, entry.version, entry.reason


def label(code: str) -> Json:
    return {"system": CONFIDENTIALITY, "code": code}


def test_every_write_that_is_answered_with_success_is_in_the_trail_under_its_request(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.ask("POST", "/Observation", observation("p1"))
        rid = body(made)["id"]
        changed = {**body(made), "status": "amended"}
        answers = [
            made,
            await home.ask("PUT", f"/Observation/{rid}", changed),
            await home.ask("PUT", f"/Observation/{rid}", changed),
            await home.ask("DELETE", f"/Observation/{rid}"),
        ]
        assert [answer.status_code for answer in answers] == [201, 200, 200, 204]
        entries = [entry for a in answers for entry in await trail(home, a.headers["x-request-id"])]
        assert [told(entry) for entry in entries] == [
            ("create", "released", rid, 1, None),
            ("update", "released", rid, 2, None),
            ("update", "released", rid, 2, None),
            ("delete", "released", rid, 4, None),
        ]
        assert {entry.patients for entry in entries} == {("p1",)}
        assert {entry.requester.reference for entry in entries} == {"Practitioner/who"}

    in_house(database_url, visit)


def test_moving_a_resource_to_another_patient_is_refused_and_audited(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(observation("p1"))
        path = f"/Observation/{made['id']}"
        moved = {**made, "subject": {"reference": "Patient/p2"}}
        entry = {"resource": moved, "request": {"method": "PUT", "url": path[1:]}}
        single = await home.ask("PUT", path, moved)
        conditional = await home.ask("PUT", "/Observation?code=http://loinc.org|8480-6", moved)
        bundled = await home.ask("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": [entry]})
        batched = await home.ask("POST", "", {"resourceType": "Bundle", "type": "batch", "entry": [entry]})
        for answer in (single, conditional, bundled):
            assert (answer.status_code, code(answer)) == (422, "subject-changed")
        assert body(batched)["entry"][0]["response"]["status"].startswith("422")
        refused = [entry for entry in await trail(home) if entry.outcome is Outcome.REFUSED]
        assert [told(entry) for entry in refused] == [
            (interaction, "refused", made["id"], None, "subject-changed")
            for interaction in ("update", "update", "transaction", "update")
        ]
        assert {entry.patients for entry in refused} == {()}
        assert body(await home.ask("GET", path))["subject"] == {"reference": "Patient/p1"}

    in_house(database_url, visit)


@pytest.mark.parametrize("security", [[], [{"system": CONFIDENTIALITY, "code": "N"}]])
def test_lowering_labels_changes_none_and_is_audited(database_url: str, security: list[Json]) -> None:
    async def visit(home: House) -> None:
        made = await home.create(observation("p1", meta={"security": [label("R")]}))
        lowered = {**made, "status": "amended", "meta": {"security": security} if security else {}}
        answer = await home.ask("PUT", f"/Observation/{made['id']}", lowered)
        assert answer.status_code == 200
        assert label("R") in body(answer)["meta"]["security"]
        (entry,) = await trail(home, answer.headers["x-request-id"])
        assert told(entry) == ("update", "released", made["id"], 2, "labels-kept")

    in_house(database_url, visit)


def test_writing_what_another_facility_has_is_told_as_nothing_and_audited_as_what_it_is(database_url: str) -> None:
    async def visit(home: House) -> None:
        theirs = await home.create(patient(), who="hospital")
        hidden = await home.ask("DELETE", f"/Patient/{theirs['id']}")
        absent = await home.ask("DELETE", "/Patient/nobody")
        assert (hidden.status_code, hidden.content) == (404, absent.content)
        (foreign,) = await trail(home, hidden.headers["x-request-id"])
        (nothing,) = await trail(home, absent.headers["x-request-id"])
        assert told(foreign) == ("delete", "refused", theirs["id"], None, "not-yours")
        assert told(nothing) == ("delete", "absent", "nobody", None, "not-yours")

    in_house(database_url, visit)


@pytest.mark.parametrize(
    ("who", "path", "headers", "reason"),
    [
        ("auditor", "/Patient", {}, "role"),
        ("reader", "/Patient", {}, "scope"),
        ("reader", "/Patient", {"if_none_exist": "identifier=urn:test:mrn|mrn-9"}, "scope"),
    ],
)
def test_a_create_without_the_right_is_audited(
    database_url: str, who: str, path: str, headers: dict[str, str], reason: str
) -> None:
    async def visit(home: House) -> None:
        answer = await home.ask("POST", path, patient(), who=who, **headers)
        assert (answer.status_code, code(answer)) == (403, reason)
        *_, last = await trail(home, answer.headers["x-request-id"])
        assert told(last) == ("create", "refused", None, None, reason)

    in_house(database_url, visit)


def test_a_conditional_entry_of_a_transaction_without_the_right_is_audited(database_url: str) -> None:
    async def visit(home: House) -> None:
        request = {"method": "POST", "url": "Patient", "ifNoneExist": "identifier=urn:test:mrn|mrn-9"}
        bundle = {
            "resourceType": "Bundle",
            "type": "transaction",
            "entry": [{"resource": patient(), "request": request}],
        }
        answer = await home.ask("POST", "", bundle, who="reader")
        assert answer.status_code == 403
        *_, last = await trail(home, answer.headers["x-request-id"])
        assert told(last) == ("transaction", "refused", None, None, "scope")

    in_house(database_url, visit)


def test_entries_of_a_batch_are_audited_as_the_interactions_they_are(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        entries = [
            {"resource": patient(), "request": {"method": "POST", "url": "Patient"}},
            {"request": {"method": "DELETE", "url": f"Patient/{made['id']}"}},
            {"request": {"method": "DELETE", "url": "Patient/nobody"}},
        ]
        answer = await home.ask("POST", "", {"resourceType": "Bundle", "type": "batch", "entry": entries})
        kept = await trail(home, answer.headers["x-request-id"])
        assert sorted((entry.interaction.value, entry.outcome.value) for entry in kept) == [
            ("create", "released"),
            ("delete", "absent"),
            ("delete", "released"),
        ]

    in_house(database_url, visit)


def test_no_write_is_answered_as_done_while_the_trail_cannot_be_written(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        async with home.database.connection() as tx:
            await tx.execute("ALTER TABLE audit ADD CHECK (interaction = 'read') NOT VALID")
        path = f"/Patient/{made['id']}"
        entry = {"resource": patient(), "request": {"method": "POST", "url": "Patient"}}
        for answer in (
            await home.ask("POST", "/Patient", patient()),
            await home.ask("PUT", path, {**made, "gender": "other"}),
            await home.ask("DELETE", path),
            await home.ask("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}),
            await home.ask("DELETE", "/Patient/nobody"),
        ):
            assert answer.status_code == 503
        assert body(await home.ask("GET", path)) == made
        async with home.database.connection() as tx:
            assert await tx.fetchval("SELECT count(*) FROM resource") == 1
        assert "桂兰" not in home.log.getvalue()
        assert "\\u6842" not in home.log.getvalue()

    in_house(database_url, visit)
