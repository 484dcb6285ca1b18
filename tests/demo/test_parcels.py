import json
from collections import Counter
from datetime import UTC, date, datetime

from hub.demo.calendar import Calendar
from hub.demo.parcels import Parcel, parcels
from mappings.family.batch import in_order
from mappings.forms.convert import convert

CALENDAR = Calendar(datetime(2026, 11, 22, 4, 0, tzinfo=UTC))


def sent(feed: str, background: int = 12) -> list[Parcel]:
    return [each for each in parcels(background, 1, CALENDAR) if each.feed == feed]


def test_every_parcel_is_for_a_feed_of_its_facility() -> None:
    assert all(each.feed.startswith(each.facility[:3]) for each in parcels(0, 1, CALENDAR))


def test_the_same_county_packs_the_same_parcels() -> None:
    assert list(parcels(5, 1, CALENDAR)) == list(parcels(5, 1, CALENDAR))


def test_the_sheet_is_in_gb_18030_and_one_of_its_rows_must_be_mended() -> None:
    (sheet,) = sent("F04-follow-ups")
    assert "杜明远".encode("gb18030") in sheet.content
    lines = list(convert("sheet.csv", sheet.content))
    assert [line["bundle"] is None for line in lines] == [False, True, *[False] * 24]


def test_nobody_is_followed_up_tomorrow() -> None:
    (sheet,) = sent("F04-follow-ups", 60)
    days = [row.split(",")[2] for row in sheet.content.decode("gb18030").splitlines()[3:]]
    assert len(days) == 120
    assert max(map(date.fromisoformat, days)) < CALENDAR.day(0)


def test_the_village_sends_all_it_has_again_and_not_in_order() -> None:
    first, *again = [each.content for each in sent("F06-app")]
    assert again == [first, first]
    records = json.loads(first)["records"]
    keys = [record["key"] for record in records]
    assert keys.count("HD-0032") == 2
    ordered = [each.record for each in in_order(first, "+08:00", CALENDAR.now)]
    assert len(ordered) == len(set(keys))
    assert [record["recordedAt"] for record in ordered] == sorted(record["recordedAt"] for record in ordered)
    assert ordered[-1]["recordedAt"].startswith("2026-11-22T08:20:00"), "the phone said 16:20"


def test_days_of_the_story_stand_in_no_parcel_as_placeholders() -> None:
    assert Counter(b"{day" in each.content for each in parcels(2, 1, CALENDAR))[True] == 0
