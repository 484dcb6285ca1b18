from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.fhir.temporal import interval
from hub.kernel.types import Json
from hub.portal.chart import HEIGHT, WIDTH, chart
from hub.portal.record import Item
from hub.portal.texts import load, texts_of
from hub.portal.trends import Band, Trend, trends_of
from tests.portal.people import observation, pressure

TODAY = date(2026, 5, 20)
ZH, EN = texts_of("zh"), texts_of("en")


def item(resource: Json) -> Item:
    began = interval(resource["effectiveDateTime"])[0]
    return Item(type="Observation", id=resource["id"], organization="F05", began=began, ended=None, resource=resource)


def drawn(*resources: Json, born: date | None = date(1970, 1, 1)) -> dict[str, Trend]:
    return {trend.key: trend for trend in trends_of([item(one) for one in resources], born, TODAY, ZH)}


def glucose(value: str, unit: str = "mmol/L", **elements: Any) -> Json:
    at = elements.pop("at", "2026-05-01T08:00:00+08:00")
    return observation("g", "p", at, "14771-0", "空腹血糖", f"{value} {unit}", **elements)


@pytest.mark.parametrize(
    ("born", "target"),
    [(date(1961, 5, 20), "<150/90 mmHg"), (date(1961, 5, 21), "<140/90 mmHg"), (date(2000, 1, 1), "<140/90 mmHg")],
)
def test_the_pressure_target_changes_on_the_65th_birthday(born: date, target: str) -> None:
    trend = drawn(pressure("b", "p", "2026-05-01", 145, 85), born=born)["pressure"]
    assert trend.target == target
    assert ("65" in trend.source) == ("150" in target)


def test_without_a_birth_date_no_target_is_made_up_where_age_decides() -> None:
    trends = drawn(pressure("b", "p", "2026-05-01", 145, 85), glucose("6.0"), born=None)
    assert trends["pressure"].target == ""
    assert trends["glucose"].target == "4.4–7.0 mmol/L"


@pytest.mark.parametrize(
    ("value", "judged"),
    [("4.3", "below_target"), ("4.4", "in_target"), ("7.0", "in_target"), ("7.1", "above_target")],
)
def test_glucose_is_judged_with_both_edges_inside(value: str, judged: str) -> None:
    row = drawn(glucose(value))["glucose"].rows[0]
    assert [one for _, one in row.cells] == [judged]


@pytest.mark.parametrize(("value", "judged"), [(139, "in_target"), (140, "above_target")])
def test_pressure_must_stay_below_its_edge(value: int, judged: str) -> None:
    row = drawn(pressure("b", "p", "2026-05-01", value, 80))["pressure"].rows[0]
    assert row.cells[0][1] == judged


def test_old_units_are_brought_to_the_one_that_is_drawn() -> None:
    assert drawn(glucose("126", "mg/dL"))["glucose"].series[0].points[0].value == pytest.approx(6.99, abs=0.01)


@pytest.mark.parametrize(
    "resource",
    [
        glucose("6.1", status="entered-in-error"),
        glucose("6.1", "mg"),
        observation("x", "p", "2026-05-01", "9999-9", "别的", "6.1 mmol/L"),
        observation("x", "p", "2026-05-01", "14771-0", "空腹血糖", valueString="6.1"),
        observation("x", "p", "2026-05-01", "14771-0", "空腹血糖", valueQuantity={"unit": "mmol/L"}),
    ],
)
def test_what_is_wrong_or_not_comparable_is_not_drawn(resource: Json) -> None:
    assert drawn(resource) == {}


def test_a_value_beyond_the_range_of_the_test_says_so() -> None:
    value = {"value": Decimal("16.7"), "comparator": ">", "unit": "mmol/L", "code": "mmol/L"}
    (point,) = drawn(glucose("1", valueQuantity=value))["glucose"].series[0].points
    assert (point.comparator, point.value) == (">", 16.7)


def test_the_table_is_newest_first_and_shows_gaps() -> None:
    trend = drawn(
        pressure("b", "p", "2026-05-01", 145, 85),
        observation("s", "p", "2026-05-02", "8480-6", "收缩压", "150 mmHg"),
    )["pressure"]
    assert [[point and point.value for point, _ in row.cells] for row in trend.rows] == [[150.0, None], [145.0, 85.0]]


def test_every_target_names_its_source_in_both_languages() -> None:
    for row in load("trends.yaml"):
        assert all(len(target["source"]) == 2 and all(target["source"]) for target in row["targets"])
        assert row["targets"][-1]["from_age"] == 0
        for language in (ZH, EN):
            assert all(language(one["key"]) for one in row["series"])
            assert language("trend_" + row["key"])


@given(
    st.lists(
        st.tuples(st.integers(0, 20_000), st.floats(0.1, 40, allow_nan=False)),
        min_size=1, max_size=40, unique_by=lambda one: one[0],
    )
)  # fmt: skip
def test_every_point_of_a_drawing_lies_within_its_frame(told: list[tuple[int, float]]) -> None:
    start = datetime(2020, 1, 1, tzinfo=UTC)
    resources = [glucose(f"{value:.1f}", at=(start + timedelta(hours=hours)).isoformat()) for hours, value in told]
    drawing = chart(drawn(*resources)["glucose"])
    marks = [mark for line in drawing.lines for mark in line.marks]
    assert len(marks) == len(told)
    assert all(drawing.left <= mark.x <= drawing.right <= WIDTH for mark in marks)
    assert all(drawing.top <= mark.y <= drawing.bottom <= HEIGHT for mark in marks)
    assert all(drawing.top <= tick.at <= drawing.bottom for tick in drawing.scale)
    assert all(stripe.height >= 0 for stripe in drawing.stripes)
    places = [tick.at for tick in drawing.dates]
    assert all(after - before >= 90 for before, after in pairwise(places))


def test_a_band_without_edges_has_nothing_to_miss() -> None:
    assert Band(low=None, high=None, exclusive=False).judge(1e9) == "in_target"
