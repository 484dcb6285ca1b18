"""The door for proxies: who is confirmed, by whom, and what a proxy may then say."""

from __future__ import annotations

from typing import Any

import pytest

from hub.auth.actor import Actor
from hub.auth.directory import Directory
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.records.client_rules import writes_of
from hub.records.operations import Delete, Update
from hub.records.rights import Rights
from tests.auth.consortium import CONSORTIUM
from tests.records.consent_desk import DOCTOR, HOSPITAL, REVIEWER, WEI, XIAO, Desk, actor, at_desk

DENY: Json = {"resourceType": "Consent", "provision": {"type": "deny"}}
MOTHER: Json = {"kind": "parent", "patient": "F05-xiao", "name": "程某", "evidence": "户籍-2026-17"}


def _proxy(told: Json) -> Actor:
    return actor("proxy", patient=told["patient"], practitioner=told["reference"])


async def _refusal(work: Any) -> HubError:
    with pytest.raises(HubError) as refused:
        await work
    return refused.value


def test_a_confirmed_parent_consents_for_her_child_and_reads_it_back(database_url: str) -> None:
    async def visit(desk: Desk) -> None:
        mother = _proxy(await desk.proxies.confirm(REVIEWER, MOTHER))
        kept = await desk.consents.grant(mother, DENY)
        assert kept["performer"] == [{"reference": mother.reference}]
        assert kept["patient"] == {"reference": "Patient/F05-xiao"}
        assert [one["id"] for one in await desk.reads.mine(mother)] == [kept["id"]]
        assert await desk.epoch() == 2

    at_desk(database_url, visit)


def test_the_entry_is_a_related_person_that_no_facility_may_write(database_url: str) -> None:
    async def visit(desk: Desk) -> None:
        told = await desk.proxies.confirm(REVIEWER, MOTHER)
        async with desk.database.connection() as tx:
            stored = (await desk.store.load(tx, [("RelatedPerson", told["id"])]))["RelatedPerson", told["id"]]
        assert (stored.patient, stored.facts.author_org) == ("F05-xiao", "")
        rights = Rights(Directory(CONSORTIUM))
        changed: Json = {"resourceType": "RelatedPerson", "id": told["id"], "patient": {"reference": "Patient/F05-wei"}}
        for operation in (
            Update(type="RelatedPerson", id=told["id"], resource=changed),
            Delete(type="RelatedPerson", id=told["id"]),
        ):
            with pytest.raises(HubError) as refused:
                writes_of(DOCTOR, operation, stored, rights)
            assert refused.value.code == "not-yours"

    at_desk(database_url, visit)


def test_a_proxy_that_ended_says_and_reads_nothing_more(database_url: str) -> None:
    async def visit(desk: Desk) -> None:
        told = await desk.proxies.confirm(REVIEWER, MOTHER)
        mother = _proxy(told)
        kept = await desk.consents.grant(mother, DENY)
        desk.clock.pass_by(minutes=1)
        ended = await desk.proxies.end(mother, told["id"])
        assert ended["status"] == "inactive"
        assert (await _refusal(desk.consents.grant(mother, DENY))).code == "not-entitled"
        assert await desk.reads.mine(mother) == []
        assert (await _refusal(desk.reads.read(mother, kept["id"]))).category is Category.NOT_FOUND

    at_desk(database_url, visit)


def test_a_proxy_acts_for_the_patient_of_the_entry_alone(database_url: str) -> None:
    async def visit(desk: Desk) -> None:
        told = await desk.proxies.confirm(REVIEWER, MOTHER)
        elsewhere = actor("proxy", patient="F05-wei", practitioner=told["reference"])
        assert (await _refusal(desk.consents.grant(elsewhere, DENY))).code == "not-entitled"
        named = {**DENY, "patient": {"reference": "Patient/F05-wei"}}
        assert (await _refusal(desk.consents.grant(_proxy(told), named))).code == "other-patient"

    at_desk(database_url, visit)


def test_a_delegate_consents_only_within_scope(database_url: str) -> None:
    async def visit(desk: Desk) -> None:
        reader = _proxy(await desk.proxies.confirm(WEI, {"kind": "delegate", "name": "妹妹"}))
        assert (await _refusal(desk.consents.grant(reader, DENY))).code == "not-entitled"
        asked = {"kind": "delegate", "name": "女儿", "scope": ["read", "consent"]}
        speaker = _proxy(await desk.proxies.confirm(WEI, asked))
        kept = await desk.consents.grant(speaker, DENY)
        assert kept["performer"] == [{"reference": speaker.reference}]
        assert await desk.reads.mine(reader) == []

    at_desk(database_url, visit)


def test_a_proxy_does_not_open_the_record_to_proxies(database_url: str) -> None:
    async def visit(desk: Desk) -> None:
        parent = await desk.proxies.confirm(REVIEWER, {**MOTHER, "patient": "F05-ming"})
        guardian = await desk.proxies.confirm(REVIEWER, {**MOTHER, "kind": "legal-guardian"})
        role = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "IRCP"}]}
        named = [{"role": role, "reference": {"reference": parent["reference"]}}]
        opening = {"resourceType": "Consent", "provision": {"type": "permit", "actor": named}}
        assert (await _refusal(desk.consents.grant(_proxy(parent), opening))).code == "self-grant"
        nested = {"resourceType": "Consent", "provision": {"type": "deny", "provision": [opening["provision"]]}}
        assert (await _refusal(desk.consents.grant(_proxy(parent), nested))).code == "self-grant"
        assert (await desk.consents.grant(_proxy(guardian), opening))["id"]
        ming = actor("patient", patient="F05-ming")
        assert (await desk.consents.grant(ming, opening))["id"]

    at_desk(database_url, visit)


