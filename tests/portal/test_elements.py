from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from hub.kernel.types import Json
from hub.portal.banner import age_of
from hub.portal.elements import concept, human_name
from hub.portal.entries.care import is_follow_up
from hub.portal.entries.findings import observation_kind
from hub.portal.moments import completed_years, parsed_date
from hub.portal.record import Item
from hub.portal.texts import texts_of
from hub.portal.values import results_of, value_of

ZH = texts_of("zh")


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        ([{"text": "沈桂兰"}], "沈桂兰"),
        ([{"family": "沈", "given": ["桂", "兰"]}], "沈桂兰"),
        ([{"use": "old", "text": "沈小妹"}, {"use": "official", "text": "沈桂兰"}], "沈桂兰"),
        ([{"use": "old", "text": "沈小妹"}], "沈小妹"),
        ([{}], ""),
        ([], ""),
    ],
)
def test_the_name_in_use_is_shown(names: list[Json], shown: str) -> None:
    assert human_name({"name": names}) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"text": "高血压", "coding": [{"code": "I10", "display": "Hypertension"}]}, "高血压"),
        ({"coding": [{"code": "I10"}, {"code": "x", "display": "Hypertension"}]}, "Hypertension"),
        ({"coding": [{"code": "I10"}]}, "I10"),
        ({}, ""),
        (None, ""),
        ("I10", ""),
    ],
)
def test_a_concept_is_shown_by_its_text_display_or_code(value: Any, shown: str) -> None:
    assert concept(value) == shown


@pytest.mark.parametrize(
    ("holder", "shown"),
    [
        ({"valueQuantity": {"value": Decimal("4.10"), "unit": "mmol/L"}}, "4.10 mmol/L"),
        ({"valueQuantity": {"value": Decimal("16.7"), "comparator": ">", "code": "umol/L"}}, ">16.7 µmol/L"),
        ({"valueCodeableConcept": {"text": "阳性"}}, "阳性"),
        ({"valueString": "见报告"}, "见报告"),
        ({"valueInteger": 0}, "0"),
        ({"valueBoolean": False}, "✗"),
        ({"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 128}}}, "1:128"),
        ({"valueRange": {"low": {"value": 1}, "high": {"value": 2}}}, "1–2"),
        ({"dataAbsentReason": {"text": "标本溶血"}}, "标本溶血"),
        ({}, ""),
    ],
)
def test_values_are_shown_with_the_digits_they_were_stated_with(holder: Json, shown: str) -> None:
    assert value_of(holder) == shown


@pytest.mark.parametrize(
    ("stated", "shown"),
    [
        ([{"low": {"value": Decimal("3.9")}, "high": {"value": Decimal("6.1")}}], "3.9–6.1"),
        ([{"text": "阴性"}], "阴性"),
        ([{"high": {"value": 5}}], "≤5"),
        ([{"low": {"value": 5}}], "≥5"),
        ([], ""),
    ],
)
def test_the_reference_range_is_shown_as_it_was_stated(stated: list[Json], shown: str) -> None:
    (result,) = results_of({"code": {"text": "x"}, "valueString": "y", "referenceRange": stated}, ZH)
    assert result.range == shown


def test_an_interpretation_is_told_in_words_beside_its_arrow() -> None:
    judged = [{"coding": [{"code": "LL"}]}]
    (result,) = results_of({"code": {"text": "钾"}, "valueString": "2.9", "interpretation": judged}, ZH)
    assert (result.mark, result.flag, result.critical) == ("↓↓", "危急偏低", True)


@pytest.mark.parametrize(
    ("born", "shown"),
    [
        ("1958-04-12", "68 岁"),
        ("1958-05-21", "67 岁"),
        ("2025-06-20", "11 个月"),
        ("2024-05-20", "2 岁"),
        ("2026-05-20", "0 个月"),
        ("1958", ""),
        ("2027-01-01", ""),
        ("", ""),
    ],
)
def test_age_is_told_in_years_and_for_infants_in_months(born: str, shown: str) -> None:
    assert age_of({"birthDate": born}, date(2026, 5, 20), ZH) == shown


def test_who_is_born_on_29_february_completes_the_year_on_1_march() -> None:
    born = date(2000, 2, 29)
    assert (completed_years(born, date(2023, 2, 28)), completed_years(born, date(2023, 3, 1))) == (22, 23)
    assert parsed_date("2023-02-29") is None
    assert parsed_date("20230301") is None


@pytest.mark.parametrize(
    ("encounter", "follows"),
    [
        ({"reasonCode": [{"text": "高血压随访"}]}, True),
        ({"type": [{"coding": [{"system": "http://snomed.info/sct", "code": "390906007"}]}]}, True),
        ({"serviceType": {"text": "Follow-up visit"}}, True),
        ({"reasonCode": [{"text": "发热"}]}, False),
        ({}, False),
    ],
)
def test_a_follow_up_is_known_by_its_words_or_its_code(encounter: Json, follows: bool) -> None:
    assert is_follow_up(_item("Encounter", encounter)) is follows


@pytest.mark.parametrize(
    ("observation", "kind"),
    [
        ({"category": [{"coding": [{"code": "vital-signs"}]}]}, "measurement"),
        ({"category": [{"coding": [{"code": "laboratory"}]}]}, "laboratory"),
        ({"category": [{"coding": [{"code": "imaging"}]}]}, "imaging"),
        ({"referenceRange": [{"text": "阴性"}]}, "laboratory"),
        ({}, "measurement"),
    ],
)
def test_the_kind_of_an_observation_follows_its_category(observation: Json, kind: str) -> None:
    assert observation_kind(_item("Observation", observation)) == kind


def _item(rtype: str, resource: Json) -> Item:
    return Item(type=rtype, id="x", organization="F05", began=None, ended=None, resource=resource)
