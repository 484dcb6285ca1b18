"""The parameters of a search for audit events."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hub.audit.queries import EARLIEST, LATEST
from hub.gate.look_wish import LookWish, read_look_wish
from hub.gate.pages import CURSOR
from hub.kernel.errors import Category, HubError

BASE = "https://hub.example/fhir"
#: 20 May in China.
DAY = datetime(2026, 5, 19, 16, tzinfo=UTC)
NEXT = datetime(2026, 5, 20, 16, tzinfo=UTC)


def wish(*params: tuple[str, str], lenient: bool = False) -> LookWish:
    return read_look_wish(params, lenient=lenient, base_url=BASE)


def test_nothing_asked_is_everything() -> None:
    assert wish((CURSOR, "x")) == LookWish()


@pytest.mark.parametrize(
    ("value", "low", "high"),
    [
        ("2026-05-20", DAY, NEXT),
        ("eq2026-05-20", DAY, NEXT),
        ("ge2026-05-20", DAY, LATEST),
        ("gt2026-05-20", NEXT, LATEST),
        ("sa2026-05-20", NEXT, LATEST),
        ("lt2026-05-20", EARLIEST, DAY),
        ("eb2026-05-20", EARLIEST, DAY),
        ("le2026-05-20", EARLIEST, NEXT),
    ],
)
def test_a_date_is_a_span_by_its_prefix(value: str, low: datetime, high: datetime) -> None:
    assert (wish(("date", value)).low, wish(("date", value)).high) == (low, high)


def test_several_dates_and_several_patients_must_all_hold() -> None:
    found = wish(("date", "ge2026-05-20"), ("date", "le2026-05-20"), ("patient", "a,b"), ("patient", "Patient/b"))
    assert (found.low, found.high, found.patients) == (DAY, NEXT, frozenset("b"))
    assert wish(("patient", "a"), ("patient", "b")).patients == frozenset()


@pytest.mark.parametrize("value", ["a", "Patient/a", f"{BASE}/Patient/a"])
def test_a_patient_is_named_by_id_or_reference(value: str) -> None:
    assert wish(("patient", value)).patients == frozenset("a")


@pytest.mark.parametrize("value", ["Practitioner/fang", f"{BASE}/Practitioner/fang"])
def test_an_agent_is_named_by_a_reference(value: str) -> None:
    assert wish(("agent", value)).agents == frozenset({"Practitioner/fang"})


def test_an_agent_named_by_an_id_may_be_of_any_type_and_several_must_all_hold() -> None:
    assert {"Practitioner/x", "Organization/x", "RelatedPerson/x"} <= (wish(("agent", "x")).agents or set())
    assert wish(("agent", "x"), ("agent", "Practitioner/x,Practitioner/y")).agents == frozenset({"Practitioner/x"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("agent", ""),
        ("agent", "https://elsewhere.example/Practitioner/a"),
        ("agent", "Practitioner/a/_history/1"),
        ("date", "ne2026"),
        ("date", "ap2026"),
        ("date", "yesterday"),
        ("date", ""),
        ("patient", "Group/a"),
        ("patient", "https://elsewhere.example/Patient/a"),
        ("patient", "Patient/a/_history/1"),
        ("patient", "沈桂兰"),
        ("patient", ""),
        ("_count", "0"),
        ("_count", "x"),
    ],
)
def test_values_that_cannot_be_are_refused_without_being_repeated(name: str, value: str) -> None:
    with pytest.raises(HubError) as caught:
        wish((name, value))
    assert (caught.value.category, caught.value.where) == (Category.INVALID, name)
    assert not value or value == "0" or value not in str(caught.value).split()


def test_a_count_stands_once() -> None:
    assert wish(("_count", "7")).count == 7
    with pytest.raises(HubError):
        wish(("_count", "7"), ("_count", "8"))


def test_unknown_parameters_are_refused_or_left_out_by_name() -> None:
    with pytest.raises(HubError) as caught:
        wish(("agent-role", "x"))
    assert (caught.value.category, caught.value.code) == (Category.UNSUPPORTED, "unknown-parameter")
    assert wish(("agent-role", "x"), lenient=True).ignored == ("agent-role",)
