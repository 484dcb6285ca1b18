"""AuditEvent resources by IHE BALP."""

from __future__ import annotations

import base64
from typing import Any, Final
from uuid import UUID

import pytest
from fhir.resources.R4B.auditevent import AuditEvent
from msgspec.structs import replace

from hub.audit.balp import WITHOUT_PATIENT, Observer, audit_event, audit_events, entry_named
from hub.audit.entry import UNKNOWN_ORIGIN, Entry, Interaction, Outcome, Requester
from hub.fhir import json
from tests.audit.entries import REQUESTER, read, search, write

OBSERVER: Final = Observer(
    name="urn:yilian:test", base_url="https://hub.example/fhir", canonical_base="https://yilian-hub.example/fhir"
)
PROFILE: Final = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/"


def only(entry: Entry) -> dict[str, Any]:
    (event,) = audit_events(entry, OBSERVER)
    return event


def test_a_read_follows_the_patient_read_pattern() -> None:
    event = only(read())
    assert event["meta"] == {"profile": [PROFILE + "IHE.BasicAudit.PatientRead"]}
    assert (event["action"], event["outcome"], event["recorded"]) == ("R", "0", "2026-05-20T01:00:00.123+00:00")
    client, server, user = event["agent"]
    assert client["type"]["coding"][0]["code"] == "110152"
    assert client["network"] == {"address": "192.0.2.7", "type": "2"}
    assert server["type"]["coding"][0]["code"] == "110153"
    assert server["who"] == {"identifier": {"value": "urn:yilian:test"}}
    assert user["who"] == {"reference": "Practitioner/fang"}
    assert user["requestor"] is True
    assert user["purposeOfUse"][0]["coding"][0]["code"] == "TREAT"
    patient, data, request = event["entity"]
    assert patient["what"] == {"reference": "Patient/w"}
    assert data["what"] == {"reference": "Observation/a1c"}
    assert request["what"] == {"identifier": {"value": "r-1"}}


def test_a_broken_glass_is_told_with_its_reason() -> None:
    breaker = replace(REQUESTER, purpose=("BTG",), break_glass="过敏性休克")
    [purpose] = only(read(requester=breaker))["purposeOfEvent"]
    assert (purpose["coding"][0]["code"], purpose["text"]) == ("BTG", "过敏性休克")
    assert all("text" not in purpose for purpose in only(read())["purposeOfEvent"])


def test_a_search_gives_one_event_for_each_patient_with_the_raw_query() -> None:
    first, second = audit_events(search(), OBSERVER)
    assert [entry_named(event["id"]) for event in (first, second)] == [(search().id, 1), (search().id, 2)]
    assert [event["entity"][0]["what"]["reference"] for event in (first, second)] == ["Patient/w", "Patient/v"]
    query = first["entity"][1]
    assert base64.b64decode(query["query"]) == b"Observation?code=4548-4&_include=Observation%3Asubject"
    assert "what" not in query
    assert first["agent"][0]["type"]["coding"][0]["code"] == "110153"
    assert first["action"] == "E"


def test_an_event_can_be_made_again_from_its_id() -> None:
    for entry in (search(), read(patients=())):
        for event in audit_events(entry, OBSERVER):
            found = entry_named(event["id"])
            assert found is not None
            assert audit_event(entry, OBSERVER, found[1]) == event
    assert entry_named(only(read(patients=()))["id"]) == (read().id, WITHOUT_PATIENT)


@pytest.mark.parametrize("text", ["", "x", str(UUID(int=1)) + ".0", str(UUID(int=1)) + ".", f"{UUID(int=1)}.1.1"])
def test_what_is_no_id_of_an_event_names_no_entry(text: str) -> None:
    assert entry_named(text) is None


def test_what_concerns_no_patient_follows_the_general_pattern() -> None:
    assert only(search(patients=()))["meta"]["profile"] == [PROFILE + "IHE.BasicAudit.Query"]
    assert only(read(patients=()))["meta"]["profile"] == [PROFILE + "IHE.BasicAudit.Read"]


@pytest.mark.parametrize(
    ("interaction", "action", "client", "server", "name"),
    [
        (Interaction.CREATE, "C", "110153", "110152", "Observation/a1c/_history/3"),
        (Interaction.UPDATE, "U", "110153", "110152", "Observation/a1c/_history/3"),
        (Interaction.DELETE, "D", "110150", "custodian", "Observation/a1c"),
    ],
)
def test_a_write_follows_its_pattern(
    interaction: Interaction, action: str, client: str, server: str, name: str
) -> None:
    event = only(write(interaction))
    assert event["meta"] == {"profile": [f"{PROFILE}IHE.BasicAudit.Patient{interaction.value.capitalize()}"]}
    assert event["action"] == action
    assert event["subtype"] == [
        {
            "system": "http://hl7.org/fhir/restful-interaction",
            "code": interaction.value,
            "display": interaction.value,
        }
    ]
    sender, receiver, user = event["agent"]
    assert sender["type"]["coding"][0]["code"] == client
    assert receiver["type"]["coding"][0]["code"] == server
    assert user["type"]["coding"][0]["code"] == "AUT"
    assert [entity["what"].get("reference") for entity in event["entity"][:2]] == ["Patient/w", name]


