"""The consent door: who may give, replace and withdraw a consent, and what the hub itself says in it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from consent.packed import unpack
from hub.audit.entry import Interaction, Outcome
from hub.fhir.json import loads
from hub.fhir.validate import validate
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.records.consents import MOST_CONSENTS
from hub.records.refusal import NonconformantError
from tests.records.consent_desk import ANON, CONFIGURATION, DOCTOR, HOSPITAL, REVIEWER, WEI, XIAO, Desk, actor, at_desk

DENY: Json = {"resourceType": "Consent", "provision": {"type": "deny"}}
SIGNED: Json = {"sourceAttachment": {"contentType": "application/pdf", "hash": "Zm9ybQ=="}}


def _refusal(url: str, work: Callable[[Desk], Awaitable[object]]) -> HubError:
    """How the door refuses; nothing was kept."""

    async def visit(desk: Desk) -> HubError:
        before = await desk.epoch(), await desk.rules("F05-wei", "F05-xiao", "F05-ming", "F05-anon")
        with pytest.raises(HubError) as refused:
            await work(desk)
        assert (await desk.epoch(), await desk.rules("F05-wei", "F05-xiao", "F05-ming", "F05-anon")) == before
        return refused.value

    return at_desk(url, visit)


def _grant(asked: Json, who: Any = WEI) -> Callable[[Desk], Awaitable[Json]]:
    return lambda desk: desk.consents.grant(who, asked)


def test_a_consent_is_stored_compiled_counted_and_recorded_at_once(database_url: str) -> None:
    async def visit(desk: Desk) -> None:
        kept = await desk.consents.grant(WEI, DENY)
        (rule,) = await desk.rules("F05-wei")
        assert (rule.id, rule.version, rule.status, rule.patient) == (kept["id"], 1, "active", "F05-wei")
        compiled = unpack(rule.compiled, CONFIGURATION)
        assert compiled.rules is not None and compiled.rules[0].permit is False and compiled.version_id == "1"
        assert await desk.epoch() == 1
        (entry,) = await desk.entries()
        assert (entry.interaction, entry.outcome, entry.patients) == (
            Interaction.CREATE,
            Outcome.RELEASED,
            ("F05-wei",),
        )
        assert (entry.resource_type, entry.resource_id, entry.grounds) == ("Consent", kept["id"], ("self-access",))

    at_desk(database_url, visit)


def test_the_hub_itself_says_who_for_whom_and_when(database_url: str) -> None:
    forged = {
        **DENY,
        "id": "chosen",
        "meta": {"security": [{"system": "x", "code": "y"}]},
        "dateTime": "2020-01-01T00:00:00+08:00",
        "performer": [{"reference": "RelatedPerson/ma"}],
        "organization": [{"reference": "Organization/F01"}],
        "patient": {"reference": "Patient/F05-wei"},
        "text": {"status": "generated", "div": "<div xmlns='http://www.w3.org/1999/xhtml'>permit all</div>"},
    }

    async def visit(desk: Desk) -> None:
        kept = await desk.consents.grant(WEI, forged)
        assert kept["dateTime"] == "2026-05-20T09:00:00.000+08:00"
        assert kept["performer"] == [{"reference": "Patient/F05-wei"}]
        assert kept["patient"] == {"reference": "Patient/F05-wei"}
        assert kept["id"] != "chosen"
        assert "organization" not in kept and "text" not in kept and "security" not in kept["meta"]
        assert [issue for issue in validate(kept) if issue.severity == "error"] == []

    at_desk(database_url, visit)


def test_what_is_replaced_or_withdrawn_stays_in_the_history(database_url: str) -> None:
    async def visit(desk: Desk) -> None:
        first = await desk.consents.grant(WEI, {"template": "share-all"})
        desk.clock.pass_by(minutes=1)
        await desk.consents.replace(WEI, first["id"], DENY, expected=1)
        desk.clock.pass_by(minutes=1)
        last = await desk.consents.withdraw(WEI, first["id"])
        assert (last["status"], last["dateTime"]) == ("inactive", "2026-05-20T09:02:00.000+08:00")
        versions = await desk.reads.history(WEI, first["id"])
        assert [one["meta"]["versionId"] for one in versions] == ["3", "2", "1"]
        assert [one["provision"]["type"] for one in versions] == ["deny", "deny", "permit"]
        (rule,) = await desk.rules("F05-wei")
        assert (rule.version, rule.status) == (3, "inactive")
        assert await desk.epoch() == 3

    at_desk(database_url, visit)


def test_withdrawing_with_refusal_leaves_a_general_refusal(database_url: str) -> None:
    async def visit(desk: Desk) -> None:
        first = await desk.consents.grant(WEI, {"template": "share-all"})
        last = await desk.consents.withdraw(WEI, first["id"], refuse=True)
        assert (last["status"], last["provision"], last["meta"]["versionId"]) == ("active", {"type": "deny"}, "2")

    at_desk(database_url, visit)


def test_every_actor_named_anywhere_is_found_from_the_rule(database_url: str) -> None:
    async def visit(desk: Desk) -> None:
        await desk.consents.grant(WEI, {"template": "only-my-family-doctor", "practitioner": "gao"})
        (rule,) = await desk.rules("F05-wei")
        assert rule.actors == ("Practitioner/gao",)

    at_desk(database_url, visit)


def test_a_person_sees_the_consents_of_all_her_sources_and_nobody_elses(database_url: str) -> None:
    async def visit(desk: Desk) -> None:
        here = await desk.consents.grant(WEI, DENY)
        there = await desk.consents.grant(actor("patient", patient="F01-wei"), DENY)
        mine = await desk.reads.mine(WEI)
        assert {one["id"] for one in mine} == {here["id"], there["id"]}
        changed = await desk.consents.replace(WEI, there["id"], {"template": "share-all"})
        assert changed["patient"] == changed["performer"][0] == {"reference": "Patient/F01-wei"}
        stranger = actor("patient", patient="F05-ming")
        assert await desk.reads.mine(stranger) == []
        for attempt in (desk.reads.read, desk.reads.history, desk.consents.withdraw):
            with pytest.raises(HubError) as refused:
                await attempt(stranger, here["id"])
            assert refused.value.category is Category.NOT_FOUND

    at_desk(database_url, visit)


def test_the_golden_id_of_a_person_stands_for_one_of_her_sources(database_url: str) -> None:
    async def visit(desk: Desk) -> None:
        kept = await desk.consents.grant(actor("patient", patient="weiperson"), DENY)
        assert kept["patient"] == {"reference": "Patient/F01-wei"}

    at_desk(database_url, visit)


@pytest.mark.parametrize("role", ["feed", "auditor", "administrator", "regional-centre", "system", "mpi-steward"])
def test_other_roles_give_no_consent(database_url: str, role: str) -> None:
    refused = _refusal(database_url, _grant({**DENY, **SIGNED}, actor(role, organization="F05")))
    assert (refused.category, refused.code) == (Category.FORBIDDEN, "role")


def test_a_patient_gives_no_consent_for_another(database_url: str) -> None:
    refused = _refusal(database_url, _grant({**DENY, "patient": {"reference": "Patient/F05-ming"}}))
    assert (refused.category, refused.code) == (Category.FORBIDDEN, "other-patient")


def test_a_scope_is_a_ceiling_here_too(database_url: str) -> None:
    refused = _refusal(database_url, _grant(DENY, replace(WEI, scopes=("patient/*.rs",))))
    assert (refused.category, refused.code) == (Category.FORBIDDEN, "scope")


@pytest.mark.parametrize("who", [XIAO, ANON])
def test_a_child_and_somebody_of_unknown_age_give_no_consent(database_url: str, who: Any) -> None:
    refused = _refusal(database_url, _grant(DENY, who))
    assert (refused.category, refused.code) == (Category.FORBIDDEN, "not-entitled")


def test_a_desk_records_for_its_own_patients_with_evidence(database_url: str) -> None:
    asked = {**DENY, **SIGNED, "patient": {"reference": "Patient/F05-wei"}}

    async def visit(desk: Desk) -> None:
        kept = await desk.consents.grant(DOCTOR, asked)
        assert kept["performer"] == [{"reference": "Patient/F05-wei"}]
        assert kept["organization"] == [{"reference": "Organization/F05"}]
        assert kept["sourceAttachment"] == SIGNED["sourceAttachment"]
        assert (await desk.entries())[-1].grounds == ("recorded-evidence",)
        reviewed = await desk.consents.grant(REVIEWER, asked)
        assert reviewed["organization"] == [{"reference": "Organization/ALLIANCE"}]

    at_desk(database_url, visit)


def test_a_desk_may_use_a_template_with_its_evidence(database_url: str) -> None:
    async def visit(desk: Desk) -> None:
        kept = await desk.consents.grant(DOCTOR, {"template": "deny-all", "patient": "F05-wei", **SIGNED})
        assert kept["sourceAttachment"] == SIGNED["sourceAttachment"]
        assert kept["text"]["status"] == "generated"
        with pytest.raises(HubError) as refused:
            await desk.consents.grant(DOCTOR, {"template": "deny-all", "patient": "F05-wei"})
        assert refused.value.code == "evidence"

    at_desk(database_url, visit)


def test_a_verification_is_evidence_and_names_the_giver(database_url: str) -> None:
    verification = {
        "verified": True,
        "verifiedWith": {"reference": "Patient/F05-wei"},
        "verificationDate": "2026-05-19T10:00:00+08:00",
    }
    asked = {**DENY, "patient": {"reference": "Patient/F05-wei"}, "verification": [verification]}

    async def visit(desk: Desk) -> None:
        kept = await desk.consents.grant(DOCTOR, asked)
        assert kept["performer"] == [{"reference": "Patient/F05-wei"}]
        for changes in ({"verified": False}, {"verificationDate": "2026-05-21"}, {"verifiedWith": {"display": "she"}}):
            with pytest.raises(HubError) as refused:
                await desk.consents.grant(DOCTOR, {**asked, "verification": [{**verification, **changes}]})
            assert refused.value.code == "evidence"
        with pytest.raises(HubError) as refused:
            stranger = {**verification, "verifiedWith": {"reference": "RelatedPerson/somebody"}}
            await desk.consents.grant(DOCTOR, {**asked, "verification": [stranger]})
        assert refused.value.code == "not-entitled"

    at_desk(database_url, visit)


def test_a_desk_without_evidence_is_refused(database_url: str) -> None:
    refused = _refusal(database_url, _grant({**DENY, "patient": {"reference": "Patient/F05-wei"}}, DOCTOR))
    assert (refused.category, refused.code) == (Category.FORBIDDEN, "evidence")


def test_a_desk_is_not_told_whether_another_facilitys_patient_exists(database_url: str) -> None:
    asked = {**DENY, **SIGNED}
    other = _refusal(database_url, _grant({**asked, "patient": {"reference": "Patient/F05-wei"}}, HOSPITAL))
    nobody = _refusal(database_url, _grant({**asked, "patient": {"reference": "Patient/F05-none"}}, HOSPITAL))
    assert (other.category, str(other)) == (Category.NOT_FOUND, str(nobody))


def test_a_desk_neither_replaces_nor_withdraws_nor_reads(database_url: str) -> None:
    async def visit(desk: Desk) -> None:
        kept = await desk.consents.grant(WEI, DENY)
        for attempt in (
            desk.consents.withdraw(DOCTOR, kept["id"]),
            desk.consents.replace(DOCTOR, kept["id"], {**DENY, **SIGNED}),
            desk.reads.mine(replace(DOCTOR, patient="F05-wei")),
        ):
            with pytest.raises(HubError) as refused:
                await attempt
            assert refused.value.category is Category.FORBIDDEN

    at_desk(database_url, visit)


UNPROCESSABLE: list[Json] = [
    {"provision": {"type": "deny", "modifierExtension": [{"url": "urn:x", "valueBoolean": True}]}},
    {"provision": {"type": "deny", "provision": [{"code": [{"coding": [{"system": "s", "code": "c"}]}]}]}},
    {"provision": {"type": "deny", "period": {"start": "2026-12-31", "end": "2026-01-01"}}},
    {"modifierExtension": [{"url": "urn:x", "valueBoolean": True}], "provision": {"type": "deny"}},
    {"implicitRules": "urn:x", "provision": {"type": "deny"}},
]


@pytest.mark.parametrize("changes", UNPROCESSABLE)
def test_a_consent_that_cannot_be_processed_is_refused_and_leaves_nothing(database_url: str, changes: Json) -> None:
    refused = _refusal(database_url, _grant({"resourceType": "Consent", **changes}))
    assert refused.category is Category.INVALID
    assert refused.code == "consent-unprocessable" or isinstance(refused, NonconformantError)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"identifier": [{"value": "W-7"}]}, "consent-element"),
        ({"sourceAttachment": SIGNED["sourceAttachment"]}, "consent-element"),
        ({"status": "draft"}, "consent-element"),
        ({"scope": {"coding": [{"system": "urn:x", "code": "treatment"}]}}, "consent-element"),
        ({"provision": {"type": "permit", "actor": [{
            "role": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType",
                                 "code": "IRCP"}]},
            "reference": {"reference": "Organization/F99"},
        }]}}, "unknown-organization"),
    ],
)  # fmt: skip
def test_what_would_be_lost_or_without_effect_is_refused(database_url: str, changes: Json, code: str) -> None:
    refused = _refusal(database_url, _grant({**DENY, **changes}))
    assert (refused.category, refused.code) == (Category.INVALID, code)


def test_what_is_not_r4_is_refused_with_every_complaint(database_url: str) -> None:
    refused = _refusal(database_url, _grant({**DENY, "provision": {"type": "perhaps", "period": "soon"}}))
    assert isinstance(refused, NonconformantError)
    assert len(refused.issues) > 1


@pytest.mark.parametrize("scope", ["patient-privacy", {"coding": "x"}, {"coding": ["x"]}, 7])
def test_shapes_that_no_consent_has_are_refused_not_stumbled_over(database_url: str, scope: Any) -> None:
    shapes = {"scope": scope, "provision": [scope], "verification": scope, "patient": {"reference": ["x"]}}
    for name, value in shapes.items():
        refused = _refusal(database_url, _grant({**DENY, name: value}))
        assert refused.category in (Category.INVALID, Category.FORBIDDEN)


def test_too_many_provisions_and_too_many_consents_are_refused(database_url: str) -> None:
    many = {"type": "deny", "provision": [{"type": "permit"}] * 100}

    async def visit(desk: Desk) -> None:
        with pytest.raises(HubError) as refused:
            await desk.consents.grant(WEI, {**DENY, "provision": many})
        assert refused.value.category is Category.TOO_LARGE
        for _ in range(MOST_CONSENTS):
            await desk.consents.grant(WEI, DENY)
        with pytest.raises(HubError) as refused:
            await desk.consents.grant(WEI, DENY)
        assert refused.value.category is Category.TOO_LARGE

    at_desk(database_url, visit)


def test_replacing_asks_for_the_version_named(database_url: str) -> None:
    async def visit(desk: Desk) -> None:
        kept = await desk.consents.grant(WEI, DENY)
        with pytest.raises(HubError) as refused:
            await desk.consents.replace(WEI, kept["id"], DENY, expected=2)
        assert refused.value.category is Category.PRECONDITION
        with pytest.raises(HubError) as refused:
            await desk.consents.replace(WEI, kept["id"], {**DENY, "id": "another"})
        assert refused.value.code == "id-mismatch"

    at_desk(database_url, visit)


def test_every_refusal_is_recorded_before_it_is_told(database_url: str) -> None:
    async def visit(desk: Desk) -> None:
        with pytest.raises(HubError):
            await desk.consents.grant(XIAO, DENY)
        with pytest.raises(HubError):
            await desk.consents.withdraw(WEI, "no/such?id")
        first, second = await desk.entries()
        assert (first.outcome, first.reason) == (Outcome.REFUSED, "not-entitled")
        assert (second.outcome, second.resource_id) == (Outcome.ABSENT, "no%2Fsuch%3Fid")

    at_desk(database_url, visit)


def test_reading_is_recorded_with_the_patients_whose_consents_were_shown(database_url: str) -> None:
    async def visit(desk: Desk) -> None:
        kept = await desk.consents.grant(WEI, DENY)
        assert (await desk.reads.read(WEI, kept["id"]))["id"] == kept["id"]
        entry = (await desk.entries())[-1]
        assert (entry.interaction, entry.patients, entry.types) == (Interaction.READ, ("F05-wei",), {"Consent": 1})

    at_desk(database_url, visit)


def test_rules_of_another_configuration_are_compiled_anew(database_url: str) -> None:
    moved = replace(CONFIGURATION, base_urls=("https://new.example/fhir",))

    async def grant(desk: Desk) -> None:
        await desk.consents.grant(WEI, DENY)

    async def renew(desk: Desk) -> None:
        assert await desk.consents.renew() == 1
        assert await desk.consents.renew() == 0
        (rule,) = await desk.rules("F05-wei")
        assert unpack(rule.compiled, moved).rules is not None
        assert await desk.epoch() == 2

    at_desk(database_url, grant)
    at_desk(database_url, renew, moved)


def test_what_is_stored_is_what_was_answered(database_url: str) -> None:
    async def visit(desk: Desk) -> None:
        kept = await desk.consents.grant(WEI, {"template": "emergency-no"})
        async with desk.database.connection() as tx:
            stored = (await desk.store.load(tx, [("Consent", kept["id"])]))["Consent", kept["id"]]
        assert loads(stored.body) == kept
        assert (stored.patient, stored.facts.author_org) == ("F05-wei", "")

    at_desk(database_url, visit)


def test_changes_at_the_same_time_wait_for_one_another(database_url: str) -> None:
    async def visit(desk: Desk) -> None:
        kept = await desk.consents.grant(WEI, DENY)
        names = ["share-all", "deny-all"] * 4
        changed = await asyncio.gather(
            *(desk.consents.replace(WEI, kept["id"], {"template": name}) for name in names),
            *(desk.consents.grant(WEI, DENY) for _ in range(4)),
        )
        versions = sorted(int(one["meta"]["versionId"]) for one in changed if one["id"] == kept["id"])
        newest = max(changed, key=lambda one: int(one["meta"]["versionId"]))
        rule = {rule.id: rule for rule in await desk.rules("F05-wei")}[kept["id"]]
        assert rule.version == versions[-1] == 1 + len(set(versions))
        assert unpack(rule.compiled, CONFIGURATION).version_id == newest["meta"]["versionId"]
        assert await desk.epoch() == 13

    at_desk(database_url, visit)
