"""The report of one record: whole for the auditor, for the patient what she is shown line by line, proved for both."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from hub.audit import verify
from hub.audit.queries import newest
from hub.auth.actor import Actor
from hub.kernel.errors import Category
from hub.kernel.types import Json
from tests.audit.entries import NOW
from tests.audit.trees import keys_file, sequencer
from tests.gate.house import CLINICIAN, House, refusal, with_house
from tests.gate.test_looks import AUDITOR, MOTHER, OTHER, PATIENT, settle

DAY: Final = timedelta(days=1)


async def settled(house: House) -> None:
    await settle(house)
    await sequencer(house.database).turn()


async def made(house: House, actor: Actor, patient: str = "") -> Json:
    """The report over all there is."""
    return await house.gate.reports.made(actor, patient, NOW - DAY, NOW + DAY)


def leaves(told: Json) -> list[Any]:
    return [json.loads(line["leaf"]) for line in told["document"]["lines"]]


def items(told: Json) -> list[Any]:
    return [json.loads(item) for line in told["document"]["lines"] for item in line["items"] if item]


def test_the_auditor_has_every_entry_and_the_patient_her_looks_and_nobody_elses_name(
    database_url: str, tmp_path: Path
) -> None:
    async def work(house: House) -> None:
        await settled(house)
        whole, own = await made(house, AUDITOR, "a2"), await made(house, PATIENT)
        assert whole["document"]["patients"] == own["document"]["patients"] == ["a", "a2"]
        assert {leaf["id"] for leaf in leaves(own)} <= {leaf["id"] for leaf in leaves(whole)}
        assert leaves(own)
        assert {kind for _, kind, _ in items(own)} == {"patient"}
        assert {kind for _, kind, _ in items(whole)} == {"patient", "details"}
        assert {content for told in (whole, own) for _, kind, content in items(told) if kind == "patient"} == {
            "a",
            "a2",
        }
        for name, told in (("whole", whole), ("own", own)):
            path = tmp_path / f"{name}.json"
            path.write_text(json.dumps(told["document"]), encoding="utf-8")
            assert "are as the checkpoint" in verify.verify(path, keys_file(tmp_path))

    with_house(database_url, work)


def test_a_patient_is_told_of_no_record_but_her_own_whomever_she_names(database_url: str) -> None:
    async def work(house: House) -> None:
        await settled(house)
        one, other = await made(house, OTHER, "a"), await made(house, OTHER)
        assert one["document"]["patients"] == other["document"]["patients"] == ["b"]
        assert one["document"]["lines"] == other["document"]["lines"] != []
        nobody = await made(house, AUDITOR, "nobody")
        assert (nobody["document"]["lines"], nobody["shares"], nobody["pending"]) == ([], [], 0)

    with_house(database_url, work)


def test_a_report_is_on_record_with_whom_it_is_about_and_who_asked(database_url: str) -> None:
    async def work(house: House) -> None:
        await settled(house)
        for actor in (AUDITOR, PATIENT):
            await made(house, actor, "a")
            async with house.database.connection() as tx:
                (entry,) = await newest(tx, limit=1)
            assert (entry.requester.role, set(entry.patients)) == (actor.role, {"a", "a2"})
            assert "report" in (entry.query or "")

    with_house(database_url, work)


def test_other_roles_have_no_report_and_somebody_who_calls_herself_a_mother_is_told_nothing(
    database_url: str,
) -> None:
    async def work(house: House) -> None:
        await settled(house)
        for role in ("clinician", "family-doctor", "researcher", "administrator", "consent-reviewer"):
            refused = await refusal(made(house, replace(CLINICIAN, role=role), "a"))
            assert refused.category is Category.FORBIDDEN, role
        told = await made(house, MOTHER)
        assert (told["document"]["lines"], told["shares"], told["pending"], told["erased"]) == ([], [], 0, 0)

    with_house(database_url, work)


@pytest.mark.parametrize("named", ["", "a b", "x" * 65])
def test_an_auditor_names_somebody(database_url: str, named: str) -> None:
    async def work(house: House) -> None:
        assert (await refusal(made(house, AUDITOR, named))).category is Category.INVALID

    with_house(database_url, work)
