"""How much of the HL7 v2-to-FHIR guide is honoured: every row with a FHIR target is tested, refused or missing.

A row is tested if a case of tests/mappings/guide/cases feeds its source and asserts its target (the cases are run by
the tests there), or, for a code, if the tables hold it; refused if it stands with its reason in
mappings/hl7v2/guide/refused.csv; else missing.

    python -m scripts.hl7v2_coverage [FOLDER]            writes docs/reference/hl7v2-coverage.md
    python -m scripts.hl7v2_coverage [FOLDER] --rows     prints the state of every row instead
    python -m scripts.hl7v2_coverage [FOLDER] --missing  prints the missing ones

FOLDER is the guide's `mappings`, by default that of the shared folder.
"""

from __future__ import annotations

import csv
import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Final, Literal

from scripts.hl7v2_cases import case_files
from scripts.hl7v2_guide import PARTS, GuideRow, Part, guide, name_of

ROOT: Final = Path(__file__).resolve().parent.parent
CASES: Final = ROOT / "tests" / "mappings" / "guide" / "cases"
REFUSED: Final = ROOT / "mappings" / "hl7v2" / "guide"
TABLES: Final = ROOT / "mappings" / "hl7v2" / "tables" / "guide"
PAGE: Final = ROOT / "docs" / "reference" / "hl7v2-coverage.md"

State = Literal["tested", "refused", "missing"]
STATES: Final[tuple[State, ...]] = ("tested", "refused", "missing")
_NAMES: Final[dict[Part, tuple[str, str]]] = {
    "segments": ("Segments", "segment"),
    "datatypes": ("Datatypes", "datatype"),
    "messages": ("Messages", "message"),
    "codesystems": ("Code tables", "table"),
}


def refused() -> dict[str, str]:
    """Rows that are refused, with why. Raises ValueError where one stands twice or without a reason."""
    found: dict[str, str] = {}
    for path in sorted(REFUSED.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as lines:
            next(lines)
            for row in csv.DictReader(lines):
                if row["row"] in found or not row["reason"]:
                    raise ValueError(f"{path.name}: {row['row']} stands twice or has no reason")
                found[row["row"]] = row["reason"]
    return found


def claimed() -> set[str]:
    """Rows that a case proves."""
    return {proof.key for cases in case_files(CASES).values() for case in cases for proof in case.proofs}


def states(rows: Sequence[GuideRow]) -> dict[str, State]:
    """The state of every row, by its key. A code that is not refused is tested if there is a table of its map."""
    unwanted = refused()
    proved = claimed() | {
        row.key for row in rows if row.part == "codesystems" and row.key not in unwanted and held(row)
    }
    return {row.key: "tested" if row.key in proved else "refused" if row.key in unwanted else "missing" for row in rows}


def held(row: GuideRow) -> bool:
    """Whether a table holds the code; what it becomes is the business of the tests."""
    return (TABLES / f"{name_of(row.map)}.csv").is_file()


def group(row: GuideRow) -> str:
    """What a row is counted under: the segment, the datatype, the message, the table."""
    return row.map.partition("[")[0] if row.part in ("segments", "datatypes") else row.map


def totals(rows: Sequence[GuideRow], state: Mapping[str, State]) -> dict[Part, Counter[State]]:
    """Rows of each part by state."""
    return {part: Counter(state[row.key] for row in rows if row.part == part) for part in PARTS}


def page(rows: Sequence[GuideRow]) -> str:
    """The reference page."""
    return "\n".join(_lines(rows, states(rows))) + "\n"


def _lines(rows: Sequence[GuideRow], state: Mapping[str, State]) -> Iterator[str]:
    yield "# HL7 v2-to-FHIR guide: what is honoured"
    yield ""
    yield "Every row with a FHIR target of HL7's v2-to-FHIR mapping tables (IG 1.0.0, commit 8c9b414), counted by"
    yield "`python -m scripts.hl7v2_coverage`. *Tested*: a test sends a message that states the source and asserts the"
    yield "target. *Refused*: not done on purpose; the reasons are below. *Missing*: neither."
    yield ""
    yield from _table("", [(_NAMES[part][0], count) for part, count in totals(rows, state).items()])
    for part in PARTS:
        own = [row for row in rows if row.part == part]
        counts = {name: Counter(state[row.key] for row in own if group(row) == name) for name in map(group, own)}
        yield ""
        yield f"## {_NAMES[part][0]}"
        yield ""
        yield from _table(_NAMES[part][1], sorted(counts.items()))
    yield ""
    yield "## Refused rows"
    yield ""
    yield "| row | reason |"
    yield "|---|---|"
    reasons = refused()
    for row in rows:
        if state[row.key] == "refused":
            yield f"| {_code(row.key)} | {reasons[row.key]} |"


def _code(key: str) -> str:
    """A key as Markdown takes it in a table: neither its bars nor its brackets mean anything."""
    return f"<code>{escape(key, quote=False).replace('|', '&#124;').replace('](', ']&#40;')}</code>"


def _table(head: str, counts: Sequence[tuple[str, Mapping[State, int]]]) -> Iterator[str]:
    yield f"| {head} | rows | tested | refused | missing |"
    yield "|---|---:|---:|---:|---:|"
    for name, count in counts:
        numbers = [count.get(state, 0) for state in STATES]
        yield f"| {name} | {' | '.join(map(str, [sum(numbers), *numbers]))} |"


def folder_of(arguments: Sequence[str]) -> Path:
    """The guide's `mappings` folder."""
    named = [text for text in arguments if not text.startswith("--")]
    shared = Path(os.environ.get("YILIAN_SHARED", ROOT / "../shared"))
    return Path(named[0]) if named else shared / "v2-to-fhir" / "mappings"


def main() -> None:
    rows = guide(folder_of(sys.argv[1:]))
    state = states(rows)
    if "--rows" in sys.argv or "--missing" in sys.argv:
        for row in rows:
            if "--rows" in sys.argv or state[row.key] == "missing":
                print(f"{state[row.key]:8} {row.key}")
    else:
        PAGE.write_text(page(rows), encoding="utf-8")
    for part, count in totals(rows, state).items():
        print(f"{part:12}", *(f"{count[each]:5} {each}" for each in STATES), file=sys.stderr)


if __name__ == "__main__":
    main()
