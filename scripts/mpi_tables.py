"""Make the tables of facts under hub/mpi/data: simplified characters, strokes and the Chinese calendar.

    python -m scripts.mpi_tables                 installs the three packages in a temporary folder, writes the tables
    python -m scripts.mpi_tables --from FOLDER   uses the packages installed in FOLDER, no network

Simplified characters: the character table of OpenCC (Apache-2.0) as its Python port carries it; where a character has
several simplified forms the first is taken. Strokes: the stroke order and the groups of look-alike characters that
pycorrector (Apache-2.0) carries, for the characters of GB 2312. Calendar: computed with LunarCalendar
(MIT), 1901 to 2050.
"""

from __future__ import annotations

import argparse
import importlib
import subprocess
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from hub.fhir.json import dumps

OPENCC: Final = "opencc-python-reimplemented==0.1.7"
LUNAR: Final = "LunarCalendar==0.0.9"
SHAPES: Final = "pycorrector==1.1.4"
STROKES: Final = "pycorrector/data/stroke.txt"
GROUPS: Final = "pycorrector/data/same_stroke.txt"
CHARACTERS: Final = "opencc/dictionary/TSCharacters.txt"
YEARS: Final = range(1901, 2051)
DATA: Final = Path(__file__).parent.parent / "hub" / "mpi" / "data"


def simplified(folder: Path) -> dict[str, Any]:
    """Two strings of equal length: the nth character of one is folded to the nth of the other."""
    rows = [line.split("\t") for line in (folder / CHARACTERS).read_text(encoding="utf-8").splitlines()]
    pairs = [(first, forms.split(" ")[0]) for first, forms in rows]
    kept = [(first, form) for first, form in pairs if first != form]
    return {
        "source": {"package": OPENCC, "file": CHARACTERS, "licence": "Apache-2.0"},
        "traditional": "".join(first for first, _ in kept),
        "simplified": "".join(form for _, form in kept),
    }


def strokes(folder: Path) -> dict[str, Any]:
    """Character -> its strokes in order (h s p n z: across, down, left, dot or right, bent); groups of look-alikes."""
    rows = (line.split("\t") for line in _facts(folder / STROKES))
    order = {row[0]: row[1] for row in rows if len(row) > 1 and _in_gb2312(row[0])}
    groups = ["".join(filter(_in_gb2312, line.split("\t"))) for line in _facts(folder / GROUPS)]
    return {
        "source": {"package": SHAPES, "files": [STROKES, GROUPS], "licence": "Apache-2.0"},
        "strokes": order,
        "groups": [group for group in groups if len(group) > 1],
    }


def _facts(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]


def _in_gb2312(character: str) -> bool:
    try:
        return len(character.encode("gb2312")) == 2 and len(character) == 1
    except UnicodeEncodeError:
        return False


def lunar(folder: Path) -> dict[str, Any]:
    """Per Chinese year: the date its first month begins, the lengths of its months less 29, the leap month or 0."""
    sys.path.insert(0, str(folder))
    converter = importlib.import_module("lunarcalendar").Converter
    starts: dict[int, list[tuple[date, int, bool]]] = {}
    day = date(YEARS[0], 1, 1)
    while day.year < YEARS[-1] + 2:
        told = converter.Solar2Lunar(day)
        if told.day == 1:
            starts.setdefault(told.year, []).append((day, told.month, bool(told.isleap)))
        day += timedelta(days=1)
    years = {str(year): _year(starts[year], starts[year + 1][0][0]) for year in YEARS}
    return {"source": {"package": LUNAR, "licence": "MIT"}, "years": years}


def _year(months: list[tuple[date, int, bool]], following: date) -> list[Any]:
    begins = [first for first, _, _ in months]
    ends = [*begins[1:], following]
    lengths = "".join(str((end - begin).days - 29) for begin, end in zip(begins, ends, strict=True))
    leap = next((month for _, month, is_leap in months if is_leap), 0)
    return [begins[0].isoformat(), lengths, leap]


def install(folder: Path) -> None:
    """Put the packages into `folder`; LunarCalendar with what it needs, of the others only the tables are read."""
    pip = [sys.executable, "-m", "pip", "install", "-q", "--target", str(folder)]
    subprocess.run([*pip, LUNAR], check=True)
    subprocess.run([*pip, "--no-deps", OPENCC, SHAPES], check=True)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--from", dest="folder", type=Path)
    folder = options.parse_args().folder
    with tempfile.TemporaryDirectory() as temporary:
        if folder is None:
            folder = Path(temporary)
            install(folder)
        for table in (simplified, strokes, lunar):
            (DATA / f"{table.__name__}.json").write_bytes(dumps(table(folder)) + b"\n")


if __name__ == "__main__":
    main()
