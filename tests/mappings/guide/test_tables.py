"""Every code of the guide's tables becomes what the guide says: system, code and display."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from hub.fhir.fhirpath.nodes import Item, Node
from mappings.hl7v2.convert import convert
from mappings.hl7v2.profile import DEFAULT, Profile
from scripts.hl7v2_cases import HEADER, evaluate
from scripts.hl7v2_coverage import TABLES, refused
from scripts.hl7v2_guide import GuideRow, guide, name_of
from scripts.hl7v2_tables import tables

FIELDS: Mapping[str, Any] = yaml.safe_load((Path(__file__).parent / "tables.yaml").read_text(encoding="utf-8"))
#: Patterns that stand for codes, with a number in them.
PATTERNS = {"<integer>": "6", "<day#>": "3"}
ESCAPES = str.maketrans({"&": "\\T\\", "~": "\\R\\", "^": "\\S\\", "|": "\\F\\"})
#: The row that is changed to send codes through the datatype map alone.
ANY_ROW = "PID-22:Patient.extension[].valueCodeableConcept"


@pytest.fixture
def rows(shared: Path) -> tuple[GuideRow, ...]:
    return tuple(row for row in guide(shared / "v2-to-fhir" / "mappings") if row.part == "codesystems")


def test_the_tables_are_those_of_the_guide(rows: tuple[GuideRow, ...]) -> None:
    assert {path.stem: path.read_text(encoding="utf-8") for path in TABLES.glob("*.csv")} == tables(rows)


def test_the_fields_name_tables_of_the_guide(rows: tuple[GuideRow, ...]) -> None:
    assert FIELDS.keys() <= {row.map for row in rows}


def test_every_code_becomes_what_the_guide_says_unless_it_is_refused(rows: tuple[GuideRow, ...]) -> None:
    found = [fault for row in rows if row.key not in refused() for fault in faults(row, rows)]
    assert not found, "\n".join(found)


def test_a_code_that_is_refused_becomes_something_else(rows: tuple[GuideRow, ...]) -> None:
    assert not [row.key for row in rows if row.key in refused() and not list(faults(row, rows))]


def faults(row: GuideRow, rows: Sequence[GuideRow]) -> Iterator[str]:
    how = FIELDS.get(row.map)
    if how is None:
        found = through_the_map(name_of(row.map), tuple(each.identifier for each in rows if each.map == row.map))
    else:
        found = through_its_field(row, how)
    if how is not None and "code" in how:
        said = [item.value if isinstance(item, Node) else item for item in found]
        if plain(row.target) not in said:
            yield f"{row.key}: {said}"
    elif not any(same(item.value, row) for item in found if isinstance(item, Node)):
        yield f"{row.key}: {[item.value for item in found if isinstance(item, Node)][:3]}"


def same(coding: Mapping[str, str], row: GuideRow) -> bool:
    """Whether a coding has the code and system of the guide, and the display if the guide states one."""
    display = plain(row.display) or coding.get("display")
    return (coding.get("code"), coding.get("system"), coding.get("display")) == (plain(row.target), row.system, display)


def plain(text: str) -> str:
    for pattern, number in PATTERNS.items():
        text = text.replace(pattern, number)
    return text


def through_its_field(row: GuideRow, how: Mapping[str, Any]) -> list[Item]:
    code = plain(row.identifier).translate(ESCAPES)
    header = HEADER.format(event=how.get("event", "ADT^A01").replace("{code}", code))
    segments = [segment.replace("{code}", code) for segment in how["send"]]
    return converted([header, *segments], how.get("coding") or how["code"], DEFAULT)


@cache
def through_the_map(name: str, codes: tuple[str, ...]) -> list[Item]:
    """All codes of a table as repetitions of one field that goes through the map CodeableConcept with that table."""
    row = {"as": "CodeableConcept", "table": name, "with": {"url": "http://guide.example/table"}}
    sent = "~".join(plain(code).translate(ESCAPES) for code in codes)
    segments = [HEADER.format(event="ADT^A01"), f"PID|1||1^^^H^MR|||||||||||||||||||{sent}"]
    return converted(segments, "Patient.extension.value.coding", Profile(name="guide", rows={ANY_ROW: row}))


def converted(segments: Sequence[str], expression: str, profile: Profile) -> list[Item]:
    (line,) = convert("table", "\r".join(segments).encode(), profile)
    return evaluate([entry["resource"] for entry in (line["bundle"] or {"entry": ()})["entry"]], expression)
