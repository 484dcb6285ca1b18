"""Asking a patient for a consent, what a desk holds in hand, and what patients and proxies are told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final
from uuid import UUID

import pytest

from hub.audit.entry import Entry, Interaction, Outcome, requester_of
from hub.audit.trail import Trail
from hub.kernel.errors import Category, HubError
from hub.kernel.log import Log
from hub.kernel.types import Json
from hub.records.consent_evidence import WITNESS, signature
from hub.records.consent_requests import MOST_WAITING
from hub.records.facts import facts_of
from hub.store.values import Write
from tests.auth.consortium import NOW
from tests.records.consent_desk import DOCTOR, HOSPITAL, REVIEWER, WEI, XIAO, Desk, actor, at_desk

ASKED: Final[Json] = {"template": "show-all-for-hours", "hours": 8, "patient": "weiperson", "reason": "会诊"}


async def _refused(asked: Any) -> HubError:
    with pytest.raises(HubError) as caught:
        await asked
    return caught.value


def test_a_request_names_the_askers_own_facility_and_waits_a_week(database_url: str) -> None:
    async def visit(desk: Desk) -> None:
        made = await desk.requests.ask(HOSPITAL, {**ASKED, "organization": "F03"})
        assert (made["asks"]["organization"], made["patient"]) == ("F01", "weiperson")
        desk.clock.pass_by(days=7, seconds=1)
        assert [one["status"] for one in await desk.requests.listed(WEI)] == ["expired"]
        late = await _refused(desk.requests.answer(WEI, made["id"], agree=True))
        assert late.category is Category.CONFLICT
        assert await desk.rules("F05-wei", "F01-wei") == []

    at_desk(database_url, visit)


@pytest.mark.parametrize(
    "change", [{"template": "deny-all"}, {"reason": " "}, {"patient": 7}, {"hours": 0}, {"labels": ["PSY"]}]
)
def test_a_request_asks_to_see_something_and_says_why(database_url: str, change: Json) -> None:
    async def visit(desk: Desk) -> None:
        refused = await _refused(desk.requests.ask(DOCTOR, {**ASKED, **change}))
        assert refused.category is Category.INVALID

    at_desk(database_url, visit)


def test_one_person_asks_only_so_many_at_a_time_whoever_it_is_about(database_url: str) -> None:
    async def visit(desk: Desk) -> None:
        for number in range(MOST_WAITING):
            await desk.requests.ask(DOCTOR, {**ASKED, "patient": f"nobody-{number}"})
        assert (await _refused(desk.requests.ask(DOCTOR, ASKED))).category is Category.TOO_LARGE
        assert await desk.requests.ask(HOSPITAL, ASKED)

    at_desk(database_url, visit)


def test_a_refused_request_gives_nothing(database_url: str) -> None:
    async def visit(desk: Desk) -> None:
        made = await desk.requests.ask(DOCTOR, ASKED)
        assert (await desk.requests.answer(WEI, made["id"], agree=False))["status"] == "refused"
        assert await desk.rules("F05-wei", "F01-wei") == []
        entry = (await desk.entries())[-1]
        assert (entry.interaction, entry.resource_id) == (Interaction.OPERATION, made["id"])
        assert await desk.epoch() == 0

    at_desk(database_url, visit)


def test_each_is_told_what_the_others_did_and_not_what_they_did_themselves(database_url: str) -> None:
    async def visit(desk: Desk) -> None:
        mother = {
            "kind": "parent",
            "patient": "F05-ming",
            "name": "程某",
            "evidence": "2026-17",
            "scope": ["read", "consent"],
        }
        ma = (await desk.proxies.confirm(REVIEWER, mother))["reference"]
        child = actor("patient", patient="F05-ming")
        parent = actor("proxy", patient="F05-ming", practitioner=ma)
        desk.clock.pass_by(seconds=1)
        given = await desk.consents.grant(parent, {"template": "no-research"})
        await desk.consents.withdraw(child, given["id"])
        assert [one["kind"] for one in await desk.board.listed(child)] == ["consent-given", "proxy-confirmed"]
        assert [one["kind"] for one in await desk.board.listed(parent)] == ["consent-withdrawn", "proxy-confirmed"]
        await desk.board.seen(child)
        assert all(one["seen"] for one in await desk.board.listed(child))
        assert not any(one["seen"] for one in await desk.board.listed(parent))

    at_desk(database_url, visit)


def test_a_parent_is_told_nothing_more_once_the_child_is_of_age(database_url: str) -> None:
    async def visit(desk: Desk) -> None:
        asked = {"kind": "parent", "patient": "F05-ming", "name": "程某", "evidence": "2026-17"}
        ma = (await desk.proxies.confirm(REVIEWER, asked))["reference"]
        parent = actor("proxy", patient="F05-ming", practitioner=ma)
        assert await desk.board.listed(parent)
        desk.clock.now = NOW.replace(year=2028)
        assert (await _refused(desk.board.listed(parent))).code == "proxy-not-valid"

    at_desk(database_url, visit)


def test_an_emergency_is_told_from_the_trail_itself(database_url: str) -> None:
    glass = replace(DOCTOR, purpose=("BTG",), break_glass="昏迷", token_id="t9")

    def entry(number: int) -> Entry:
        return Entry(
            id=UUID(int=number),
            time=NOW,
            requester=requester_of(glass),
            interaction=Interaction.READ,
            outcome=Outcome.RELEASED,
            grounds=("break-glass",),
            patients=("F01-wei",),
        )

    async def visit(desk: Desk) -> None:
        trail = Trail(desk.database, Log("test"))
        for number in (1, 2):
            await trail.record(entry(number))
        await trail.close()
        (told,) = await desk.board.listed(WEI)
        assert (told["kind"], told["by"], told["organization"], told["reason"]) == (
            "break-glass", "Practitioner/bai", "F05", "昏迷",
        )  # fmt: skip
        assert await desk.board.listed(replace(XIAO, patient="F05-ming")) == []

    at_desk(database_url, visit)


def test_a_desk_names_the_scan_of_the_form_and_who_saw_it(database_url: str) -> None:
    scan: Json = {
        "resourceType": "DocumentReference",
        "id": "F05-form",
        "subject": {"reference": "Patient/F05-wei"},
        "status": "current",
        "content": [{"attachment": {"contentType": "application/pdf"}}],
    }
    asked: Json = {
        "template": "share-all",
        "patient": "F05-wei",
        "sourceReference": {"reference": "DocumentReference/F05-form"},
        "extension": [{"url": WITNESS, "valueReference": {"reference": "Practitioner/qin"}}],
    }

    async def visit(desk: Desk) -> None:
        assert (await _refused(desk.consents.grant(DOCTOR, asked))).code == "unknown-document"
        facts = facts_of(scan, "F05")
        write = Write(type="DocumentReference", id="F05-form", resource=scan, patient="F05-wei", facts=facts)
        async with desk.database.transaction() as tx:
            await desk.store.save(tx, [write])
        foreign = {**asked, "patient": "F01-wei"}
        assert (await _refused(desk.consents.grant(HOSPITAL, foreign))).code == "unknown-document"
        told = signature(await desk.consents.grant(DOCTOR, asked))
        assert (told["how"], told["document"], told["recordedBy"]) == (
            "paper", "DocumentReference/F05-form", "Organization/F05",
        )  # fmt: skip
        assert told["witnesses"] == ["Practitioner/qin"]
        other = {**asked, "extension": [{"url": "urn:x", "valueString": "y"}]}
        assert (await _refused(desk.consents.grant(DOCTOR, other))).code == "consent-element"

    at_desk(database_url, visit)


def test_a_second_person_of_the_same_entity_approves_once_for_four_hours(database_url: str) -> None:
    colleague = replace(DOCTOR, practitioner="mei")

    async def visit(desk: Desk) -> None:
        made = await desk.seconds.ask(DOCTOR, {"patient": "weiperson", "reason": "手术"})
        assert (await _refused(desk.seconds.answer(DOCTOR, made["id"], agree=True))).code == "second-person"
        assert (await _refused(desk.seconds.answer(HOSPITAL, made["id"], agree=True))).category is Category.NOT_FOUND
        assert await desk.seconds.listed(HOSPITAL) == []
        given = await desk.seconds.answer(colleague, made["id"], agree=True)
        assert (given["status"], given["second"], given["purpose"]) == ("agreed", "Practitioner/mei", ["TREAT"])
        assert (await _refused(desk.seconds.answer(colleague, made["id"], agree=True))).category is Category.CONFLICT
        assert await desk.seconds.standing(DOCTOR, "F01-wei") == given["approval"]
        assert await desk.seconds.standing(DOCTOR, "F05-ming") is None
        assert await desk.seconds.standing(colleague, "F01-wei") is None
        desk.clock.pass_by(hours=4, seconds=1)
        assert await desk.seconds.standing(DOCTOR, "F01-wei") is None

    at_desk(database_url, visit)


def test_a_delegate_who_may_not_consent_and_one_who_is_none_any_more_are_told_nothing(database_url: str) -> None:
    async def visit(desk: Desk) -> None:
        made = await desk.requests.ask(DOCTOR, ASKED)
        for scope in (["read"], ["read", "consent"]):
            entry = await desk.proxies.confirm(WEI, {"kind": "delegate", "name": "沈小梅", "scope": scope})
            delegate = actor("proxy", patient="F05-wei", practitioner=entry["reference"])
            if "consent" in scope:
                assert [one["id"] for one in await desk.requests.listed(delegate)] == [made["id"]]
                await desk.proxies.end(WEI, entry["id"])
            for asked in (
                desk.requests.listed(delegate),
                desk.requests.answer(delegate, made["id"], agree=False),
                desk.board.listed(delegate),
                desk.objections.listed(delegate),
                desk.objections.open(delegate, "e", "x"),
            ):
                assert (await _refused(asked)).code == "proxy-not-valid"

    at_desk(database_url, visit)
