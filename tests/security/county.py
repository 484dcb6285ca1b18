"""Two versions of one county: with the data that is hidden from the clinic, and as if that had never been.

The hospital (F01) writes all of it. The clinic (F05) has referrals for A, B and C, none for D. A consents by silence, B
has opted out, C has a viral load labelled HIV.
"""

from __future__ import annotations

import io
import re
from datetime import timedelta
from typing import Any, Final

import httpx

from consent.configuration import Configuration
from hub.audit.trail import Trail
from hub.auth.actor import Actor
from hub.auth.directory import Directory
from hub.fhir.json import loads
from hub.fhir.xml import read_xml
from hub.kernel.log import Log
from hub.kernel.types import Json
from hub.records.consents import Consents
from hub.store.store import Store
from tests.api.house import BASE, START, House
from tests.auth.consortium import CONSORTIUM

HIV: Final = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HIV"}
MRN: Final = "urn:test:mrn"

_MADE_ANEW: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_INSTANTS: Final = {"lastUpdated", "lastModified", "timestamp"}

PEOPLE: Final = {
    "a": {"name": [{"text": "沈桂兰"}], "gender": "female", "birthDate": "1958-04-12"},
    "b": {"name": [{"text": "赵国强"}], "gender": "male", "birthDate": "1971-09-30"},
    "c": {"name": [{"text": "马小云"}], "gender": "female", "birthDate": "1990-02-17"},
    "d": {"name": [{"text": "欧阳海"}], "gender": "male", "birthDate": "1949-12-05"},
}
#: Who has a referral to the clinic.
REFERRED: Final = ("a", "b", "c")


def patient(who: str) -> Json:
    """The Patient of a letter, as the hospital keeps it."""
    identifier = [{"system": MRN, "value": f"M-{who}"}]
    phone = [{"system": "phone", "value": f"1380099000{ord(who) - ord('a')}"}]
    return {"resourceType": "Patient", "id": f"F01-{who}", "identifier": identifier, "telecom": phone, **PEOPLE[who]}


def observation(who: str, name: str, value: float, **elements: Any) -> Json:
    """A laboratory value of a patient."""
    return {
        "resourceType": "Observation",
        "id": f"F01-{who}-{name}",
        "status": "final",
        "identifier": [{"system": "urn:test:lab", "value": f"{who}-{name}"}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "20447-9" if name == "load" else "4548-4"}]},
        "subject": {"reference": f"Patient/F01-{who}"},
        "effectiveDateTime": f"2026-05-{10 + ord(who) - ord('a'):02}T08:00:00+08:00",
        "valueQuantity": {"value": value, "unit": "1", "system": "http://unitsofmeasure.org", "code": "1"},
        **elements,
    }


def referral(who: str) -> Json:
    """A referral of a patient to the clinic."""
    return {
        "resourceType": "ServiceRequest",
        "id": f"F01-{who}-ref",
        "status": "active",
        "intent": "order",
        "subject": {"reference": f"Patient/F01-{who}"},
        "performer": [{"reference": "Organization/F05"}],
        "occurrencePeriod": {"start": "2026-05-01", "end": "2026-06-30"},
    }


def visit(who: str, name: str, part_of: str) -> Json:
    """An encounter at the hospital that is part of another one."""
    return {
        "resourceType": "Encounter",
        "id": f"F01-{who}-{name}",
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
        "subject": {"reference": f"Patient/F01-{who}"},
        "partOf": {"reference": f"Encounter/F01-{who}-{part_of}"},
    }


#: A list of B's that names a result of A's, which the clinic may see.
LIST: Final = {
    "resourceType": "List",
    "id": "F01-b-list",
    "status": "current",
    "mode": "working",
    "subject": {"reference": "Patient/F01-b"},
    "entry": [{"item": {"reference": "Observation/F01-a-hba1c"}}, {"item": {"reference": "Observation/F01-b-hba1c"}}],
}

#: A result of A's that tells more than it should: of B's glucose, of C's viral load, of what is nowhere.
PANEL: Final = {
    **observation("a", "panel", 1),
    "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">viral load 51000</div>'},
    "hasMember": [
        {"reference": "Observation/F01-a-hba1c", "display": "HbA1c"},
        {"reference": "Observation/F01-b-hba1c", "display": "B's HbA1c"},
        {"reference": "Observation/F01-c-load", "display": "viral load"},
    ],
}


