"""A hub with patients of one and the same record, of whom each said something else about it, for what reads them."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Final

from msgspec.structs import replace

from hub.audit.trail import Trail
from hub.db.database import Database
from hub.gate.gate import Gate
from hub.kernel.clock import system_clock
from hub.kernel.log import Log
from hub.kernel.types import Json
from hub.records.facts import facts_of
from hub.store.store import Store
from hub.store.values import Write
from tests.consent import cases
from tests.gate.house import DIRECTORY, SECRET, House, observation, write

AUTHOR: Final = "F01"
#: Another organisation, which is in charge of all patients; who reads is `tests.gate.house.STRANGER`.
READER: Final = "F03"

_TO_READER: Final = cases.actor(f"Organization/{READER}")
_LABELS: Final = (
    cases.provision("permit"),
    cases.provision("permit", actor=_TO_READER, securityLabel=cases.label("R", "HIV")),
    cases.provision("deny", actor=cases.actor("Organization/F05"), securityLabel=cases.label("PSY")),
    cases.provision("deny", actor=_TO_READER, **{"class": cases.class_("ImagingStudy", "Media")}),
)
_CODES: Final = cases.provision("deny", actor=_TO_READER, code=cases.code("75622-1", "56888-1", "30361-0", "80387-4"))
_YEARS: Final = {"start": "1990-01-01", "end": "2009-12-31"}
#: Of Observations: what has no time, as the Patient, would be denied too.
_TIMES: Final = cases.provision("deny", actor=_TO_READER, dataPeriod=_YEARS, **{"class": cases.class_("Observation")})

#: Each patient, and the provisions of the patient's consents. None of them denies anything of the record.
PATIENTS: Final[dict[str, Sequence[Json]]] = {
    "silent": (),
    "labels": _LABELS,
    "codes": (*_LABELS, _CODES),
    "times": (*_LABELS, _CODES, _TIMES),
}

_START: Final = datetime(2020, 1, 1, tzinfo=UTC)
_RESTRICTED: Final = [{"system": cases.CONFIDENTIALITY, "code": "R"}, {"system": cases.ACT_CODE, "code": "HIV"}]


@asynccontextmanager
async def house(url: str, count: int) -> AsyncIterator[House]:
    """A house whose patients have a record of `count` resources each, about 1 KiB a piece; all tables are there."""
    async with empty_house(url, page_limit=count + 100) as made:
        await _fill(made, count)
        yield made


@asynccontextmanager
async def empty_house(url: str, *, page_limit: int) -> AsyncIterator[House]:
    """A house in a database that has its tables."""
    database, store, stream = await Database.connect(url), Store(system_clock), io.StringIO()
    log = Log("bench", stream=stream)
    trail = Trail(database, log)
    gate = Gate(database, store, trail, DIRECTORY, SECRET, system_clock, log, page_limit=page_limit)
    try:
        yield House(database=database, store=store, trail=trail, gate=gate, stream=stream)
    finally:
        await trail.close()
        await database.close()


async def _fill(made: House, count: int) -> None:
    async with made.database.transaction() as tx:
        await made.store.save(tx, [write("Practitioner", f"p{number}", active=True) for number in range(20)])
        for patient in PATIENTS:
            await made.store.save(tx, record(patient, count))
    for patient, provisions in PATIENTS.items():
        await made.relate(patient, READER)
        for number, provision in enumerate(provisions):
            await made.consent(patient, provision, f"{patient}-{number}")
    async with made.database.connection() as tx:
        await tx.execute("ANALYZE")


def record(patient: str, count: int) -> list[Write]:
    """A patient with `count` resources in all, which name twenty Practitioners; one in twenty is restricted."""
    about = write("Patient", patient, name=[{"family": "沈", "given": ["桂兰"]}], birthDate="1958-04-12")
    return [about, *(_value(patient, number) for number in range(count - 1))]


def value_id(patient: str, number: int) -> str:
    """The id of one Observation of a record, counted from 0."""
    return f"{patient}-{number}"


def _value(patient: str, number: int) -> Write:
    when = (_START + timedelta(hours=7 * number)).isoformat()
    measured = {"unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"}
    found = observation(
        value_id(patient, number),
        patient=patient,
        meta={"security": _RESTRICTED} if number % 20 == 0 else {},
        effectiveDateTime=when,
        issued=when,
        performer=[{"reference": f"Practitioner/p{number % 20}", "display": "Dr Fang"}],
        category=[
            {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}]}
        ],
        valueQuantity={"value": number, **measured},
        referenceRange=[{"low": {"value": 1, **measured}, "high": {"value": 9, **measured}, "text": "of adults"}],
        note=[
            {"text": f"Taken in the morning before breakfast, {number} hours after the last meal of the day before."}
        ],
    )
    return replace(found, facts=facts_of(found.resource or {}, AUTHOR))
