"""The small languages of the rows: conditions, target paths, times and numbers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.kernel.errors import HubError
from hub.kernel.types import Json
from mappings.hl7v2.conditions import compile_condition
from mappings.hl7v2.datatypes.numbers import decimal
from mappings.hl7v2.datatypes.times import moment
from mappings.hl7v2.parser import Segment, parse
from mappings.hl7v2.paths import Primitive, compile_path

MESSAGE = parse('MSH|^~\\&|A\rPID|1||7^^^H\rPV1|1|I||""\rOBX|1|NM')


class Scope:
    event = "A03"

    def beside(self, name: str) -> Segment | None:
        return MESSAGE.first(name)


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("PV1-2", True),
        ("PV1-45", False),
        ("PV1-4", False),
        ("not PV1-45", True),
        ("PID-3.4 = H", True),
        ("PID-3.4 != H", False),
        ("OBX-2 in (ST, NM)", True),
        ("OBX-2 in (ST)", False),
        ("event = A03", True),
        ("event in (A01, A03) and PV1-2", True),
        ("PV1-45 or PV1-2 and OBX-3", False),
        ("(PV1-45 or PV1-2) and OBX-2 = NM", True),
        ("not (PV1-2 or PV1-45)", False),
        ("ZZZ-1", False),
    ],
)
def test_a_condition_asks_fields_and_the_event(condition: str, holds: bool) -> None:
    assert compile_condition(condition)(Scope()) is holds


@pytest.mark.parametrize("text", ["", "PV1-2 and", "(PV1-2", "PV1-2 = ", "nonsense", "PV1-2 PV1-3", "PV1-2 in A"])
def test_a_condition_outside_the_language_is_refused_when_it_is_compiled(text: str) -> None:
    if text == "PV1-2 = ":
        assert compile_condition(text)(Scope()) is False
        return
    with pytest.raises(HubError):
        compile_condition(text)


def placed(path: str, *values: Any, members: Json | None = None, outer: Json | None = None) -> Json:
    resource: Json = {}
    labels: dict[str, Json] = {}
    place = compile_path(path, members, outer)
    for value in values:
        place(resource, value, labels)
    return resource


def test_paths_set_once_append_make_elements_and_share_labelled_ones() -> None:
    assert placed("a", 1, 2) == {"a": 1}
    assert placed("a.b", 1) == {"a": {"b": 1}}
    assert placed("a[]", 1, 2, 1) == {"a": [1, 2]}
    assert placed("a[].b", 1, 2) == {"a": [{"b": 1}, {"b": 2}]}
    assert placed("a[x].b[]", 1, 2) == {"a": [{"b": [1, 2]}]}


def test_members_go_into_the_last_list_element_and_outer_into_the_first() -> None:
    assert placed("a[].b", 1, members={"k": 2}) == {"a": [{"k": 2, "b": 1}]}
    assert placed("a[].c.b", 1, members={"k": 2}) == {"a": [{"k": 2, "c": {"b": 1}}]}
    assert placed("a[].e[].b", 1, members={"k": 2}, outer={"u": 3}) == {"a": [{"u": 3, "e": [{"k": 2, "b": 1}]}]}
    assert placed("a[]", {"v": 1}, members={"v": 9, "w": 8}) == {"a": [{"v": 1, "w": 8}]}


def test_a_primitive_puts_what_is_beside_it_beside_it() -> None:
    assert placed("a", Primitive(None, [{"url": "u"}])) == {"_a": {"extension": [{"url": "u"}]}}
    assert placed("a", Primitive(1, [{"url": "u"}]), 2) == {"a": 1, "_a": {"extension": [{"url": "u"}]}}


@pytest.mark.parametrize("path", ["", "a..b", "a[", "1a", "a[x]b"])
def test_a_path_outside_the_language_is_refused(path: str) -> None:
    with pytest.raises(HubError):
        compile_path(path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026", "2026"),
        ("202603", "2026-03"),
        ("20260301", "2026-03-01"),
        ("2026030108", "2026-03-01T08:00:00+08:00"),
        ("202603010815", "2026-03-01T08:15:00+08:00"),
        ("20260301081530", "2026-03-01T08:15:30+08:00"),
        ("20260301081530.1234", "2026-03-01T08:15:30.1234+08:00"),
        ("20260301081530123", "2026-03-01T08:15:30.123+08:00"),
        ("20260301081530-0500", "2026-03-01T08:15:30-05:00"),
        ("1977-01-01", "1977-01-01"),
        ("2002/6/25 8:05", "2002-06-25T08:05:00+08:00"),
        ("2026-03-01T08:15:30Z", "2026-03-01T08:15:30+00:00"),
    ],
)
def test_times_keep_their_precision_and_get_a_zone_where_there_is_an_hour(text: str, expected: str) -> None:
    found = moment(text)
    assert found is not None
    assert found.date_time("+08:00") == expected


@pytest.mark.parametrize(
    "text", ["20261301", "20260230", "2026030125", "202603010860", "昨天", "2026030", "2026030108+9900", "0000", ""]
)
def test_what_is_no_time_is_none(text: str) -> None:
    assert moment(text) is None


@given(st.datetimes())
def test_every_second_there_is_can_be_read(when: Any) -> None:
    found = moment(f"{when:%Y%m%d%H%M%S}".zfill(14))
    assert found is not None
    assert found.date_time("") == when.isoformat(timespec="seconds")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5", ("5", True)),
        ("-0.50", ("-0.50", True)),
        ("007", ("7", False)),
        ("+1", ("1", False)),
        (".5", ("0.5", False)),
    ],
)
def test_numbers_keep_their_digits(text: str, expected: tuple[str, bool]) -> None:
    found = decimal(text)
    assert found is not None
    assert (str(found[0]), found[1]) == expected


@pytest.mark.parametrize("text", ["", ".", "-", "1e5", "1,5", "<5", "五", "٣", "NaN", "1 2"])
def test_what_is_no_number_is_none_here_too(text: str) -> None:
    assert decimal(text) is None


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4))
def test_every_plain_decimal_is_itself(value: Decimal) -> None:
    found = decimal(f"{value:f}")
    assert found is not None
    assert found[0] == value