def outer(who: str) -> Json:
    """A result that contains another, which names the viral load of C."""
    inner = {
        "resourceType": "Observation",
        "id": "inner",
        "status": "final",
        "code": {"coding": [{"system": "urn:test:lab", "code": f"inner-{who}"}]},
        "valueQuantity": {"value": 3},
        "hasMember": [{"reference": "Observation/F01-c-load"}],
    }
    return observation(who, "holder", 1, contained=[inner], hasMember=[{"reference": "#inner"}])


def problem(who: str) -> Json:
    """A problem of a patient that is not over."""
    return {"resourceType": "Condition", "id": f"F01-{who}-problem", "subject": {"reference": f"Patient/F01-{who}"}}


def document(who: str) -> Json:
    """A Composition about a patient that names values of A, of B, one that is hidden, and one that is nowhere."""
    names = ("F01-a-hba1c", "F01-b-hba1c", "F01-c-load", "F01-z-load")
    return {
        "resourceType": "Composition",
        "id": f"F01-{who}-doc",
        "status": "final",
        "type": {"text": "出院小结"},
        "subject": {"reference": f"Patient/F01-{who}"},
        "date": "2026-05-19",
        "author": [{"display": "方"}],
        "title": "出院小结",
        "section": [{"entry": [{"reference": f"Observation/{name}", "display": "told of it"} for name in names]}],
    }


async def settle(home: House, *, hidden: bool) -> None:
    """Write the county; without what is `hidden`, B, D and the viral load of C never were."""
    for who in PEOPLE if hidden else ("a", "c"):
        await _put(home, patient(who))
        await _put(home, observation(who, "hba1c", 6.5))
        if who in REFERRED:
            await _put(home, referral(who))
    if hidden:
        await _put(home, observation("c", "load", 51000, meta={"security": [HIV]}))
        await _put(home, observation("d", "load", 200, meta={"security": [HIV]}))
        await _put(home, visit("b", "visit", "ward"))
        await _put(home, visit("b", "ward", "visit"))
        doctor = [{"reference": "Practitioner/F01-doc"}]
        await _put(
            home, observation("b", "seen", 7, encounter={"reference": "Encounter/F01-b-visit"}, performer=doctor)
        )
        await _put(home, outer("b"))
        await _put(home, problem("b"))
        await _put(home, LIST)
        await object_to_all(home, "b")
    await _put(home, PANEL)
    await _put(home, outer("a"))
    await _put(home, problem("a"))
    for who in "ac":
        await _put(home, document(who))


async def object_to_all(home: House, who: str) -> None:
    """A patient opts out through the consent door."""
    trail = Trail(home.database, Log("test", stream=io.StringIO()))
    directory, clock = Directory(CONSORTIUM), home.services.clock
    configuration = Configuration(base_urls=(BASE,))
    consents = Consents(home.database, Store(clock), directory, lambda _: (), trail, clock, configuration, BASE)
    self_ = Actor(
        role="patient",
        purpose=("PATRQT",),
        client="c",
        token_id="t",
        expires=START + timedelta(days=1),
        patient=f"F01-{who}",
    )
    try:
        await consents.grant(self_, {"template": "deny-all"})
    finally:
        await trail.close()


async def _put(home: House, resource: Json) -> None:
    answer = await home.ask("PUT", f"/{resource['resourceType']}/{resource['id']}", resource, who="hospital")
    assert answer.status_code in (200, 201), answer.text


def told(answer: httpx.Response) -> tuple[int, list[str], Any]:
    """All an answer tells, but for what differs between any two runs.

    That is instants, the sealed places of pages, and the UUIDs of what is made for one answer.
    """
    plain = _MADE_ANEW.sub("X", re.sub(r"_cursor=[\w-]+", "_cursor=X", answer.text))
    read = read_xml if "xml" in answer.headers.get("content-type", "") else loads
    body = _timeless(read(plain.encode())) if plain else None
    headers = sorted(name for name in answer.headers if name not in {"content-length"})
    return answer.status_code, headers, body


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        told = _INSTANTS | ({"date"} if value.get("id") == "X" else set())
        return {name: _timeless(part) for name, part in value.items() if name not in told}
    return [_timeless(part) for part in value] if isinstance(value, list) else value
