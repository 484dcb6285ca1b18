"""Alerts through the real gate and doors: whoever looks after a patient gets a task, and nobody else does."""

from __future__ import annotations

import asyncio
import io
from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from consent.compiler import compile_consent
from consent.configuration import Configuration
from consent.packed import pack
from consent.references import References
from hub.auth import consent_rules
from hub.auth.consent_rules import ConsentRule
from hub.care.alerting import Alerting
from hub.care.rules import SHIPPED, load
from hub.care.watch import CHANNEL, Watch
from hub.fhir.json import loads
from hub.kernel.ids import keyed_ids
from hub.kernel.log import Log
from hub.kernel.types import Json
from hub.records.carers import Carers
from hub.store.store import Store
from tests.api.house import BASE, CANONICAL, START, House, actor, body, in_house, observation, patient
from tests.api.test_relationships import CONTRACT, _ties
from tests.consent import cases

RULES: Final = load(SHIPPED)


def alerting(home: House) -> Alerting:
    services = home.services
    log = Log("events", stream=io.StringIO())
    carers, ids = Carers(Store(services.clock)), keyed_ids(b"a secret of the tests")
    return Alerting(
        home.database, services.gate, carers, services.writes, RULES, ids, services.clock, log, canonical_base=CANONICAL
    )


async def written(home: House, who: str = "clinic", when: datetime = START, **elements: Any) -> Json:
    """Write a reading, and let the rules see it as the doors do."""
    made = await home.create(observation("F05-wei", effectiveDateTime=when.isoformat(), **elements), who=who)
    async with home.database.transaction() as tx:
        await Watch(RULES, home.services.clock).note(tx, [(made["id"], made)])
    return made


async def told(home: House) -> None:
    """What the events process does."""
    teller = alerting(home)
    await asyncio.gather(*map(teller.serve, await teller.due()))


async def tasks(home: House, who: str) -> list[Json]:
    answer = await home.ask("GET", "/Task?owner=Practitioner/who&status=requested", who=who)
    return [entry["resource"] for entry in body(answer).get("entry", ())]


FALL: Final[Json] = {"code": {"coding": [{"system": "urn:hub:device-event", "code": "fall"}]}}


def glucose(value: str) -> Json:
    code = {"coding": [{"system": "http://loinc.org", "code": "15074-8"}]}
    return {"code": code, "valueQuantity": {"value": loads(value), "code": "mmol/L", "unit": "mmol/L"}}


