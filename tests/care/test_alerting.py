"""Alerts through the real gate and doors: whoever looks after a patient gets a task, and nobody else does."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any, Final

from hub.care.alerting import Alerting
from hub.care.rules import SHIPPED, load
from hub.care.watch import Watch
from hub.fhir.json import loads
from hub.kernel.ids import keyed_ids
from hub.kernel.log import Log
from hub.kernel.types import Json
from hub.records.carers import Carers
from hub.store.store import Store
from tests.api.house import CANONICAL, START, House, actor, body, in_house, observation, patient
from tests.api.test_relationships import CONTRACT, _ties

RULES: Final = load(SHIPPED)


def alerting(home: House) -> Alerting:
    services = home.services
    log = Log("events", stream=io.StringIO())
    carers, ids = Carers(Store(services.clock)), keyed_ids(b"a secret of the tests")
    return Alerting(
        home.database, services.gate, carers, services.writes, RULES, ids, services.clock, log, canonical_base=CANONICAL
    )


async def written(home: House, who: str = "clinic", **elements: Any) -> Json:
    """Write a reading, and let the rules see it as the doors do."""
    made = await home.create(observation("F05-wei", effectiveDateTime=START.isoformat(), **elements), who=who)
    async with home.database.transaction() as tx:
        await Watch(RULES, home.services.clock).note(tx, [(made["id"], made)])
    return made


async def told(home: House) -> None:
    """What the events process does."""
    teller = alerting(home)
    for seq in await teller.due():
        await teller.serve(seq)


async def tasks(home: House, who: str) -> list[Json]:
    answer = await home.ask("GET", "/Task?owner=Practitioner/who&status=requested", who=who)
    return [entry["resource"] for entry in body(answer).get("entry", ())]


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
