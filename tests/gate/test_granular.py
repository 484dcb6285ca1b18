"""Scopes that open part of a type: every way to the rest of it ends as if it were not there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from hub.auth.actor import Actor
from hub.gate.ceiling import ceiling, covers
from hub.gate.pages import CURSOR
from hub.gate.parcels import unpack
from hub.kernel.errors import Category
from hub.store.values import Facts, Stored
from tests.gate.house import CLINICIAN, House, observation, refusal, with_house, write
from tests.gate.test_exports import lines, parcels

SYSTEM: Final = "http://terminology.hl7.org/CodeSystem/observation-category"
LAB: Final = f"user/Observation.rs?category={SYSTEM}|laboratory"
REST: Final = ("user/Patient.rs", "user/Condition.rs", "user/DiagnosticReport.rs", "user/Provenance.rs")
NARROW: Final = replace(CLINICIAN, scopes=(LAB, *REST), token_id="narrow")
PATIENT: Final = replace(
    NARROW, scopes=(LAB.replace("user/", "patient/"), "patient/Patient.rs"), patient="a", token_id="of-a"
)


def category(*codes: str, system: str = SYSTEM) -> list[dict[str, Any]]:
    return [{"coding": [{"system": system, "code": code}]} for code in codes]


async def record(house: House) -> None:
    """Patient a has a laboratory value, one of both categories, vital signs, and one without a category."""
    await house.save(
        write("Patient", "a", author="F01", name=[{"text": "沈桂兰"}]),
        observation("lab", author="F01", patient="a", category=category("laboratory")),
        observation("both", author="F01", patient="a", category=category("vital-signs", "laboratory")),
        observation("vital", author="F01", patient="a", category=category("vital-signs")),
        observation("none", author="F01", patient="a"),
        observation("other", author="F01", patient="a", category=category("laboratory", system="urn:other")),
        write(
            "DiagnosticReport",
            "report",
            author="F01",
            patient="a",
            result=[{"reference": f"Observation/{one}"} for one in ("lab", "vital")],
        ),
    )
    await house.relate("a", "F01")


def ids(page: Any) -> list[str]:
    return sorted(released.id for released in (*page.matches, *page.included))


def test_reads_searches_counts_and_pages_know_what_the_scope_opens_alone(database_url: str) -> None:
    async def work(house: House) -> None:
        await record(house)
        for actor in (NARROW, PATIENT):
            page = await house.gate.search(actor, "Observation", [("_total", "accurate")])
            assert (ids(page), page.total) == (["both", "lab"], 2)
            assert (await house.gate.read(actor, "Observation", "lab")).id == "lab"
            for hidden in ("vital", "none", "other", "absent"):
                error = await refusal(house.gate.read(actor, "Observation", hidden))
                assert (error.category, error.what) == (Category.NOT_FOUND, "no such resource")
        counted = await house.gate.search(NARROW, "Observation", [("_summary", "count")])
        assert counted.total == 2
        first = await house.gate.search(NARROW, "Observation", [("_count", "1")])
        assert first.next is not None
        second = await house.gate.search(NARROW, "Observation", [("_count", "1"), (CURSOR, first.next)])
        assert (len(first.matches), len(second.matches), second.next) == (1, 1, None)
        assert ids(await house.gate.search(NARROW, "Observation", [("category", "vital-signs")])) == ["both"]

    with_house(database_url, work)


def test_includes_chains_and_has_look_no_further(database_url: str) -> None:
    async def work(house: House) -> None:
        await record(house)
        page = await house.gate.search(NARROW, "DiagnosticReport", [("_include", "DiagnosticReport:result")])
        assert ids(page) == ["lab", "report"]
        page = await house.gate.search(NARROW, "Patient", [("_revinclude", "Observation:subject")])
        assert ids(page) == ["a", "both", "lab"]
        for name, value, found in (
            ("_has:Observation:subject:category", "laboratory", ["a"]),
            ("_has:Observation:subject:_id", "vital", []),
            ("_has:Observation:subject:_id", "lab", ["a"]),
        ):
            assert ids(await house.gate.search(NARROW, "Patient", [(name, value)])) == found, (name, value)
        for chained, found in (("vital", []), ("lab", ["report"])):
            page = await house.gate.search(NARROW, "DiagnosticReport", [("result:Observation._id", chained)])
            assert ids(page) == found

    with_house(database_url, work)


def test_histories_and_versions_are_judged_by_what_they_were_and_are(database_url: str) -> None:
    async def work(house: House) -> None:
        await record(house)
        await house.save(observation("lab", author="F01", patient="a", category=category("vital-signs")))
        await house.save(observation("vital", author="F01", patient="a", category=category("laboratory")))
        assert (await refusal(house.gate.vread(NARROW, "Observation", "lab", 1))).category is Category.NOT_FOUND
        assert (await refusal(house.gate.vread(NARROW, "Observation", "vital", 1))).category is Category.NOT_FOUND
        assert (await house.gate.vread(NARROW, "Observation", "vital", 2)).id == "vital"
        found = await house.gate.history(NARROW, "Observation", "vital")
        assert [released.version for released in found.matches] == [2]
        ways = await house.gate.histories(NARROW, "Observation", [])
        assert sorted((released.id, released.version) for released in ways.matches) == [("both", 1), ("vital", 2)]

    with_house(database_url, work)


def test_everything_of_a_patient_is_what_the_scope_opens(database_url: str) -> None:
    async def work(house: House) -> None:
        await record(house)
        page = await house.gate.everything(NARROW, "a", [])
        assert ids(page) == ["a", "both", "lab", "report"]

    with_house(database_url, work)


def test_an_export_and_its_files_hold_what_the_scope_opens_alone(database_url: str) -> None:
    async def work(house: House) -> None:
        await record(house)
        _, found = await parcels(house, NARROW, ("_type", "Observation"))
        assert sorted(row.id for parcel in found for row in unpack(parcel.content)) == ["both", "lab"]
        # Files that were made under the whole scope are fetched by whoever has part of it.
        export, whole = await parcels(house, CLINICIAN, ("_type", "Observation"))
        assert (await lines(house, export, whole)).count(b"\n") == 5
        assert (await lines(house, export, whole, NARROW)).count(b"\n") == 2

    with_house(database_url, work)


def test_beside_a_whole_scope_nothing_is_narrowed(database_url: str) -> None:
    async def work(house: House) -> None:
        await record(house)
        whole: Actor = replace(NARROW, scopes=(LAB, "user/Observation.rs"))
        assert len((await house.gate.search(whole, "Observation", [])).matches) == 5

    with_house(database_url, work)


def test_the_check_is_apart_from_the_predicate_and_looks_at_the_body() -> None:
    stored = Stored(
        type="Observation", id="x", version=1, updated=None, deleted=False, body=b"{}", pkey=None, patient="a",  # type: ignore[arg-type]
        facts=Facts(author_org="F01"),
    )  # fmt: skip
    assert not covers((LAB,), stored)
    assert covers(("user/Observation.rs",), stored)
    assert covers((), stored)
    assert ceiling(()) is None
    assert ceiling(("user/*.rs", LAB)) is None
