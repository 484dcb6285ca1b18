"""Count for how many rows of the HL7 v2-to-FHIR guide's segment maps the engine has a row.

A guide row with a FHIR target counts as covered if the engine maps that field to the same element (the first step of
the path) of the same resource. Usage: python -m scripts.hl7v2_coverage FOLDER, the guide's `mappings` folder.
"""

from __future__ import annotations

import csv
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from mappings.hl7v2.rowfile import row_files


class GuideRow(NamedTuple):
    """One row of a segment map: segment, field (0: the segment as such), resource, first element of the target."""

    segment: str
    field: int
    resource: str
    element: str


def guide_rows(folder: Path) -> Iterator[GuideRow]:
    """Rows with a FHIR target of every segment map under `folder`."""
    for path in sorted((folder / "segments").glob("*.csv")):
        title = re.search(r"_ ([A-Z0-9]{3})\[(\w+)", path.name)
        if title is None:
            continue
        with path.open(encoding="utf-8-sig", newline="") as lines:
            _, names, *rows = csv.reader(lines)
        target = next(i for i, name in enumerate(names) if "Attribute" in name)
        for row in rows:
            if row[1].strip() and len(row) > target and row[target].strip():
                number = row[1].partition("-")[2].partition(".")[0]
                element = re.split(r"[.\[(=\s]", row[target].strip())[0]
                yield GuideRow(title[1], int(number) if number.isdigit() else 0, title[2], element)


def engine_rows() -> set[GuideRow]:
    """What the engine fills, in the same form."""
    found = set()
    for file in row_files():
        for row in file.rows:
            found.add(GuideRow(file.segment, row.at, row.resource, re.split(r"[.\[]", row.to)[0]))
        for field, targets in file.computed.items():
            for target in targets:
                resource, _, element = target.partition(".")
                found.add(GuideRow(file.segment, field, resource, element))
    return found


def covered(row: GuideRow, engine: set[GuideRow]) -> bool:
    """Whether the engine has a row for it; a choice element is the same whatever its type."""
    return any(
        (each.segment, each.field, each.resource) == row[:3] and _same(each.element, row.element) for each in engine
    )


def _same(ours: str, theirs: str) -> bool:
    choices = ("value", "effective", "onset", "occurrence", "multipleBirth", "deceased")
    return ours == theirs or any(ours.startswith(name) and theirs.startswith(name) for name in choices)


def count(folder: Path) -> Counter[str]:
    """Rows `covered` and `all`, and the same of each segment map (`PID[Patient] covered`, `PID[Patient] all`)."""
    engine = engine_rows()
    figures: Counter[str] = Counter()
    for row in guide_rows(folder):
        name = f"{row.segment}[{row.resource}]"
        done = covered(row, engine)
        figures.update({"all": 1, f"{name} all": 1, "covered": int(done), f"{name} covered": int(done)})
    return figures


def main() -> None:
    figures = count(Path(sys.argv[1]))
    print(f"{figures['covered']} of {figures['all']} rows with a FHIR target")
    for name in sorted(name.removesuffix(" all") for name in figures if name.endswith(" all")):
        print(f"{name:36} {figures[name + ' covered']:4} of {figures[name + ' all']:4}")


if __name__ == "__main__":
    main()
