"""Write the tables of units: what each common UCUM unit is in SI base units, and which symbols UCUM has.

    python -m scripts.units

Computed and listed by ucumvert, so that the hub need not load it to index a blood pressure or to refuse `(score)`.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Final

from ucumvert import xml_util

import hub.fhir
from hub.fhir.canonical_units import computed

#: What laboratories, monitors and forms commonly send.
COMMON: Final = (
    *("mmol/L", "umol/L", "nmol/L", "pmol/L", "mol/L", "mmol/dL"),
    *("g/L", "mg/L", "ug/L", "ng/L", "pg/L", "g/dL", "mg/dL", "ug/dL", "ng/dL", "mg/mL", "ug/mL", "ng/mL", "pg/mL"),
    *("10*9/L", "10*12/L", "10*6/L", "10*3/uL", "10*6/uL", "/uL", "/L", "U/L", "U/mL", "%", "1", "mg/g", "mg/mmol"),
    *("mm[Hg]", "kPa", "Pa", "cm[H2O]", "Cel", "[degF]", "K", "/min", "/s", "Hz", "{beats}/min", "{breaths}/min"),
    *("m", "cm", "mm", "um", "[in_i]", "[ft_i]", "kg", "g", "mg", "ug", "ng", "pg", "[lb_av]", "[oz_av]", "kg/m2"),
    *("L", "dL", "mL", "uL", "fL", "mL/min", "L/min", "L/s", "mL/h", "mL/min/{1.73_m2}", "g/(24.h)", "mg/(24.h)"),
    *("s", "ms", "min", "h", "d", "wk", "mo", "a", "deg", "mV", "uV", "V", "J", "kcal", "W", "osm/kg"),
)
TABLES: Final = Path(hub.fhir.__file__).parent / "tables"


def main() -> int:
    """Write the tables; 1 if a common unit has no scale."""
    write_symbols()
    rows = [(unit, computed(unit)) for unit in COMMON]
    with (TABLES / "units.csv").open("w", encoding="utf-8", newline="") as file:
        file.write("# UCUM units in SI base units, computed by ucumvert with pint (scripts/units.py)\n")
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("unit", "factor", "offset", "base"))
        writer.writerows((unit, scale.factor, scale.offset, scale.base) for unit, scale in rows if scale is not None)
    return 1 if any(scale is None for _, scale in rows) else 0


def symbols() -> list[tuple[str, str]]:
    """Every symbol with its kind: `prefix`, `metric` (a unit that takes one), `plain` (a unit that does not)."""
    metric = [*xml_util.get_base_units(), *xml_util.get_metric_units()]
    kinds = {"prefix": xml_util.get_prefixes(), "metric": metric, "plain": xml_util.get_non_metric_units()}
    return [(symbol, kind) for kind, several in kinds.items() for symbol in several]


def write_symbols() -> None:
    with (TABLES / "unit_symbols.csv").open("w", encoding="utf-8", newline="") as file:
        file.write("# Symbols of UCUM, case sensitive, from the list that comes with ucumvert (scripts/units.py)\n")
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("symbol", "kind"))
        writer.writerows(symbols())


if __name__ == "__main__":
    sys.exit(main())
