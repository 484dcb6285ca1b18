"""The desk of submissions: whose feed takes them, about whom they are, and what becomes of one sent again."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from unittest.mock import AsyncMock, Mock

import pytest

from hub.auth.directory import Directory
from hub.bootstrap.submissions import Submissions
from hub.fhir.json import dumps, loads
from hub.gate.released import Released
from hub.kernel.consortium import Feed
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Accepted, Json, State, Taken
from hub.pipeline.outcomes import Outcomes
from tests.api.house import actor
from tests.auth.consortium import CONSORTIUM
from tests.mappings.cda.documents import document
from tests.mappings.mhd.bundles import CITIZEN, RECORD, entry, person, submission

FEEDS = {
    "F01.docs": Feed(name="F01.docs", facility="F01", transport="http", format="mhd"),
    "F05.own": Feed(name="F05.own", facility="F05", transport="http", format="mhd", clients=("emr",)),
    "F01.forms": Feed(name="F01.forms", facility="F01", transport="http", format="form"),
}


def desk(state: State = State.QUEUED) -> tuple[Submissions, list[bytes]]:
    """A desk over feeds that take everything, and what they took."""
    kept: list[bytes] = []

    async def take(raw: bytes, peer: str) -> Taken:
        assert peer == "http"
        kept.append(raw)
        return Taken(messages=(Accepted(message=7, state=state),))

    consortium = replace(CONSORTIUM, feeds=FEEDS)
    outcomes = Mock(spec=Outcomes, of=AsyncMock(return_value=(State.DONE, None)))
    return Submissions(consortium, Directory(consortium), dict.fromkeys(FEEDS, take), outcomes, bytes(32)), kept


def by_reference(patient: str, data: bytes = b"hello", media: str = "text/plain") -> Json:
    """A submission about a Patient of the hub."""
    sent = submission(data, media)
    sent["entry"].pop()
    for each in sent["entry"][:2]:
        each["resource"]["subject"] = {"reference": f"Patient/{patient}"}
    return sent


def released(organization: str, *numbers: Json) -> Released:
    body = dumps({**person(*numbers), "id": "p7"})
    at = datetime(2026, 3, 2, tzinfo=UTC)
    return Released(type="Patient", id="p7", version=1, updated=at, deleted=False, body=body, organization=organization)


def test_a_submission_goes_to_the_feed_of_the_organisation_or_of_its_legal_entity() -> None:
    found, _ = desk()
    assert found.admit(actor("F01")) == found.admit(actor("F01-ICU")) == "F01.docs"
    assert found.admit(replace(actor("F05"), client="emr")) == "F05.own"
    for who in (actor("F05"), actor("F01", "auditor"), actor("F01", scopes=("user/Observation.cruds",))):
        with pytest.raises(HubError) as caught:
            found.admit(who)
        assert caught.value.category is Category.FORBIDDEN


def test_of_another_facilitys_patient_the_number_is_taken_over_and_not_the_record() -> None:
    found, kept = desk()
    read = found.read("F01.docs", by_reference("p7"))
    assert read.subject == "p7"
    about = found.about(actor("F01"), "F01.docs", read, released("F05", CITIZEN, RECORD))
    assert about.subject == ""
    asyncio.run(found.take("F01.docs", about, "http"))
    subjects = [entry["resource"]["subject"] for entry in loads(kept[0])["entry"][:2]]
    assert subjects == [{"identifier": CITIZEN}] * 2
    with pytest.raises(HubError) as caught:
        found.about(actor("F01"), "F01.docs", read, released("F05", {"use": "temp"}))
    assert caught.value.code == "XDSUnknownPatientId"


def test_of_a_patient_of_ones_own_the_document_must_be() -> None:
    found, _ = desk()
    read = found.read("F01.docs", by_reference("p7", document().encode(), "text/xml"))
    assert found.about(actor("F01"), "F01.docs", read, released("F01", RECORD)) is read
    with pytest.raises(HubError) as caught:
        found.about(actor("F01"), "F01.docs", read, released("F01", {**RECORD, "value": "99012200310300011"}))
    assert caught.value.code == "XDSPatientIdDoesNotMatch"
    # Without a number in common the name alone does not tell, and nothing is asked again once it is taken.
    with pytest.raises(HubError) as caught:
        found.about(actor("F01"), "F01.docs", read, released("F01", {"system": "urn:test", "value": "1"}))
    assert caught.value.code == "XDSPatientIdDoesNotMatch"


def test_the_same_submission_is_the_same_bytes_in_any_order_and_another_of_its_number_is_refused() -> None:
    found, kept = desk()
    sent = submission()
    turned = {name: sent[name] for name in reversed(sent)}
    for each in (sent, turned):
        assert asyncio.run(found.take("F01.docs", found.read("F01.docs", each), "http")) == 7
    assert kept[0] == kept[1]
    assert asyncio.run(found.settled(7)).state is State.DONE
    other, _ = desk(State.CONFLICT)
    with pytest.raises(HubError) as caught:
        asyncio.run(other.take("F01.docs", other.read("F01.docs", sent), "http"))
    assert (caught.value.category, caught.value.code) == (Category.CONFLICT, "XDSDuplicateUniqueIdInRegistry")


def test_a_submission_is_in_the_name_of_the_senders_own_legal_entity_alone() -> None:
    found, _ = desk()
    for own in ({"custodian": {"reference": "Organization/F01-ICU"}}, {"author": [{"display": "somebody"}]}):
        found.read("F01.docs", submission(**own))
    for foreign in (
        {"custodian": {"reference": "Organization/F05"}},
        {"author": [{"reference": "Organization/F05"}]},
    ):
        with pytest.raises(HubError) as caught:
            found.read("F01.docs", submission(**foreign))
        assert (caught.value.code, caught.value.where) == ("other-facility", "Bundle.entry[1].resource")
    # A name that an entry of the submission has is that entry's, not the facility's.
    beside = submission(custodian={"reference": "Organization/F05"})
    beside["entry"].append(
        entry("https://sender.example/Organization/F05", {"resourceType": "Organization", "name": "甲"})
    )
    found.read("F01.docs", beside)


def test_what_is_refused_after_it_was_taken_is_mended_under_a_new_unique_id() -> None:
    refusal = HubError(Category.CONFLICT, "is stored about another patient", todo="correct it", code="subject-changed")
    outcomes = Mock(spec=Outcomes, of=AsyncMock(return_value=(State.DEAD, refusal)))
    consortium = replace(CONSORTIUM, feeds=FEEDS)
    found = Submissions(consortium, Directory(consortium), dict.fromkeys(FEEDS, AsyncMock()), outcomes, bytes(32))
    told = asyncio.run(found.settled(7)).refusal
    assert told is not None
    assert (told.code, told.todo) == ("subject-changed", "correct it; what is mended is sent under a new uniqueId")
