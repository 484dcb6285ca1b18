"""What a data folder remembers of the demo: the instant at which it was played there."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

from hub.demo.calendar import Calendar

_NAME: Final = "demo-played"


def played(folder: Path) -> Calendar | None:
    """The calendar of the demo that was played in this folder to its end; None if none was."""
    noted = folder / _NAME
    return Calendar(datetime.fromisoformat(noted.read_text(encoding="ascii"))) if noted.is_file() else None


def remember(folder: Path, calendar: Calendar) -> None:
    """Note that the demo was played to its end."""
    (folder / _NAME).write_text(calendar.now.isoformat(), encoding="ascii")
