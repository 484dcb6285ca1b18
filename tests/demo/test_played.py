from datetime import UTC, datetime
from pathlib import Path

from hub.demo.calendar import Calendar
from hub.demo.played import played, remember


def test_a_folder_remembers_when_the_demo_was_played_in_it(tmp_path: Path) -> None:
    calendar = Calendar(datetime(2026, 11, 22, 4, 0, tzinfo=UTC))
    assert played(tmp_path) is None
    remember(tmp_path, calendar)
    found = played(tmp_path)
    assert found is not None
    assert (found.now, found.day(0)) == (calendar.now, calendar.day(0))
