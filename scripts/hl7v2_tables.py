"""Write the code tables of the HL7 v2-to-FHIR guide to mappings/hl7v2/tables/guide, one CSV for each of its maps.

    python -m scripts.hl7v2_tables [FOLDER]     FOLDER: the guide's `mappings`, by default that of the shared folder

Only the facts are carried: v2 code, FHIR code, display, system. What the project adds or does otherwise stands by
itself in mappings/hl7v2/tables, in a file of the same name, which is laid over these.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterable
from typing import Final

from scripts.hl7v2_coverage import TABLES, folder_of
from scripts.hl7v2_guide import GuideRow, guide, name_of

_SOURCE: Final = "# HL7/v2-to-fhir 8c9b414 (IG 1.0.0, Apache-2.0), codesystems/{}"


def tables(rows: Iterable[GuideRow]) -> dict[str, str]:
    """Text of every table by its name. The first row of a code is the one; the guide has one code with two."""
    texts: dict[str, io.StringIO] = {}
    written: set[tuple[str, str]] = set()
    for row in rows:
        if row.part != "codesystems" or (row.map, row.identifier) in written:
            continue
        written.add((row.map, row.identifier))
        name = name_of(row.map)
        if name not in texts:
            texts[name] = io.StringIO()
            texts[name].write(_SOURCE.format(row.map) + "\nsource,code,display,system\n")
        csv.writer(texts[name], lineterminator="\n").writerow((row.identifier, row.target, row.display, row.system))
    return {name: text.getvalue() for name, text in texts.items()}


def main() -> None:
    TABLES.mkdir(exist_ok=True)
    for old in TABLES.glob("*.csv"):
        old.unlink()
    for name, text in tables(guide(folder_of(sys.argv[1:]))).items():
        (TABLES / f"{name}.csv").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
