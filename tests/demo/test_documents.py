from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from hub.demo.calendar import Calendar
from hub.demo.documents import Issue
from hub.demo.staff import staff
from hub.demo.story import data, persons
from hub.kernel.types import Json
from mappings.cda.convert import convert

CALENDAR = Calendar(datetime(2026, 11, 22, 4, 0, tzinfo=UTC))
ISSUE = Issue(
    persons=persons(), staff=staff(), organisations={f"F0{n}": f"{n}" for n in range(1, 9)} | {"F01-OB": "产科"},
    calendar=CALENDAR,
)  # fmt: skip
ROWS: list[Json] = data("documents.yaml")


def became(row: Json) -> list[Json]:
    """What the hub makes of a document, which it understands without a remark."""
    (line,) = convert("it.xml", ISSUE.document(row), "https://yilian-hub.example/fhir")
    assert line["issues"] == []
    return [entry["resource"] for entry in line["bundle"]["entry"]]


@pytest.mark.parametrize("row", ROWS, ids=[row["number"] for row in ROWS])
def test_every_document_of_the_story_is_understood_and_about_its_person(row: Json) -> None:
    made = became(row)
    (patient,) = [each for each in made if each["resourceType"] == "Patient"]
    person = persons()[row["person"]]
    assert patient["name"] == [{"text": person.name}]
    assert person.citizen in {each["value"] for each in patient["identifier"]}
    assert Counter(each["resourceType"] for each in made)["Composition"] == 1


def test_an_amount_a_code_a_time_and_words_are_told_apart() -> None:
    section = {
        "DE04.10.174.00 收缩压": "158 mmHg",
        "DE05.01.024.00 诊断代码": "I10^高血压^2.16.156.10011.2.3.3.11",
        "DE06.00.109.00 下次随访日期": "day -2 09:30",
        "DE05.01.025.00 诊断名称": "原发性高血压",
    }
    made = became({**ROWS[0], "sections": {"8716-3 VITAL SIGNS": section}})
    said = [each for each in made if each["resourceType"] == "Observation"]
    assert {name for each in said for name in each if name.startswith("value")} == {
        "valueQuantity", "valueCodeableConcept", "valueDateTime", "valueString",
    }  # fmt: skip
    assert next(each["valueQuantity"]["value"] for each in said if "valueQuantity" in each) == Decimal(158)
    assert next(each["valueDateTime"] for each in said if "valueDateTime" in each) == "2026-11-20T09:30:00+08:00"


def test_what_is_secret_is_said_to_be() -> None:
    secret = {row["number"] for row in ROWS if row.get("secrecy")}
    labelled = {row["number"] for row in ROWS if any(each.get("meta", {}).get("security") for each in became(row))}
    assert secret == labelled != set()
