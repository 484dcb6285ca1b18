"""What stands in nobody's record is read where it was written, by every way out, and to all others it is not there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from consent.tables import NON_PATIENT_TYPES
from hub.gate.unplaced import UNPLACED
from hub.store.values import Visible
from tests.gate.house import CLINICIAN, STRANGER, House, absent, observation, with_house, write
from tests.gate.test_roles import DOCTOR, HERSELF, PROXY, ids

CONFINED = replace(CLINICIAN, scopes=("patient/*.rs",), patient="a")
WARD = replace(CLINICIAN, organization="F01-ICU")


@pytest.mark.parametrize("rtype", ["Questionnaire", "Endpoint", "Device", "Group", "Bundle", "Slot"])
def test_who_wrote_it_reads_it_in_every_way_and_nobody_else_does(database_url: str, rtype: str) -> None:
    async def work(house: House) -> None:
        await house.save(write(rtype, "x"), write(rtype, "theirs", author="F03"))
        gate = house.gate
        assert (await gate.read(CLINICIAN, rtype, "x")).id == "x"
        assert (await house.entries())[-1].grounds == ("author-organisation",)
        assert (await gate.vread(CLINICIAN, rtype, "x", 1)).id == "x"
        assert ids(await gate.search(CLINICIAN, rtype, [])) == ["x"]
        assert ids(await gate.search(CLINICIAN, None, [])) == ["x"]
        assert ids(await gate.histories(CLINICIAN, rtype, [])) == ["x"]
        assert ids(await gate.search(STRANGER, rtype, [])) == ["theirs"]
        for other in (STRANGER, DOCTOR, HERSELF, PROXY, CONFINED):
            assert await absent(gate.read(other, rtype, "x"))
            assert "x" not in ids(await gate.search(other, rtype, []))

    with_house(database_url, work)


def test_facilities_of_one_legal_entity_share_it(database_url: str) -> None:
    async def work(house: House) -> None:
        await house.save(write("Endpoint", "x"))
        assert (await house.gate.read(WARD, "Endpoint", "x")).id == "x"
        assert ids(await house.gate.search(WARD, "Endpoint", [])) == ["x"]

    with_house(database_url, work)


def test_a_device_is_included_where_it_was_written_and_one_of_others_leaves_no_trace(database_url: str) -> None:
    async def work(house: House) -> None:
        await house.save(
            write("Patient", "a"),
            write("Device", "own"),
            write("Device", "theirs", author="F03"),
            observation("o", device={"reference": "Device/own"}),
            observation("p", device={"reference": "Device/theirs"}),
        )
        page = await house.gate.search(CLINICIAN, "Observation", [("_include", "Observation:device")])
        assert [released.id for released in page.included] == ["own"]
        found = await house.gate.search(CLINICIAN, "Observation", [("device:Device._id", "own,theirs")])
        assert ids(found) == ["o"]

    with_house(database_url, work)


def test_what_should_name_a_patient_and_does_not_stays_hidden(database_url: str) -> None:
    async def work(house: House) -> None:
        lost = write("Observation", "o", status="final")
        await house.save(lost)
        assert await absent(house.gate.read(CLINICIAN, "Observation", "o"))
        assert ids(await house.gate.search(CLINICIAN, "Observation", [])) == []

    with_house(database_url, work)


def test_the_types_are_neither_for_everybody_nor_of_a_patients_record() -> None:
    assert NON_PATIENT_TYPES.isdisjoint(UNPLACED)
    assert UNPLACED.isdisjoint({"Patient", "Observation", "Consent", "AuditEvent", "Provenance", "DocumentReference"})
    assert Visible().authored == frozenset()
