"""Quantities in one unit for each dimension: the table, what it does not hold, and substances."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from decimal import Decimal
from importlib.resources import files

import pytest

from hub.fhir.canonical_units import AMOUNT, MASS, computed, is_of_ucum, other_concentration, scale

#: IUPAC standard atomic weights, abridged.
WEIGHTS = {"C": Decimal("12.011"), "H": Decimal("1.008"), "N": Decimal("14.007"), "O": Decimal("15.999")}


def rows(name: str) -> list[dict[str, str]]:
    text = (files("hub.fhir") / "tables" / f"{name}.csv").read_text(encoding="utf-8")
    assert text.startswith("# ")
    return list(csv.DictReader(text.splitlines()[1:]))


def test_the_table_says_what_ucumvert_says() -> None:
    for row in rows("units")[::7]:
        assert scale(row["unit"]) == computed(row["unit"])


@pytest.mark.parametrize(
    ("value", "unit", "other", "same"),
    [
        ("5.4", "mg/dL", "g/L", "0.054"),
        ("38.5", "Cel", "K", "311.65"),
        ("120", "mm[Hg]", "kPa", "15.9986864898"),
        ("6.5", "%", "1", "0.065"),
        ("4.5", "10*12/L", "10*6/uL", "4.5"),
        ("1", "mg/kg/h", "ug/kg/h", "1000"),  # not in the table
    ],
)
def test_what_is_as_much_is_one_value(value: str, unit: str, other: str, same: str) -> None:
    one, two = scale(unit), scale(other)
    assert one is not None
    assert two is not None
    assert one.base == two.base
    assert abs(one(Decimal(value)) - two(Decimal(same))) < Decimal("1e-9") * abs(one(Decimal(value)))


@pytest.mark.parametrize("unit", ["次/min", "mg//dL", "[iU]/L", "[arb'U]", "[pH]", "{score}", "bogus", ""])
def test_what_is_no_unit_or_an_arbitrary_one_is_equal_to_nothing(unit: str) -> None:
    assert scale(unit) is None


@pytest.mark.parametrize("unit", ["mmol/mol", "mmol/mol{Hb}", "meq/L", "meq", "ueq/mL", "meq/(24.h)", "eq/L"])
def test_hba1c_of_ifcc_and_equivalents_have_no_scale_to_other_units(unit: str) -> None:
    assert scale(unit) is None
    assert unit not in {row["unit"] for row in rows("units")}
    assert is_of_ucum(unit)


def test_molar_masses_follow_from_the_formulas() -> None:
    for row in rows("substances"):
        if row["formula"]:
            atoms = re.findall(r"([A-Z])(\d*)", row["formula"])
            mass = sum((WEIGHTS[atom] * int(count or 1) for atom, count in atoms), Decimal(0))
            assert abs(mass - Decimal(row["molar_mass"])) < Decimal("0.01"), row


def test_every_code_measures_a_substance_that_is_known_and_a_weight_can_be_counted_back() -> None:
    known = {row["substance"] for row in rows("substances")}
    assert {row["substance"] for row in rows("substance_codes")} <= known
    there, back = (other_concentration(base, [(None, "x"), ("http://loinc.org", "2345-7")]) for base in (MASS, AMOUNT))
    assert there is not None
    assert back is not None
    assert abs(there(Decimal("1.26")) - Decimal("6.994")) < Decimal("0.001")
    assert abs(back(there(Decimal("1.26"))) - Decimal("1.26")) < Decimal("1e-9")
    assert other_concentration(MASS, [("http://loinc.org", "8480-6")]) is None
    assert other_concentration("kelvin", [("http://loinc.org", "2345-7")]) is None


def test_what_is_no_unit_or_only_says_what_is_counted_loads_no_parser() -> None:
    told = (
        "import sys; from hub.fhir.canonical_units import is_of_ucum, scale;"
        "assert scale('{score}') is None and is_of_ucum('{T-score}') and not is_of_ucum('{a b}');"
        "assert scale('(score)') is None and is_of_ucum('kg/(8.h)') and not is_of_ucum('mg/foo');"
        "sys.exit('ucumvert' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", told], check=False).returncode == 0
