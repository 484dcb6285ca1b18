"""Symbols of UCUM units looked up in a table of the hub: it says what the grammar of ucumvert says (UCUM section 2)."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import ucumvert
from hypothesis import given, settings
from hypothesis import strategies as st
from lark.exceptions import LarkError

from hub.fhir.ucum import has_known_symbols, is_unit
from scripts.units import symbols

EXAMPLES = Path(ucumvert.__file__).parent / "vendor" / "ucum_examples.tsv"
PIECES = [*[symbol for symbol, _ in symbols()], *"./()", "{a}", "2", "-1", "+2", "0", "10", "24.h", "foo", "score"]


@cache
def grammar() -> Any:
    return ucumvert.get_ucum_parser()


def is_in_grammar(unit: str) -> bool:
    try:
        grammar().parse(unit)
    except LarkError:
        return False
    return True


def test_every_example_of_ucum_that_is_well_formed_is_known_or_refused_as_by_the_grammar() -> None:
    cells = {cell for line in EXAMPLES.read_text(encoding="utf-8").splitlines() for cell in line.split("\t")}
    units = [cell for cell in cells if is_unit(cell)]
    assert sum(map(has_known_symbols, units)) > 200
    assert [unit for unit in units if has_known_symbols(unit) != is_in_grammar(unit)] == []


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=5).map("".join))
def test_any_symbols_put_together_are_known_where_they_are_well_formed_and_in_the_grammar(unit: str) -> None:
    assert has_known_symbols(unit) == (is_unit(unit) and is_in_grammar(unit))


@pytest.mark.parametrize("unit", ["kfoot", "kmin", "Kg", "(score)", "m0", "0/L", "mg.foo", "k[in_i]", "dax"])
def test_what_is_well_formed_but_has_no_such_symbol_or_takes_no_prefix_is_told(unit: str) -> None:
    assert is_unit(unit)
    assert not has_known_symbols(unit)