def test_a_proxy_neither_takes_back_nor_changes_what_is_said_of_proxies(database_url: str) -> None:
    async def visit(desk: Desk) -> None:
        parent = await desk.proxies.confirm(REVIEWER, {**MOTHER, "patient": "F05-ming"})
        role = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "IRCP"}]}
        named = [{"role": role, "reference": {"reference": parent["reference"]}}]
        refusal = {"resourceType": "Consent", "provision": {"type": "deny", "actor": named}}
        ming = actor("patient", patient="F05-ming")
        own = await desk.consents.grant(ming, refusal)
        assert (await _refusal(desk.consents.withdraw(_proxy(parent), own["id"]))).code == "self-grant"
        assert (await _refusal(desk.consents.replace(_proxy(parent), own["id"], DENY))).code == "self-grant"
        other = await desk.consents.grant(_proxy(parent), DENY)
        assert (await desk.consents.withdraw(_proxy(parent), other["id"]))["status"] == "inactive"
        assert (await desk.consents.withdraw(ming, own["id"]))["status"] == "inactive"

    at_desk(database_url, visit)


def test_under_a_legal_guardian_the_patient_says_nothing_herself(database_url: str) -> None:
    async def visit(desk: Desk) -> None:
        await desk.proxies.confirm(REVIEWER, {**MOTHER, "kind": "legal-guardian", "patient": "F01-wei"})
        assert (await _refusal(desk.consents.grant(WEI, DENY))).code == "not-entitled"
        appointed = desk.proxies.confirm(WEI, {"kind": "delegate", "name": "妹妹"})
        assert (await _refusal(appointed)).code == "no-capacity"

    at_desk(database_url, visit)


def test_a_child_appoints_nobody_and_a_patient_no_parent(database_url: str) -> None:
    async def visit(desk: Desk) -> None:
        child = await _refusal(desk.proxies.confirm(XIAO, {"kind": "delegate", "name": "n"}))
        assert child.code == "no-capacity"
        parent = await _refusal(desk.proxies.confirm(WEI, {"kind": "parent", "name": "n"}))
        assert (parent.category, parent.code) == (Category.FORBIDDEN, "proxy-kind")

    at_desk(database_url, visit)


@pytest.mark.parametrize(
    "who", [DOCTOR, HOSPITAL, actor("feed", organization="F05"), actor("proxy", patient="F05-wei")]
)
def test_nobody_else_confirms_a_proxy(database_url: str, who: Actor) -> None:
    async def visit(desk: Desk) -> None:
        assert (await _refusal(desk.proxies.confirm(who, MOTHER))).code == "role"
        assert await desk.epoch() == 0

    at_desk(database_url, visit)


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "friend"},
        {"kind": ["parent"]},
        {"scope": []},
        {"scope": ["consent"]},
        {"scope": ["read", "write"]},
        {"scope": ["read", {}]},
        {"period": {"start": "2026-12-31", "end": "2026-01-01"}},
        {"period": "2026"},
        {"period": {"from": "2026"}},
        {"evidence": " "},
        {"name": None},
        {"name": "n" * 201},
    ],
)
def test_an_entry_that_could_not_hold_is_refused(database_url: str, changes: Json) -> None:
    async def visit(desk: Desk) -> None:
        assert (await _refusal(desk.proxies.confirm(REVIEWER, {**MOTHER, **changes}))).category is Category.INVALID

    at_desk(database_url, visit)


def test_the_patient_ends_a_delegate_of_hers_and_nobody_elses(database_url: str) -> None:
    async def visit(desk: Desk) -> None:
        told = await desk.proxies.confirm(WEI, {"kind": "delegate", "name": "妹妹"})
        stranger = await _refusal(desk.proxies.end(XIAO, told["id"]))
        unknown = await _refusal(desk.proxies.end(XIAO, "nobody"))
        assert (stranger.category, str(stranger)) == (Category.NOT_FOUND, str(unknown))
        assert (await desk.proxies.end(WEI, told["id"]))["status"] == "inactive"
        parent = await desk.proxies.confirm(REVIEWER, {**MOTHER, "patient": "F05-ming"})
        ming = actor("patient", patient="F05-ming")
        assert (await _refusal(desk.proxies.end(ming, parent["id"]))).category is Category.NOT_FOUND
        assert [one["status"] for one in await desk.proxies.listed(WEI)] == ["inactive"]
        assert [one["kind"] for one in await desk.proxies.listed(REVIEWER, "F05-ming")] == ["parent"]

    at_desk(database_url, visit)


@pytest.mark.parametrize(("patient", "until"), [("F05-ming", "2028-01-15"), ("F05-anon", None)])
def test_a_parent_is_told_with_the_day_the_child_is_of_age(database_url: str, patient: str, until: str | None) -> None:
    asked = {"kind": "parent", "patient": patient, "name": "程某", "evidence": "2026-17"}

    async def visit(desk: Desk) -> None:
        await desk.proxies.confirm(REVIEWER, asked)
        (told,) = await desk.proxies.listed(REVIEWER, patient)
        assert told.get("until") == until

    at_desk(database_url, visit)
