"""12. Times: a zone the sender does not state, precision that must not grow, months that do not exist."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import pytest

from hub.kernel.types import Json
from mappings.hl7v2.datatypes.times import moment
from mappings.hl7v2.profile import DEFAULT
from tests.mappings.engine import ADT_HEADER, PID, codes, patient, pid, resource, translate

PV1 = "PV1|1|I" + "|" * 17 + "ZY1" + "|" * 25 + "{time}"


def start(time: str, sent: str = "20260301083000", zone: str | None = None) -> str:
    header = ADT_HEADER.format(event="A01").replace("20260301083000", sent)
    profile = dataclasses.replace(DEFAULT, zone=zone)
    found = resource(translate(header, PID, PV1.format(time=time), profile=profile), "Encounter")
    text: str = found["period"]["start"]
    return text


def test_a_time_without_a_zone_is_the_facilitys() -> None:
    assert start("202603010815") == "2026-03-01T08:15:00+08:00"
    assert start("202603010815", zone="+06:00") == "2026-03-01T08:15:00+06:00"


def test_the_zone_of_the_message_holds_where_the_profile_states_none() -> None:
    assert start("202603010815", sent="20260301083000+0600") == "2026-03-01T08:15:00+06:00"
    assert start("202603010815", sent="20260301083000+0600", zone="+08:00") == "2026-03-01T08:15:00+08:00"


@pytest.mark.parametrize("written", ["20260301001500+0000", "20260301051500+0500", "20260228191500-0500"])
def test_a_zone_that_is_stated_is_kept_and_the_instant_with_it(written: str) -> None:
    text = start(written, zone="+08:00")
    assert text.endswith(f"{written[-5:-2]}:{written[-2:]}")
    assert datetime.fromisoformat(text).astimezone(UTC) == datetime(2026, 3, 1, 0, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("202603010815-500", "2026-03-01T08:15:00-05:00"),
        ("202603010815+530", "2026-03-01T08:15:00+05:30"),
        ("20260301081530-05", "2026-03-01T08:15:30-05:00"),
        ("2026-03-01 08:15:30.5+8", "2026-03-01T08:15:30.5+08:00"),
        ("2026-03", "2026-03"),
        ("2026-03-01", "2026-03-01"),
    ],
)
def test_an_offset_is_read_in_two_and_three_digits_too(written: str, told: str) -> None:
    assert start(written, zone="+06:00") == told


@pytest.mark.parametrize("sent", ["20260301-05", "20260301081530-639", "202603010815-15"])
def test_what_may_be_no_offset_is_taken_for_none(sent: str) -> None:
    found = translate(PID, PV1.format(time=sent))
    assert "not-a-date-or-time" in codes(found)


def test_the_short_offset_of_a_message_holds_for_its_times() -> None:
    assert start("202603010815", sent="202603010830-500") == "2026-03-01T08:15:00-05:00"


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ("2026", "2026"),
        ("202603", "2026-03"),
        ("20260301", "2026-03-01"),
        ("20260301081530.25", "2026-03-01T08:15:30.25+08:00"),
        ("2026-03-01 08:15:30", "2026-03-01T08:15:30+08:00"),
        ("20260301 081530", "2026-03-01T08:15:30+08:00"),
        ("20260301 8:15", "2026-03-01T08:15:00+08:00"),
        ("20260301  8:15:30", "2026-03-01T08:15:30+08:00"),
        ("20260301T0815", "2026-03-01T08:15:00+08:00"),
        ("2026年3月1日", "2026-03-01"),
        ("2026年3月1日8时15分30秒", "2026-03-01T08:15:30+08:00"),
        ("20260301081530123", "2026-03-01T08:15:30.123+08:00"),
    ],
)
def test_precision_is_what_the_sender_stated(sent: str, told: str) -> None:
    assert start(sent) == told


@pytest.mark.parametrize(
    "sent", ["20261301", "20260230", "2026030125", "580412", "20260301 25", "2026年13月1日", "昨天"]
)
def test_a_time_that_cannot_be_is_absent_with_its_text_beside_it(sent: str) -> None:
    found = translate(PID, PV1.format(time=sent))
    period: Json = resource(found, "Encounter")["period"]
    assert "start" not in period
    assert {each.get("valueCode") or each.get("valueString") for each in period["_start"]["extension"]} == {
        "error",
        sent,
    }
    assert "not-a-date-or-time" in codes(found)


def test_the_first_of_january_1900_is_no_birthday() -> None:
    found = patient(pid(f7="19000101000000"))
    assert "birthDate" not in found
    assert found["_birthDate"]["extension"][0]["valueCode"] == "unknown"


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("2026-03-01 上午08:15", "2026-03-01T08:15:00+08:00"),
        ("2026/3/1 下午 3:05:06", "2026-03-01T15:05:06+08:00"),
        ("2026年3月1日 下午12点05分", "2026-03-01T12:05:00+08:00"),
        ("2026/3/1 上午 12:05", "2026-03-01T00:05:00+08:00"),
        ("2026-03-01 3:05 PM", "2026-03-01T15:05:00+08:00"),
        ("2026-03-01 15:05 PM", "2026-03-01T15:05:00+08:00"),
        ("01-MAR-2026 08:15:30", "2026-03-01T08:15:30+08:00"),
        ("Mar  1 2026  8:15AM", "2026-03-01T08:15:00+08:00"),
        ("Sun Mar 01 08:15:30 CST 2026", "2026-03-01T08:15:30+08:00"),
        ("Sun, 01 Mar 2026 08:15:30 GMT", "2026-03-01T08:15:30+00:00"),
        ("2026-03-01 08:15:30 GMT+9", "2026-03-01T08:15:30+09:00"),
        ("2026-03-01 星期日 8:5:3", "2026-03-01T08:05:03+08:00"),
        ("2026-03-01 15时05分", "2026-03-01T15:05:00+08:00"),
        ("2026年3月1日8点15分", "2026-03-01T08:15:00+08:00"),
        ("2026-03-01-08.15.30.123456", "2026-03-01T08:15:30.123456+08:00"),
        ("2026-03-01 08:15:30,123", "2026-03-01T08:15:30.123+08:00"),
        ("20260301-081530", "2026-03-01T08:15:30+08:00"),
        ("２０２６０３０１", "2026-03-01"),
        ("2026-03-01 08：15：30", "2026-03-01T08:15:30+08:00"),
    ],
)
def test_what_programs_print_for_people_is_the_instant_it_says(written: str, told: str) -> None:
    assert start(written) == told


def test_midnight_at_the_end_of_a_day_is_that_of_the_next() -> None:
    assert start("20260228240000") == "2026-03-01T00:00:00+08:00"
    assert start("2026-03-01 24:00") == "2026-03-02T00:00:00+08:00"


@pytest.mark.parametrize(
    "written",
    ["03/01/2026", "26-03-01", "01-MAR-26", "2026-03-01 13:05 AM", "20260301240001", "99991231240000", "5 Foo 2026"],
)
def test_a_date_nobody_can_tell_for_certain_is_none(written: str) -> None:
    assert "not-a-date-or-time" in codes(translate(PID, PV1.format(time=written)))


def test_a_date_followed_by_blanks_without_end_is_read_in_no_time() -> None:
    assert moment("Mar 1" + " " * 200_000 + "x") is None
