"""Prescriptions flow to a pharmacy, what it dispensed flows back; it sees what was sent to it ($process-message)."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent.tables import ACT_CODE
from hub.api.fhir.messaging.ended import overtaken
from hub.api.fhir.messaging.events import check_message
from hub.api.fhir.messaging.message import read_message
from hub.api.fhir.messaging.writing import as_transaction
from hub.auth.actor import Actor
from hub.fhir.long_prescriptions import check_span
from hub.fhir.validate import validate
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from terminology.loading import Loader
from tests.api.house import ACTORS, CANONICAL, House, actor, body, in_house
from tests.api.test_withdrawal import WEI, _consents
from tests.terminology.house import WHEN

CITIZEN: Final = "990122195308172489"
ACTORS_HERE: Final[Mapping[str, Actor]] = {**ACTORS, "pharmacy": actor("F03")}
LOCAL: Final = "urn:f05:medicines"
NATIONAL: Final = f"{CANONICAL}/CodeSystem/nhsa-drug"
PATIENT: Final[Json] = {
    "resourceType": "Patient",
    "id": "F05-P5",
    "identifier": [{"system": "urn:oid:2.16.156.10011.1.3", "value": CITIZEN}],
    "name": [{"text": "庄秀英"}],
    "birthDate": "1953-08-17",
}
NATIONAL_CODES: Final[Json] = {
    **{"resourceType": "ConceptMap", "url": "urn:map:f05-medicines", "version": "1", "status": "active"},
    "group": [
        {
            **{"source": LOCAL, "target": NATIONAL},
            "element": [{"code": "M001", "target": [{"code": "XA10BAE046A001010304", "equivalence": "equivalent"}]}],
        }
    ],
}


def prescription(number: str = "R-7", *, code: str = "M001", end: str = "2026-08-11", **changes: Any) -> Json:
    """A long prescription of 84 days from 20 May, sent to F03."""
    return {
        "resourceType": "MedicationRequest",
        "identifier": [{"system": "urn:f05:prescription", "value": number}],
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": {"coding": [{"system": LOCAL, "code": code}], "text": "二甲双胍片"},
        "subject": {"reference": "Patient/F05-P5"},
        "authoredOn": "2026-05-20",
        "dispenseRequest": {
            "validityPeriod": {"start": "2026-05-20", "end": end},
            "performer": {"reference": "Organization/F03"},
        },
        **changes,
    }


def dispense(rid: str, **changes: Any) -> Json:
    return {
        "resourceType": "MedicationDispense",
        "identifier": [{"system": "urn:f03:dispense", "value": "D-1"}],
        "status": "completed",
        "medicationCodeableConcept": {"coding": [{"system": NATIONAL, "code": "XA10BAE046A001010304"}]},
        "subject": {"reference": "Patient/F05-P5"},
        "performer": [{"actor": {"reference": "Organization/F03"}}],
        "authorizingPrescription": [{"reference": f"MedicationRequest/{rid}"}],
        "whenHandedOver": "2026-05-21T10:00:00+08:00",
        **changes,
    }


def task(rid: str, status: str = "completed", **changes: Any) -> Json:
    return {
        "resourceType": "Task",
        "id": "F03-T1",
        "status": status,
        "intent": "order",
        "focus": {"reference": f"MedicationRequest/{rid}"},
        "for": {"reference": "Patient/F05-P5"},
        "owner": {"reference": "Organization/F03"},
        **changes,
    }


def question(**told: str) -> Json:
    """Parameters, each an identifier or a code."""
    parts = [
        {"name": name, "valueIdentifier": dict(zip(("system", "value"), value.split("|"), strict=True))}
        if "|" in value
        else {"name": name, "valueCode": value}
        for name, value in told.items()
    ]
    return {"resourceType": "Parameters", **({"parameter": parts} if parts else {})}


def message(event: str, *resources: Json, **header: Any) -> Json:
    head = {
        "resourceType": "MessageHeader",
        "id": "m-1",
        "eventCoding": {"system": f"{CANONICAL}/CodeSystem/message-event", "code": event},
        "source": {"endpoint": "urn:f05:gp"},
        **header,
    }
    return {
        "resourceType": "Bundle",
        "type": "message",
        "timestamp": "2026-05-20T09:00:00+08:00",
        "entry": [{"resource": one} for one in (head, *resources)],
    }


async def told(home: House, who: str, sent: Json) -> Json:
    """The answering message: its response, what it is about, the outcome and the resources with it."""
    answer = await home.ask("POST", "/$process-message", sent, who=who)
    assert answer.status_code == 200, answer.text
    bundle = body(answer)
    first, *others = [entry["resource"] for entry in bundle["entry"]]
    assert (bundle["type"], first["resourceType"], first["response"]["identifier"]) == (
        "message",
        "MessageHeader",
        "m-1",
    )
    outcomes = [one for one in others if one["resourceType"] == "OperationOutcome"]
    return {
        "code": first["response"]["code"],
        "about": [one["reference"] for one in first.get("focus", ())],
        "issues": [issue for one in outcomes for issue in one["issue"]],
        "found": [one for one in others if one["resourceType"] != "OperationOutcome"],
    }


def code_of(answer: Json) -> tuple[str, str]:
    """Response code, and the code of the first issue."""
    return answer["code"], answer["issues"][0]["details"]["coding"][0]["code"]


def visiting(database_url: str, visit: Any) -> None:
    in_house(database_url, visit, verify=ACTORS_HERE.__getitem__, validate=validate)


async def push(home: House, *resources: Json) -> str:
    """Send prescriptions as F05; the id of the first."""
    answer = await told(home, "clinic", message("prescription", PATIENT, *resources))
    assert answer["code"] == "ok", answer
    rid: str = next(one for one in answer["about"] if one.startswith("MedicationRequest/")).partition("/")[2]
    return rid


def test_the_pharmacy_sees_what_was_sent_to_it_and_tells_what_it_dispensed(database_url: str) -> None:
    async def visit(home: House) -> None:
        loader = Loader(home.database, lambda: WHEN)
        await loader.resource(NATIONAL_CODES)
        home.services.terminology.catalogues.forget()
        nobody = await told(home, "pharmacy", message("prescription-query", question()))
        assert (nobody["code"], nobody["found"]) == ("ok", [])
        elsewhere = prescription(
            "R-8", dispenseRequest={**prescription()["dispenseRequest"], "performer": {"reference": "Organization/F01"}}
        )
        rid = await push(home, prescription(), elsewhere)
        assert await push(home, prescription(), elsewhere) == rid  # sent again: nothing twice
        asked = question(patient=f"urn:oid:2.16.156.10011.1.3|{CITIZEN}")
        found = (await told(home, "pharmacy", message("prescription-query", asked)))["found"]
        assert [(one["resourceType"], one["id"]) for one in found] == [
            ("MedicationRequest", rid),
            ("Patient", "F05-P5"),
        ]
        coding = found[0]["medicationCodeableConcept"]["coding"]
        assert coding[1] == {"system": NATIONAL, "code": "XA10BAE046A001010304"}
        assert found[0]["meta"]["versionId"] == "1"

        back = await told(home, "pharmacy", message("dispense", dispense(rid), task(rid)))
        assert (back["code"], back["issues"]) == ("ok", [])
        await home.create(
            {
                "resourceType": "Encounter",
                "status": "in-progress",
                "class": {"code": "AMB"},
                "subject": {"reference": "Patient/F05-P5"},
                "period": {"start": "2026-05-20"},
                "serviceProvider": {"reference": "Organization/F05"},
            }
        )
        seen = body(await home.ask("GET", f"/MedicationDispense?prescription=MedicationRequest/{rid}"))
        assert [one["resource"]["status"] for one in seen["entry"]] == ["completed"]
        seen = body(await home.ask("GET", f"/Task?focus=MedicationRequest/{rid}"))
        assert [one["resource"]["id"] for one in seen["entry"]] == ["F03-T1"]
        again = await told(home, "pharmacy", message("dispense", dispense(rid), task(rid)))
        assert again["about"] == back["about"]
        reopened = dispense(rid, status="in-progress")
        assert code_of(await told(home, "pharmacy", message("dispense", reopened))) == ("fatal-error", "ended")

    visiting(database_url, visit)


async def _ended_stays_ended(home: House, rid: str) -> None:
    """The first message comes again after a later one has ended the prescription: nothing of it is written."""
    again = await told(home, "clinic", message("prescription", PATIENT, prescription()))
    assert code_of(again) == ("fatal-error", "ended")
    assert "Bundle.entry[2].resource.status" in str(again["issues"])
    for status in ("completed", "entered-in-error"):
        await push(home, prescription(status=status))
    assert code_of(await told(home, "clinic", message("prescription", prescription(status="completed"))))[1] == "ended"
    with patch("hub.api.fhir.messaging.ended.etag", lambda _: 'W/"99"'):  # somebody was faster
        faster = await told(home, "clinic", message("prescription", prescription(status="entered-in-error")))
    assert code_of(faster) == ("transient-error", "overtaken")
    assert body(await home.ask("GET", f"/MedicationRequest/{rid}"))["status"] == "entered-in-error"


def _at(time: str, number: str, *resources: Json) -> Json:
    sent = message("prescription", *resources, id=number)
    made = {"timestamp": f"2026-05-20T{time}:00+08:00"} if time else {}
    return {**{name: part for name, part in sent.items() if name != "timestamp"}, **made}


async def _answer(home: House, sent: Json) -> tuple[str, str]:
    bundle = body(await home.ask("POST", "/$process-message", sent))
    resources = [entry["resource"] for entry in bundle["entry"]]
    issues = [one["details"]["coding"][0]["code"] for r in resources for one in r.get("issue", ())]
    return resources[0]["response"]["code"], "".join(issues)


async def _later(home: House) -> None:
    """The first message comes again after a later one changed the prescription, which is still in force."""
    first, second = prescription("R-9", code="M009"), prescription("R-9", code="M009", note=[{"text": "剂量减半"}])
    renamed = {**PATIENT, "name": [{"text": "庄秀英(更正)"}]}
    assert (await _answer(home, _at("09:01", "m-1", PATIENT, first)))[0] == "ok"
    assert (await _answer(home, _at("09:05", "m-2", renamed, second)))[0] == "ok"
    assert await _answer(home, _at("09:01", "m-1", PATIENT, first)) == ("fatal-error", "late")
    assert (await _answer(home, _at("09:01", "m-1", PATIENT, second)))[0] == "ok", "it says what stands"
    assert await _answer(home, _at("", "m-3", PATIENT, first)) == ("fatal-error", "late")
    assert await _answer(home, _at("23:00", "m-4", second)) == ("fatal-error", "time")
    other = prescription("R-10", code="M009")
    assert (await _answer(home, _at("09:02", "m-5", PATIENT, other)))[0] == "ok"
    assert body(await home.ask("GET", f"/Patient/{PATIENT['id']}"))["name"] == renamed["name"]


async def _by_hand(home: House) -> None:
    """A doctor changes what a message said, its stamp sent along: a message made before that does not undo it."""
    home.services.clock.skip(3600)  # type: ignore[attr-defined]
    standing = body(await home.ask("GET", "/MedicationRequest?identifier=urn:f05:prescription|R-10"))
    stands = standing["entry"][0]["resource"]
    by_hand = {**stands, "note": [{"text": "改为每晚服"}]}
    assert (await home.ask("PUT", f"/MedicationRequest/{stands['id']}", by_hand)).status_code == 200
    before = prescription("R-10", code="M009", note=[{"text": "剂量减半"}])
    assert await _answer(home, _at("09:10", "m-6", before)) == ("fatal-error", "late")
    assert (await _answer(home, _at("10:10", "m-7", before)))[0] == "ok"
    await _labelled_since(home, stands["id"])


async def _labelled_since(home: House, rid: str) -> None:
    """A label that came onto it makes no message late, nor does it hide what was changed by hand before it."""

    async def put(changed: Json) -> None:
        home.services.clock.skip(3600)  # type: ignore[attr-defined]
        stands = body(await home.ask("GET", f"/MedicationRequest/{rid}"))
        assert (await home.ask("PUT", f"/MedicationRequest/{rid}", {**stands, **changed})).status_code == 200

    def saying(text: str) -> Json:
        return prescription("R-10", code="M009", note=[{"text": text}])

    meta = body(await home.ask("GET", f"/MedicationRequest/{rid}"))["meta"]
    await put({"meta": {**meta, "security": [{"system": ACT_CODE, "code": "PSY"}]}})
    assert (await _answer(home, _at("10:20", "m-8", saying("隔日服"))))[0] == "ok"
    await put({"note": [{"text": "停一周"}]})
    meta = body(await home.ask("GET", f"/MedicationRequest/{rid}"))["meta"]
    await put({"meta": {**meta, "security": [*meta["security"], {"system": ACT_CODE, "code": "SDV"}]}})
    assert await _answer(home, _at("10:30", "m-9", saying("再加量"))) == ("fatal-error", "late")
    assert (await _answer(home, _at("12:20", "m-10", saying("再加量"))))[0] == "ok"


def test_a_message_without_a_time_is_late_where_an_earlier_version_came_of_it(database_url: str) -> None:
    async def visit(home: House) -> None:
        async def send(number: str, resource: Json) -> str:
            sent = message("prescription", resource, id=number)
            del sent["timestamp"]
            bundle = body(await home.ask("POST", "/$process-message", sent))
            return str(bundle["entry"][0]["resource"]["response"]["code"])

        first = prescription(subject={"reference": "Patient/F05-P5"})
        await home.ask("POST", "/$process-message", message("prescription", PATIENT, prescription("R-1")))
        changed = {**first, "note": [{"text": "剂量减半"}]}
        said = [await send("a", first), await send("b", changed), await send("a", first), await send("c", first)]
        assert said == ["ok", "ok", "fatal-error", "ok"]

    visiting(database_url, visit)


def test_what_changed_since_it_was_looked_at_is_to_be_sent_again() -> None:
    lost = HubError(Category.PRECONDITION, "x", where="Bundle.entry[1]", code="precondition")
    other = HubError(Category.PRECONDITION, "x", where="Bundle.entry[1]", code="several-matches")
    assert (overtaken(lost).category, overtaken(lost).where) == (Category.UNAVAILABLE, "Bundle.entry[1]")
    assert overtaken(other) is other


def test_a_pharmacy_dispenses_nothing_that_was_not_sent_to_it_nor_to_another_patient(database_url: str) -> None:
    async def visit(home: House) -> None:
        elsewhere = {**prescription()["dispenseRequest"], "performer": {"reference": "Organization/F01"}}
        rid = await push(home, prescription(), prescription("R-8", dispenseRequest=elsewhere))
        other = (await told(home, "clinic", message("prescription", prescription("R-8", dispenseRequest=elsewhere))))[
            "about"
        ][0]
        for wrong, said in (
            (dispense(other.partition("/")[2]), "no-prescription"),
            (dispense("nobody"), "no-prescription"),
            (dispense(f"{rid},x"), "message-rule"),
            (dispense(rid, subject={"reference": "Patient/F05-P6"}), "another-patient"),
            (dispense(rid, performer=[{"actor": {"reference": "Organization/F05"}}]), "message-rule"),
        ):
            assert code_of(await told(home, "pharmacy", message("dispense", wrong))) == ("fatal-error", said)
        wrong = {**task(rid), "for": {"reference": "Patient/F05-P6"}}
        answer = await told(home, "pharmacy", message("dispense", dispense(rid), wrong))
        assert code_of(answer) == ("fatal-error", "another-patient")
        assert body(await home.ask("GET", "/MedicationDispense?_summary=count", who="pharmacy"))["total"] == 0
        await push(home, prescription(status="completed"))
        late = await told(home, "pharmacy", message("dispense", dispense(rid)))
        assert code_of(late) == ("ok", "not-in-force")
        await _later(home)
        await _ended_stays_ended(home, rid)
        await _by_hand(home)

    visiting(database_url, visit)


SENT: Final[Json] = prescription()["dispenseRequest"]
SPAN: Final = "dispenseRequest.validityPeriod"


@pytest.mark.parametrize(
    ("wrong", "said", "where"),
    [
        (prescription(end="2026-08-12"), "prescription-too-long", SPAN),
        (
            prescription(dispenseRequest={**SENT, "expectedSupplyDuration": {"value": 13, "code": "wk"}}),
            "prescription-too-long",
            "dispenseRequest.expectedSupplyDuration",
        ),
        (prescription(dispenseRequest={**SENT, "expectedSupplyDuration": 84}), "prescription-period", "Duration"),
        (prescription(end="2026-05-19"), "prescription-period", SPAN),
        (prescription(end="soon"), "prescription-period", SPAN),
        (prescription(dispenseRequest={}), "message-rule", "dispenseRequest.performer"),
        (prescription(identifier=[]), "no-identifier", "identifier"),
    ],
)
def test_a_prescription_that_breaks_a_rule_is_refused_and_says_where(wrong: Json, said: str, where: str) -> None:
    sent = read_message(message("prescription", prescription("R-9"), wrong), f"{CANONICAL}/CodeSystem/message-event")
    with pytest.raises(HubError) as refusal:
        check_message(sent, "F05")
        as_transaction(sent, "F05")
    assert refusal.value.code == said
    assert refusal.value.where.startswith("Bundle.entry[2].resource.")
    assert refusal.value.where.endswith(where)


_ODD: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["", "NaN", "Infinity", "d", "Organization/F05"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["code", "value"]), inner, max_size=2),
    max_leaves=3,
)


def _places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to everything in a message."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(place for name, each in inner for place in _places(each, (*at, name)))]


@settings(max_examples=80, deadline=None)
@given(data=st.data(), odd=_ODD)
def test_no_message_is_more_than_refused(data: st.DataObject, odd: Any) -> None:
    supply = {"expectedSupplyDuration": {"value": 84, "code": "d"}}
    sent = message("prescription", PATIENT, prescription(dispenseRequest={**SENT, **supply}))
    if data.draw(st.booleans()):
        sent = message("dispense", dispense("x"), task("x"), sender={"reference": "Organization/F05"})
    sent = copy.deepcopy(sent)
    *way, last = data.draw(st.sampled_from([place for place in _places(sent) if place]))
    holder: Any = sent
    for step in way:
        holder = holder[step]
    holder[last] = odd
    with contextlib.suppress(HubError):
        read = read_message(sent, f"{CANONICAL}/CodeSystem/message-event")
        check_message(read, "F05")
        as_transaction(read, "F05")


def test_84_days_are_not_too_long() -> None:
    supply = {"value": 12, "code": "wk"}
    check_span(prescription(dispenseRequest={**SENT, "expectedSupplyDuration": supply}), "")


def test_a_message_is_written_whole_or_not_at_all(database_url: str) -> None:
    async def visit(home: House) -> None:
        answer = await told(
            home, "clinic", message("prescription", PATIENT, prescription("R-9"), prescription(status="x"))
        )
        assert answer["code"] == "fatal-error"
        assert "Bundle.entry[3]" in str(answer["issues"])
        assert "庄秀英" not in str(answer["issues"])
        assert (await home.ask("GET", "/Patient/F05-P5")).status_code == 404

    visiting(database_url, visit)


def test_nobody_speaks_for_another_and_what_is_no_message_is_a_bad_request(database_url: str) -> None:
    async def visit(home: House) -> None:
        forged = message("prescription", prescription(), sender={"reference": "Organization/F05"})
        assert code_of(await told(home, "pharmacy", forged)) == ("fatal-error", "sender")
        strange = message("invoice", prescription())
        assert code_of(await told(home, "clinic", strange)) == ("fatal-error", "event")
        odd = message("prescription-query", question(colour="red"))
        assert code_of(await told(home, "pharmacy", odd)) == ("fatal-error", "question")
        for wrong in (
            {"resourceType": "Bundle", "type": "batch"},
            {"resourceType": "Bundle", "type": "message"},
            message("prescription", source={}),
            message("prescription", eventCoding={"system": "urn:other", "code": "prescription"}),
            {**message("prescription"), "entry": [1]},
        ):
            assert (await home.ask("POST", "/$process-message", wrong)).status_code == 400
        assert (await home.ask("POST", "/$process-message", forged, who="")).status_code == 401

    visiting(database_url, visit)


def test_a_consent_opens_prescriptions_to_the_pharmacy_for_24_hours_and_nothing_else(database_url: str) -> None:
    async def visit(home: House) -> None:
        here = {
            "validityPeriod": {"start": "2026-05-20", "end": "2026-08-11"},
            "performer": {"reference": "Organization/F05"},
        }
        await push(home, prescription(dispenseRequest=here))
        assert body(await home.ask("GET", "/MedicationRequest", who="pharmacy")).get("entry") is None
        template = {"template": "organisation-sees-codes-for-hours", "organization": "F03", "hours": 24}
        patient = replace(WEI, patient="F05-P5")
        await _consents(home).grant(patient, {**template, "types": ["MedicationRequest"]})
        found = body(await home.ask("GET", "/MedicationRequest", who="pharmacy"))
        assert len(found["entry"]) == 1
        assert body(await home.ask("GET", "/Patient", who="pharmacy")).get("entry") is None
        home.services.clock.skip(timedelta(hours=24).total_seconds())  # type: ignore[attr-defined]
        assert body(await home.ask("GET", "/MedicationRequest", who="pharmacy")).get("entry") is None

    visiting(database_url, visit)
