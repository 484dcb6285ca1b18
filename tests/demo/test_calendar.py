from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from hub.demo.calendar import ZONE, Calendar
from hub.demo.story import data, sendings

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
INSTANTS = st.integers(0, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


def test_a_time_of_the_story_is_so_many_days_before_its_end() -> None:
    assert Calendar(NOON).hl7("-9 08:30") == "20261113083000"
    assert Calendar(NOON).hl7("11 09:00:05") == "20261203090005"


def test_the_story_ends_yesterday_where_nine_o_clock_is_yet_to_come() -> None:
    early = datetime(2026, 11, 22, 8, 59, tzinfo=ZONE)
    assert Calendar(early).day(0).isoformat() == "2026-11-21"
    assert Calendar(early + timedelta(minutes=1)).day(0).isoformat() == "2026-11-22"


def test_placeholders_become_dates_and_instants() -> None:
    filled = Calendar(NOON).fill("from {day:-3} to {hour:+24}, {P1@F01} stays")
    assert filled == "from 2026-11-19 to 2026-11-23T12:00:00+08:00, {P1@F01} stays"
    assert Calendar(NOON).fill("{ms:-20}") == str(int(NOON.timestamp() - 20 * 60) * 1000)


@given(INSTANTS)
def test_nothing_the_story_tells_has_yet_to_happen(now: datetime) -> None:
    calendar = Calendar(now)
    for name in ("story.yaml", "community.yaml", "documents.yaml"):
        for row in data(name):
            assert calendar.local(row["at"]).replace(tzinfo=ZONE) <= now


@given(INSTANTS, st.timedeltas(timedelta(0), timedelta(hours=10)))
def test_two_calendars_of_one_day_tell_the_same_story(now: datetime, later: timedelta) -> None:
    first, second = Calendar(now), Calendar(now + later)
    same = list(sendings(0, 1, first)) == list(sendings(0, 1, second))
    assert same == (first.day(0) == second.day(0))


def test_an_event_of_the_story_is_dated_by_the_calendar() -> None:
    [first, *_] = sendings(0, 1, Calendar(NOON))
    assert first.raw.startswith(b"MSH|^~\\&|HIS|F01|HUB|YILIAN|20261113083000||ADT^A04|")
