"""Two-way referrals by FHIR transactions: who sees what of them, and when (双向转诊: up to the hospital, back down)."""

from __future__ import annotations

from base64 import b64encode
from typing import Any, Final

from hub.fhir.validate import validate
from hub.kernel.types import Json
from tests.api.house import ACTORS, House, actor, body, in_house, patient
from tests.api.test_batch import entry
from tests.api.test_transaction import at, location, transaction

PERIOD: Final = {"start": "2026-05-20", "end": "2026-06-20"}


def up(*, status: str = "active", progress: str = "requested") -> Json:
    """F05 refers a patient to F01, with what it knows of her attached."""
    return transaction(
        put("Patient", "F05-P1", patient(id="F05-P1")),
        put("Encounter", "F05-V1", visit("F05", "F05-P1")),
        put("DocumentReference", "F05-D1", document("F05-P1", "门诊病历: 血压188/116")),
        put("ServiceRequest", "F05-R1", request("F05-P1", "F01", "F05-D1", status=status)),
        put("Task", "F05-T1", task("F05-R1", "F05-P1", "F05", "F01", status=progress)),
    )


def put(rtype: str, rid: str, resource: Json) -> Json:
    return entry("PUT", f"{rtype}/{rid}", {**resource, "id": rid})


def visit(facility: str, who: str) -> Json:
    return {
        "resourceType": "Encounter",
        "status": "in-progress",
        "class": {"code": "AMB"},
        "subject": {"reference": f"Patient/{who}"},
        "period": {"start": "2026-05-20"},
        "serviceProvider": {"reference": f"Organization/{facility}"},
    }


def document(who: str, text: str) -> Json:
    return {
        "resourceType": "DocumentReference",
        "status": "current",
        "subject": {"reference": f"Patient/{who}"},
        "content": [{"attachment": {"contentType": "text/plain", "data": b64encode(text.encode()).decode()}}],
    }


def request(who: str, to: str, attached: str, *, status: str = "active") -> Json:
    return {
        "resourceType": "ServiceRequest",
        "status": status,
        "intent": "order",
        "code": {"text": "转诊"},
        "subject": {"reference": f"Patient/{who}"},
        "occurrencePeriod": PERIOD,
        "performer": [{"reference": f"Organization/{to}"}],
        "supportingInfo": [{"reference": f"DocumentReference/{attached}"}],
    }


def task(about: str, who: str, by: str, owner: str, *, status: str, **more: Any) -> Json:
    return {
        "resourceType": "Task",
        "status": status,
        "intent": "order",
        "focus": {"reference": f"ServiceRequest/{about}"},
        "for": {"reference": f"Patient/{who}"},
        "requester": {"reference": f"Organization/{by}"},
        "owner": {"reference": f"Organization/{owner}"},
        **more,
    }


def answer(status: str) -> Json:
    """What the hospital says of the referral to it: a Task of its own, part of the one it was sent."""
    said = task("F05-R1", "F05-P1", "F05", "F01", status=status, partOf=[{"reference": "Task/F05-T1"}])
    return transaction(put("Task", "F01-T1", {**said, "basedOn": [{"reference": "ServiceRequest/F05-R1"}]}))


async def statuses(home: House, who: str, *paths: str) -> list[int]:
    return [(await home.ask("GET", path, who=who)).status_code for path in paths]


async def progress(home: House, who: str, about: str) -> list[str]:
    """The states of all Tasks about a request that one may see, in the order of their ids."""
    page = body(await home.ask("GET", f"/Task?focus=ServiceRequest/{about}&_sort=_id", who=who))
    return [one["resource"]["status"] for one in page.get("entry", ())]


def test_a_patient_is_referred_up_treated_and_referred_down_with_her_documents(database_url: str) -> None:
    async def visit_(home: House) -> None:
        sent = ("/ServiceRequest/F05-R1", "/Task/F05-T1", "/DocumentReference/F05-D1", "/Patient/F05-P1")
        assert await statuses(home, "hospital", *sent) == [404] * 4
        assert (await home.ask("POST", "", up())).status_code == 200
        assert await statuses(home, "hospital", *sent) == [200] * 4
        assert await statuses(home, "elsewhere", *sent) == [404] * 4
        waiting = body(await home.ask("GET", "/Task?owner=Organization/F01&status=requested", who="hospital"))
        assert [one["resource"]["id"] for one in waiting["entry"]] == ["F05-T1"]

        for state in ("accepted", "in-progress", "completed"):
            assert (await home.ask("POST", "", answer(state), who="hospital")).status_code == 200
            assert await progress(home, "clinic", "F05-R1") == [state, "requested"]
        closed = task("F05-R1", "F05-P1", "F05", "F01", status="completed")
        for who, said, status in (
            ("elsewhere", closed, 404),
            ("hospital", {**closed, "priority": "asap"}, 403),
            ("hospital", closed, 200),
        ):
            assert (await home.ask("POST", "", transaction(put("Task", "F05-T1", said)), who=who)).status_code == status
        assert await progress(home, "clinic", "F05-R1") == ["completed", "completed"]

        url = "urn:uuid:8c5f3a70-0000-4000-8000-000000000002"
        referred = {**request("F05-P1", "F03", ""), "supportingInfo": [{"reference": url}]}
        down = transaction(
            at(url, entry("POST", "DocumentReference", document("F05-P1", "出院小结"))),
            put("ServiceRequest", "F01-R2", referred),
            put("Task", "F01-T2", task("F01-R2", "F05-P1", "F01", "F03", status="requested")),
        )
        answered = await home.ask("POST", "", down, who="hospital")
        summary = f"/{location(answered, 0)}"
        assert await statuses(home, "elsewhere", "/ServiceRequest/F01-R2", summary, "/Patient/F05-P1") == [200] * 3
        seen = body(await home.ask("GET", "/ServiceRequest/F01-R2", who="elsewhere"))
        assert seen["supportingInfo"] == [{"reference": summary[1:]}]
        assert await statuses(home, "clinic", "/ServiceRequest/F01-R2", summary) == [200, 200]

    _visiting(database_url, visit_)


def test_a_referral_that_is_taken_back_shows_the_hospital_nothing_any_more(database_url: str) -> None:
    async def visit_(home: House) -> None:
        await home.ask("POST", "", up())
        await home.ask("POST", "", answer("rejected"), who="hospital")
        assert await progress(home, "clinic", "F05-R1") == ["rejected", "requested"]
        await home.ask("POST", "", up(status="revoked", progress="cancelled"))
        gone = ("/ServiceRequest/F05-R1", "/Task/F05-T1", "/DocumentReference/F05-D1", "/Patient/F05-P1")
        assert await statuses(home, "hospital", *gone) == [404] * 4
        assert await statuses(home, "hospital", "/Task/F01-T1") == [200]  # what it said itself
        assert await progress(home, "clinic", "F05-R1") == ["rejected", "cancelled"]

    _visiting(database_url, visit_)


def _visiting(database_url: str, visit: Any) -> None:
    actors = {**ACTORS, "elsewhere": actor("F03")}
    in_house(database_url, visit, verify=actors.__getitem__, validate=validate)
