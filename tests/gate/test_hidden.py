"""A permitted resource does not repeat what is hidden, on whatever way it leaves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final

import pytest
from msgspec import structs

from hub.fhir.json import loads
from hub.gate.released import Released
from hub.records.facts import facts_of
from hub.store.values import Write
from tests.gate.house import CLINICIAN, House, observation, with_house, write

CLINIC: Final = replace(CLINICIAN, organization="F05", practitioner="gao")
HIV: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode|HIV"


def flagged(made: Write) -> Write:
    """A write with the flags the records door would give it."""
    assert made.resource is not None
    return structs.replace(made, facts=structs.replace(made.facts, flags=facts_of(made.resource, "F01").flags))


async def settle(house: House) -> None:
    """A report of patient a, whose clinic has a relation: one of its results is labelled, one is not."""
    await house.save(
        write("Patient", "a"),
        observation("plain"),
        observation("secret", labels=[HIV]),
        flagged(
            write(
                "DiagnosticReport",
                "report",
                patient="a",
                status="final",
                text={"status": "generated", "div": "<div>HIV positive</div>"},
                subject={"reference": "Patient/a", "display": "沈桂兰"},
                result=[
                    {"reference": "Observation/plain", "display": "glucose"},
                    {"reference": "Observation/secret", "display": "HIV antibody"},
                ],
            )
        ),
    )
    await house.relate("a", "F05")


async def read(house: House) -> Released:
    return await house.gate.read(CLINIC, "DiagnosticReport", "report")


async def vread(house: House) -> Released:
    return await house.gate.vread(CLINIC, "DiagnosticReport", "report", 1)


async def history(house: House) -> Released:
    return (await house.gate.history(CLINIC, "DiagnosticReport", "report")).matches[0]


async def search(house: House) -> Released:
    return (await house.gate.search(CLINIC, "DiagnosticReport", [])).matches[0]


async def included(house: House) -> Released:
    params = [("_id", "a"), ("_revinclude", "DiagnosticReport:subject")]
    return (await house.gate.search(CLINIC, "Patient", params)).included[0]


async def everything(house: House) -> Released:
    found = (await house.gate.everything(CLINIC, "a", [])).matches
    return next(row for row in found if row.type == "DiagnosticReport")


WAYS: Final = (read, vread, history, search, included, everything)


@pytest.mark.parametrize("way", WAYS)
def test_the_display_of_a_hidden_result_and_the_narrative_stay_behind(
    database_url: str, way: Callable[[House], Awaitable[Released]]
) -> None:
    async def work(house: House) -> Any:
        await settle(house)
        return loads((await way(house)).body)

    report = with_house(database_url, work)
    assert report["result"] == [
        {"reference": "Observation/plain", "display": "glucose"},
        {"reference": "Observation/secret"},
    ]
    assert "text" not in report
    assert report["subject"]["display"] == "沈桂兰"


@pytest.mark.parametrize("way", WAYS)
def test_who_may_see_all_of_it_gets_it_as_it_is(
    database_url: str, way: Callable[[House], Awaitable[Released]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.gate.test_hidden.CLINIC", CLINICIAN)

    async def work(house: House) -> Any:
        await settle(house)
        return loads((await way(house)).body)

    report = with_house(database_url, work)
    assert report["result"][1]["display"] == "HIV antibody"
    assert "text" in report


def test_a_hidden_target_and_an_absent_one_are_treated_alike(database_url: str) -> None:
    async def work(house: House) -> None:
        await settle(house)
        hidden, absent = [{"reference": f"Observation/{rid}", "display": "x"} for rid in ("secret", "nothing")]
        member: dict[str, Any] = {"hasMember": [hidden, absent]}
        await house.save(flagged(observation("panel", **member)))
        panel = loads((await house.gate.read(CLINIC, "Observation", "panel")).body)
        assert panel["hasMember"] == [{"reference": "Observation/secret"}, {"reference": "Observation/nothing"}]

    with_house(database_url, work)


async def epoch_of_a_read_by_the_author(house: House) -> int | None:
    await house.gate.read(CLINICIAN, "DiagnosticReport", "report")
    return (await house.entries())[0].epoch


def test_what_the_author_wrote_throughout_hangs_on_no_consent(database_url: str) -> None:
    async def work(house: House) -> None:
        await settle(house)
        assert await epoch_of_a_read_by_the_author(house) is None

    with_house(database_url, work)


def test_what_is_left_out_hangs_on_the_consents_in_the_trail_too(database_url: str) -> None:
    async def work(house: House) -> None:
        await settle(house)
        foreign = observation("secret", labels=[HIV])
        await house.save(structs.replace(foreign, facts=structs.replace(foreign.facts, author_org="F03")))
        assert await epoch_of_a_read_by_the_author(house) is not None

    with_house(database_url, work)
