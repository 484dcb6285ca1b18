"""Approvals a token may refer to: made by the one who approves, under a token of their own."""

from __future__ import annotations

from typing import Any

import pytest

from hub.auth import approvals
from hub.auth.approvals import Approval
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from tests.records.consent_desk import DOCTOR, HOSPITAL, REVIEWER, WEI, Desk, actor, at_desk

SECOND: Json = {"kind": "second", "for": "Practitioner/gao", "patient": "F05-wei"}
ETHICS: Json = {
    "kind": "ethics",
    "organization": "F01",
    "period": {"start": "2026-05-01", "end": "2026-12-31"},
    "resourceTypes": ["Observation"],
    "project": "糖尿病随访队列",
    "document": "伦审-2026-17",
}


async def _refusal(work: Any) -> HubError:
    with pytest.raises(HubError) as refused:
        await work
    return refused.value


async def _stored(desk: Desk, approval_id: str) -> Approval | None:
    async with desk.database.connection() as tx:
        return await approvals.named(tx, approval_id)


def test_a_second_person_approves_for_four_hours_in_their_own_name(database_url: str) -> None:
    async def visit(desk: Desk) -> None:
        forged = {**SECOND, "reference": "Practitioner/boss", "organization": "F01", "period": {"start": "2000"}}
        told = await desk.approvals.give(DOCTOR, forged)
        found = await _stored(desk, told["id"])
        assert found is not None and found.content == {
            "status": "active",
            "reference": "Practitioner/bai",
            "organization": "Organization/F05",
            "for": "Practitioner/gao",
            "patient": "Patient/F05-wei",
            "purpose": ["TREAT"],
            "period": {"start": "2026-05-20T09:00:00.000+08:00", "end": "2026-05-20T13:00:00.000+08:00"},
        }
        assert await desk.epoch() == 1
        assert (await desk.entries())[-1].patients == ("F05-wei",)

    at_desk(database_url, visit)


def test_nobody_approves_their_own_request(database_url: str) -> None:
    async def visit(desk: Desk) -> None:
        own = await _refusal(desk.approvals.give(DOCTOR, {**SECOND, "for": "Practitioner/bai"}))
        assert (own.category, own.code) == (Category.FORBIDDEN, "second-person")
        assert await desk.epoch() == 0

    at_desk(database_url, visit)


def test_an_ethics_approval_is_the_reviewers_to_give_and_to_revoke(database_url: str) -> None:
    async def visit(desk: Desk) -> None:
        told = await desk.approvals.give(REVIEWER, ETHICS)
        assert (told["status"], told["organization"]) == ("approved", "Organization/F01")
        assert (await _refusal(desk.approvals.end(DOCTOR, told["id"]))).category is Category.NOT_FOUND
        assert (await desk.approvals.end(REVIEWER, told["id"]))["status"] == "revoked"
        found = await _stored(desk, told["id"])
        assert found is not None and found.content["status"] == "revoked"

    at_desk(database_url, visit)


def test_an_administrator_records_lists_and_revokes_what_a_committee_approved(database_url: str) -> None:
    keeper = actor("administrator", organization="ALLIANCE", practitioner="shao")

    async def visit(desk: Desk) -> None:
        told = await desk.approvals.give(keeper, ETHICS)
        (listed,) = await desk.approvals.listed(keeper)
        assert (listed["id"], listed["project"], listed["document"]) == (told["id"], "糖尿病随访队列", "伦审-2026-17")
        assert (await desk.approvals.end(keeper, told["id"]))["status"] == "revoked"
        assert [one["status"] for one in await desk.approvals.listed(REVIEWER)] == ["revoked"]
        assert (await _refusal(desk.approvals.listed(DOCTOR))).category is Category.FORBIDDEN

    at_desk(database_url, visit)


def test_a_second_person_takes_back_their_own_approval_only(database_url: str) -> None:
    async def visit(desk: Desk) -> None:
        told = await desk.approvals.give(DOCTOR, SECOND)
        for who in (HOSPITAL, REVIEWER):
            assert (await _refusal(desk.approvals.end(who, told["id"]))).category is Category.NOT_FOUND
        assert (await desk.approvals.end(DOCTOR, told["id"]))["status"] == "ended"

    at_desk(database_url, visit)


def test_each_kind_is_given_by_its_own_roles(database_url: str) -> None:
    async def visit(desk: Desk) -> None:
        for who, asked in ((DOCTOR, ETHICS), (REVIEWER, SECOND), (WEI, SECOND), (WEI, ETHICS)):
            assert (await _refusal(desk.approvals.give(who, asked))).code == "role"

    at_desk(database_url, visit)


@pytest.mark.parametrize(
    "asked",
    [
        {"kind": "third"},
        {"kind": ["second"]},
        {**SECOND, "for": "gao"},
        {**SECOND, "for": "Patient/x"},
        {**SECOND, "patient": "a/b"},
        {**SECOND, "patient": None},
        {**SECOND, "purpose": []},
        {**SECOND, "purpose": ["PRODRD"]},
        {**ETHICS, "organization": "F99"},
        {**ETHICS, "period": {"start": "2026-05-01"}},
        {**ETHICS, "period": {"start": "2026-05-02", "end": "2026-05-01"}},
        {**ETHICS, "resourceTypes": ["Everything"]},
        {**ETHICS, "project": " "},
        {**ETHICS, "document": None},
    ],
)
def test_an_approval_that_could_not_hold_is_refused(database_url: str, asked: Json) -> None:
    async def visit(desk: Desk) -> None:
        who = REVIEWER if asked["kind"] == "ethics" else DOCTOR
        assert (await _refusal(desk.approvals.give(who, asked))).category is Category.INVALID

    at_desk(database_url, visit)
