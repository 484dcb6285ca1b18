import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from hub.demo.calendar import Calendar
from hub.demo.community import Posting, postings
from hub.demo.staff import staff
from hub.demo.story import data, persons
from hub.fhir.validate import validate
from hub.kernel.types import Json

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


def written() -> list[Posting]:
    return list(postings(data("community.yaml"), persons(), staff(), Calendar(NOW)))


def resources() -> dict[str, Json]:
    return {entry["request"]["url"]: entry["resource"] for one in written() for entry in one.bundle["entry"]}


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from texts(item)


@pytest.mark.parametrize("url", sorted(resources()))
def test_what_a_workstation_writes_is_valid_r4(url: str) -> None:
    assert validate(resources()[url]) == []


def test_every_time_of_day_has_the_zone_the_workstation_does_not_keep() -> None:
    times = [text for text in texts([one.bundle for one in written()]) if re.match(r"\d{4}-\d\d-\d\dT", text)]
    assert times
    assert all(text.endswith("+08:00") for text in times)


def test_ids_lie_in_the_id_space_of_the_facility_that_writes() -> None:
    for one in written():
        assert all(entry["resource"]["id"].startswith(f"{one.facility}-") for entry in one.bundle["entry"])


def test_a_row_sent_again_says_the_same() -> None:
    assert written() == written()


def test_no_two_rows_say_different_things_about_one_resource() -> None:
    said: dict[str, Json] = {}
    for one in written():
        for entry in one.bundle["entry"]:
            assert said.setdefault(entry["request"]["url"], entry["resource"]) == entry["resource"]


def test_a_blood_pressure_is_a_panel_of_systolic_and_diastolic() -> None:
    panel = resources()["Observation/F05-P1-1-pressure"]
    assert panel["code"]["coding"][0]["code"] == "85354-9"
    values = {part["code"]["coding"][0]["code"]: part["valueQuantity"]["value"] for part in panel["component"]}
    assert values == {"8480-6": Decimal(146), "8462-4": Decimal(92)}


def test_a_contract_names_the_family_doctor_and_ends_with_its_last_day() -> None:
    contract = resources()["EpisodeOfCare/F04-P9-3-contract"]
    assert contract["careManager"]["reference"] == staff()["bai"].reference
    assert contract["period"] == {"start": "2026-11-16T10:05:00+08:00", "end": "2027-11-16"}


def test_all_a_workstation_tells_of_the_psychiatric_condition_is_labelled_and_nothing_else() -> None:
    labelled = {
        url: [label["code"] for label in one["meta"]["security"]] for url, one in resources().items() if "meta" in one
    }
    assert labelled == {"Encounter/F04-P9-1": ["PSY"]}