@pytest.mark.parametrize("interaction", [Interaction.CREATE, Interaction.UPDATE, Interaction.DELETE])
def test_a_write_about_no_patient_follows_the_general_pattern(interaction: Interaction) -> None:
    event = only(write(interaction, patients=()))
    assert event["meta"] == {"profile": [f"{PROFILE}IHE.BasicAudit.{interaction.value.capitalize()}"]}


def test_the_author_of_a_deletion_has_no_policy_and_others_name_their_token() -> None:
    assert "policy" not in only(write(Interaction.DELETE))["agent"][2]
    assert only(write(Interaction.UPDATE))["agent"][2]["policy"] == ["urn:jti:t1"]


def test_a_transaction_as_a_whole_addresses_nothing_and_claims_no_profile() -> None:
    event = only(write(Interaction.TRANSACTION, patients=(), resource_type=None, resource_id=None, version=None))
    assert (event["action"], "meta" in event, len(event["entity"])) == ("E", False, 1)


def test_a_refused_create_names_the_type_that_was_to_be_made() -> None:
    refused = write(
        Interaction.CREATE, outcome=Outcome.REFUSED, patients=(), resource_id=None, version=None, reason="scope"
    )
    event = only(refused)
    assert (event["outcome"], event["outcomeDesc"], "meta" in event) == ("4", "scope", False)
    assert event["entity"][0]["what"] == {"display": "Observation"}


@pytest.mark.parametrize(("outcome", "code"), [(Outcome.ABSENT, "4"), (Outcome.REFUSED, "4"), (Outcome.INCIDENT, "8")])
def test_a_failure_claims_no_profile(outcome: Outcome, code: str) -> None:
    event = only(read(outcome=outcome, reason="no-care-relationship", patients=()))
    assert event["outcome"] == code
    assert event["outcomeDesc"] == "no-care-relationship"
    assert "meta" not in event


def test_a_version_is_addressed_as_such() -> None:
    event = only(read(interaction=Interaction.VREAD, version=2))
    assert event["entity"][1]["what"] == {"reference": "Observation/a1c/_history/2"}


def test_an_organisation_stands_where_no_person_is_known() -> None:
    anonymous = REQUESTER.__class__(
        role="clinician", organization="F01", client="c", token_id="t", purpose=("COC",), form="identified"
    )
    assert only(read(requester=anonymous))["agent"][2]["who"] == {"reference": "Organization/F01"}


DEEDS: Final = {
    "sign-in=": ("110114", ["110122"]),
    "sign-in=&account=fang": ("110114", ["110122"]),
    "sign-out=": ("110114", ["110123"]),
    "break-glass=declared&person=p": ("110113", ["110127"]),
    "break-glass=withdrawn&person=p": ("110113", ["110138"]),
    "account=disable&name=fang": ("110113", ["110137"]),
    "audit=export": ("110101", []),
    "file=taken&feed=F04-mhd": ("110107", []),
    "mpi=review-list": ("rest", ["operation"]),
}


def deed(query: str, **changes: Any) -> Entry:
    return read(interaction=Interaction.OPERATION, resource_type=None, resource_id=None, query=query, **changes)


@pytest.mark.parametrize("query", DEEDS)
def test_a_deed_beside_the_fhir_doors_is_the_event_dicom_has_for_it(query: str) -> None:
    event = only(deed(query, patients=(), types={}))
    kinds = [kind["code"] for kind in event.get("subtype", [])]
    assert (event["type"]["code"], kinds) == DEEDS[query]
    assert event["entity"][0]["query"] == base64.b64encode(f"?{query}".encode()).decode()


def test_who_did_not_get_in_is_nobody_at_the_pages() -> None:
    nobody = Requester(role="", organization="", client="pages", token_id="", purpose=(), form="")
    event = only(deed("sign-in=", patients=(), types={}, requester=nobody, outcome=Outcome.REFUSED, reason="locked"))
    user = event["agent"][2]
    assert (user["who"], user["role"], "policy" in user) == ({"identifier": {"value": "pages"}}, [], False)
    assert (event["outcome"], event["outcomeDesc"], "purposeOfEvent" in event) == ("4", "locked", False)


@pytest.mark.parametrize(
    "entry",
    [
        *(deed(query) for query in DEEDS),
        read(),
        read(origin=UNKNOWN_ORIGIN),
        read(outcome=Outcome.REFUSED, patients=(), reason="role-not-allowed"),
        read(interaction=Interaction.HISTORY),
        search(),
        search(interaction=Interaction.SEARCH_SYSTEM, resource_type=None, patients=()),
        *(write(interaction) for interaction in (Interaction.CREATE, Interaction.UPDATE, Interaction.DELETE)),
        write(Interaction.CREATE, outcome=Outcome.REFUSED, patients=(), resource_id=None, version=None),
        write(Interaction.TRANSACTION, patients=(), resource_type=None, resource_id=None, version=None),
    ],
)
def test_every_event_is_a_sound_resource(entry: Entry) -> None:
    for event in audit_events(entry, OBSERVER):
        assert AuditEvent.model_validate_json(json.dumps(event)).get_resource_type() == "AuditEvent"
