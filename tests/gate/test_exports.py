"""Exports and deliveries at the gate: one snapshot, two judgements, one row in the trail."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.gate import export_wish
from hub.gate.exports import Export
from hub.gate.parcels import Parcel, pack, unpack
from hub.kernel.errors import Category, HubError
from tests.gate.house import CLINICIAN, STRANGER, House, observation, refusal, stored, with_house, write

RECORD = (
    write("Patient", "a"),
    *(observation(f"o{number}") for number in range(300)),
    write("Procedure", "p", patient="a"),
    write("Procedure", "late", patient="a", status="preparation"),
)


async def parcels(house: House, actor: Any = CLINICIAN, *params: tuple[str, str]) -> tuple[Export, list[Parcel]]:
    async with house.gate.bulk.opened(actor, "system", None, params) as export:
        return export, [parcel async for parcel in export.parcels]


async def lines(house: House, export: Export, found: Sequence[Parcel], actor: Any = CLINICIAN) -> bytes:
    """What leaves of parcels of one type."""

    async def contents() -> AsyncIterator[bytes]:
        for parcel in found:
            yield parcel.content

    chunks = await house.gate.bulk.deliver(actor, found[0].type, "test", export.snapshot, contents)
    return b"".join([chunk async for chunk in chunks])


def test_an_export_is_one_snapshot_of_all_types(database_url: str) -> None:
    async def work(house: House) -> None:
        await house.save(*RECORD)
        async with house.gate.bulk.opened(CLINICIAN, "system", None, []) as export:
            first = await anext(export.parcels)
            assert first.type == "Observation"
            # What is written while it runs belongs to the next one.
            await house.save(write("Procedure", "late", patient="a", status="completed"), write("Slot", "new"))
            rest = [row for parcel in [p async for p in export.parcels] for row in unpack(parcel.content)]
        assert {row.id: row.version for row in rest if row.type == "Procedure"} == {"p": 1, "late": 1}

    with_house(database_url, work)


def test_nothing_leaves_and_nothing_is_recorded_of_anybody_before_a_file_is_fetched(database_url: str) -> None:
    async def work(house: House) -> None:
        await house.save(*RECORD)
        await house.gate.bulk.begin(CLINICIAN, "system", None, [("_type", "Observation")])
        (begun,) = await house.entries()
        assert (begun.outcome, begun.patients, begun.query) == ("released", (), "%24export=system&_type=Observation")
        export, found = await parcels(house, CLINICIAN, ("_type", "Observation"))
        assert len(await house.entries()) == 1
        assert (await lines(house, export, found)).count(b"\n") == 300
        fetched, _ = await house.entries()
        assert (fetched.patients, fetched.types, fetched.grounds) == (
            ("a",),
            {"Observation": 300},
            ("author-organisation",),
        )

    with_house(database_url, work)


def test_a_defect_of_the_predicate_stops_the_export_and_is_an_incident(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def everything(*_: Any) -> Any:
        from hub.store.values import Visible

        return Visible(everything=True)

    async def work(house: House) -> None:
        await house.save(*RECORD)
        monkeypatch.setattr("hub.gate.exports.of_population", everything)
        error = await refusal(parcels(house, STRANGER))
        assert error.category is Category.FAULT
        assert (await house.entries())[0].outcome == "incident"

    with_house(database_url, work)


def test_a_delivery_is_decided_anew_when_a_consent_changes_before_it_is_recorded(database_url: str) -> None:
    async def work(house: House) -> None:
        await house.save(*RECORD)
        await house.relate("a", "F03")
        export, found = await parcels(house, STRANGER, ("_type", "Procedure"))
        times = 0

        async def contents() -> AsyncIterator[bytes]:
            nonlocal times
            times += 1
            for parcel in found:
                yield parcel.content
            if times == 1:
                # Between the judgement and its row in the trail.
                await house.consent("a", {"type": "deny"})

        chunks = await house.gate.bulk.deliver(STRANGER, "Procedure", "test", export.snapshot, contents)
        assert [chunk async for chunk in chunks] == []
        assert times > 1

    with_house(database_url, work)


def test_a_relationship_that_ended_has_effect_on_files_that_are_there(database_url: str) -> None:
    async def work(house: House) -> None:
        await house.save(*RECORD)
        await house.relate("a", "F03")
        export, found = await parcels(house, STRANGER, ("_type", "Procedure"))
        assert (await lines(house, export, found, STRANGER)).count(b"\n") == 2
        async with house.database.transaction() as tx:
            await tx.execute("DELETE FROM relation")
        assert await lines(house, export, found, STRANGER) == b""

    with_house(database_url, work)


def test_a_file_is_under_the_scopes_of_whoever_fetches_it(database_url: str) -> None:
    async def work(house: House) -> None:
        await house.save(*RECORD)
        export, found = await parcels(house, CLINICIAN, ("_type", "Procedure"))
        narrow = replace(CLINICIAN, scopes=("user/Observation.rs",))
        error = await refusal(lines(house, export, found, narrow))
        assert (error.category, error.code) == (Category.FORBIDDEN, "scope-not-allowed")

    with_house(database_url, work)


def test_a_parcel_gives_back_its_rows() -> None:
    rows = [stored("Observation"), stored("Observation", patient=None, labels=("s|R",))]
    assert unpack(pack("Observation", rows, deleted=False).content) == rows


NAMES = ("_outputFormat", "_since", "_until", "_type", "_typeFilter", "patient", "_elements", "x")
VALUES = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["Patient", "Patient/a", "2020-01-01", "Observation?code=x", "Observation?_sort=x", "ndjson", "?", ","]
    ),
    st.builds(
        "Observation?{}={}".format,
        st.sampled_from(["code", "date", "_has:x:y:z", "subject.name"]),
        st.text(max_size=10),
    ),
)


@given(st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=4), st.booleans())
def test_parameters_are_read_or_refused_and_never_break(params: list[tuple[str, str]], lenient: bool) -> None:
    for level in ("system", "patient", "group"):
        try:
            export_wish.read_export(level, params, lenient=lenient, base_url="")
        except HubError as error:
            assert error.category in {Category.UNSUPPORTED, Category.INVALID, Category.TOO_LARGE}
