"""What is said of the HL7 v2-to-FHIR guide is true, and never gets worse."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from scripts.hl7v2_coverage import PAGE, claimed, page, refused, states, totals
from scripts.hl7v2_guide import GuideRow, guide

MOST = yaml.safe_load((Path(__file__).parent / "missing.yaml").read_text(encoding="utf-8"))


@pytest.fixture
def rows(shared: Path) -> tuple[GuideRow, ...]:
    return guide(shared / "v2-to-fhir" / "mappings")


def test_every_row_with_a_target_has_a_name_of_its_own(rows: tuple[GuideRow, ...]) -> None:
    counts = {part: sum(row.part == part for row in rows) for part in MOST}
    assert counts == {"segments": 1055, "datatypes": 617, "messages": 403, "codesystems": 2324}
    assert len({row.key for row in rows}) == len(rows)


def test_no_row_is_both_proved_and_refused_and_every_refused_one_is_in_the_guide(rows: tuple[GuideRow, ...]) -> None:
    assert not refused().keys() & claimed()
    assert refused().keys() <= {row.key for row in rows}


def test_no_more_rows_are_missing_than_before(rows: tuple[GuideRow, ...]) -> None:
    for part, count in totals(rows, states(rows)).items():
        assert count["missing"] <= MOST[part], part


def test_the_reference_page_is_up_to_date(rows: tuple[GuideRow, ...]) -> None:
    assert PAGE.read_text(encoding="utf-8") == page(rows), "write it: python -m scripts.hl7v2_coverage"