def test_a_red_reading_is_a_task_of_the_family_doctor_once(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.ask("PUT", "/Patient/F05-wei", patient(id="F05-wei"))
        await _ties(home).sign(actor(), CONTRACT)
        await written(home, value="179")
        await told(home)
        assert await tasks(home, "family") == []
        reading = await written(home, value="188")
        await told(home)
        (task,) = await tasks(home, "family")
        assert task["focus"] == {"reference": f"Observation/{reading['id']}"}
        assert (task["priority"], task["owner"]) == ("stat", {"reference": "Practitioner/who"})
        coding = {(each["system"], each["code"]) for each in task["code"]["coding"]}
        assert coding == {("http://loinc.org", "8480-6"), (f"{CANONICAL}/CodeSystem/alert", "blood-pressure-red")}
        begun, due = task["executionPeriod"]["start"], task["executionPeriod"]["end"]
        assert due > begun
        (flag,) = body(await home.ask("GET", "/Flag?patient=F05-wei", who="family"))["entry"]
        assert flag["resource"]["status"] == "active"
        # Closed by the doctor's facility, it is not opened again by the same reading.
        assert (
            await home.ask("PUT", f"/Task/{task['id']}", {**task, "status": "completed"}, who="clinic")
        ).status_code == 200
        async with home.database.transaction() as tx:
            await Watch(RULES, home.services.clock).note(tx, [(reading["id"], reading)])
        await told(home)
        assert await tasks(home, "family") == []
        assert await alerting(home).due() == []

    in_house(database_url, visit)


async def refuse(home: House, provision: Json) -> None:
    """The patient refuses what `provision` names."""
    said = {
        **cases.consent(None),
        "id": "c",
        "meta": {"versionId": "1"},
        "patient": {"reference": "Patient/F05-wei"},
        "provision": {"type": "deny", **provision},
    }
    configuration = Configuration(base_urls=(BASE,))
    compiled = pack(compile_consent(said, References(configuration.base_urls)), configuration)
    rule = ConsentRule(id="c", patient="F05-wei", version=1, status="active", actors=(), compiled=compiled)
    async with home.database.transaction() as tx:
        await consent_rules.put(tx, rule)
        await consent_rules.raise_epoch(tx)


async def seen(home: House, path: str, who: str) -> int:
    """How many a search finds."""
    found: int = body(await home.ask("GET", f"{path}&_total=accurate", who=who))["total"]
    return found


def test_the_events_process_is_woken_once_what_waits_is_committed(database_url: str) -> None:
    async def visit(home: House) -> None:
        reading = await home.create(observation("F05-wei", value="188", effectiveDateTime=START.isoformat()))
        waiting: list[str] = []
        woken = asyncio.Event()
        ear = await home.database.dedicated()

        async def hear(*_: Any) -> None:
            waiting.extend(await alerting(home).due())
            woken.set()

        await ear.add_listener(CHANNEL, hear)
        async with home.database.transaction() as tx:
            await Watch(RULES, home.services.clock).note(tx, [(reading["id"], reading)])
        await asyncio.wait_for(woken.wait(), 10)
        await ear.close()
        assert len(waiting) == 1

    in_house(database_url, visit)


def test_an_alert_is_of_the_facility_of_the_reading_and_opens_nothing_to_the_doctors_colleagues(
    database_url: str,
) -> None:
    async def visit(home: House) -> None:
        await home.ask("PUT", "/Patient/F05-wei", patient(id="F05-wei"))
        await _ties(home).sign(actor(), CONTRACT)
        reading = await written(home, "hospital", value="188")
        await told(home)
        (task,) = await tasks(home, "family")
        assert task["requester"] == {"reference": "Organization/F01"}
        assert task["executionPeriod"]["start"] == reading["effectiveDateTime"]
        for rtype in ("Task", "Flag", "Observation"):
            # The colleague has no relation to her; the doctor has, and the hospital's own people wrote it.
            sees = [await seen(home, f"/{rtype}?patient=F05-wei", who) for who in ("clinic", "family", "hospital")]
            assert sees == [0, 1, 1]
        assert (await home.ask("GET", f"/Task/{task['id']}", who="clinic")).status_code == 404
        assert (await home.ask("PUT", f"/Task/{task['id']}", task, who="clinic")).status_code == 404

    in_house(database_url, visit)


@pytest.mark.parametrize(
    "provision",
    [
        {"code": [{"coding": [{"system": "http://loinc.org", "code": "8480-6"}]}]},
        {"dataPeriod": {"start": (START - timedelta(minutes=1)).isoformat(), "end": START.isoformat()}},
        {"data": [{"meaning": "authoredby", "reference": {"reference": "Organization/F01"}}]},
    ],
    ids=["code", "time", "facility"],
)
def test_a_consent_that_hides_the_reading_hides_its_alert_from_the_doctor_too(
    database_url: str, provision: Json
) -> None:
    async def visit(home: House) -> None:
        await home.ask("PUT", "/Patient/F05-wei", patient(id="F05-wei"))
        await _ties(home).sign(actor(), CONTRACT)
        await written(home, "hospital", value="188")
        await told(home)
        home.services.clock.skip(60)  # type: ignore[attr-defined]
        for rtype, before in (("Observation", 1), ("Task", 1), ("Flag", 1)):
            assert await seen(home, f"/{rtype}?patient=F05-wei", "family") == before
        await refuse(home, provision)
        for rtype in ("Observation", "Task", "Flag"):
            assert await seen(home, f"/{rtype}?patient=F05-wei", "family") == 0

    in_house(database_url, visit)


def test_one_task_waits_for_a_rule_however_many_readings_there_are(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.ask("PUT", "/Patient/F05-wei", patient(id="F05-wei"))
        await _ties(home).sign(actor(), CONTRACT)
        first = await written(home, value="188")
        second = await written(home, value="190")
        await told(home)
        (task,) = await tasks(home, "family")
        readings = {f"Observation/{one['id']}": one for one in (first, second)}
        first = readings.pop(task["focus"]["reference"])
        (second,) = readings.values()
        # Another rule has a Task of its own.
        await written(home, **FALL)
        await told(home)
        assert len(await tasks(home, "family")) == 2
        # That reading was an error: the other, which still stands, makes the Task.
        await home.ask("DELETE", f"/Observation/{first['id']}")
        async with home.database.transaction() as tx:
            wrong = {**first, "status": "entered-in-error"}
            await Watch(RULES, home.services.clock).note(tx, [(first["id"], wrong)])
        await told(home)
        await told(home)
        waits = {task["focus"]["reference"] for task in await tasks(home, "family")}
        assert f"Observation/{second['id']}" in waits
        assert f"Observation/{first['id']}" not in waits
        assert len(waits) == 2
        # Begun, it answers for no later reading.
        for each in await tasks(home, "family"):
            await home.ask("PUT", f"/Task/{each['id']}", {**each, "status": "in-progress"})
        await written(home, value="195")
        await told(home)
        assert len(await tasks(home, "family")) == 1
        # Nor does one that nobody touched, when the rule's time is over.
        home.services.clock.skip(25 * 3600)  # type: ignore[attr-defined]
        await written(home, value="196", when=START + timedelta(hours=25))
        await told(home)
        assert len(await tasks(home, "family")) == 2

    in_house(database_url, visit)


def test_nobody_is_alerted_to_what_is_hidden_from_him(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.ask("PUT", "/Patient/F05-wei", patient(id="F05-wei"))
        await _ties(home).sign(actor(), CONTRACT)
        label = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "PSY"}
        await written(home, "hospital", value="188", meta={"security": [label]})
        await told(home)
        assert await tasks(home, "family") == []
        await written(home, "hospital", value="189")
        await told(home)
        assert len(await tasks(home, "family")) == 1
        assert await alerting(home).due() == []

    in_house(database_url, visit)


def test_a_reading_that_was_entered_in_error_calls_its_task_off(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.ask("PUT", "/Patient/F05-wei", patient(id="F05-wei"))
        await _ties(home).sign(actor(), CONTRACT)
        reading = await written(home, value="188")
        await told(home)
        (task,) = await tasks(home, "family")
        wrong = {**reading, "status": "entered-in-error"}
        assert (await home.ask("PUT", f"/Observation/{reading['id']}", wrong)).status_code == 200
        for _ in range(2):
            async with home.database.transaction() as tx:
                await Watch(RULES, home.services.clock).note(tx, [(reading["id"], wrong)])
            await told(home)
        assert await tasks(home, "family") == []
        assert body(await home.ask("GET", f"/Task/{task['id']}", who="family"))["status"] == "cancelled"
        (flag,) = body(await home.ask("GET", "/Flag?patient=F05-wei", who="family"))["entry"]
        assert flag["resource"]["status"] == "entered-in-error"

    in_house(database_url, visit)


def test_without_a_family_doctor_the_facility_is_told(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.ask("PUT", "/Patient/F05-wei", patient(id="F05-wei"))
        await written(home, value="188")
        await told(home)
        found = body(await home.ask("GET", "/Task?patient=F05-wei"))["entry"]
        assert [entry["resource"]["owner"]["reference"] for entry in found] == ["Organization/F05"]

    in_house(database_url, visit)


def test_glucose_that_leaves_its_mean_is_a_yellow_task(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.ask("PUT", "/Patient/F05-wei", patient(id="F05-wei"))
        await _ties(home).sign(actor(), CONTRACT)
        for day, value in ((31, "19"), (20, "7.2"), (10, "7.4"), (1, "7.6")):
            when = (START - timedelta(days=day)).isoformat()
            await home.create(observation("F05-wei", **{**glucose(value), "effectiveDateTime": when}))
        await written(home, **glucose("12.1"))
        await told(home)
        (task,) = await tasks(home, "family")
        assert (task["priority"], task["code"]["coding"][-1]["code"]) == ("urgent", "glucose-swing")

    in_house(database_url, visit)
