"""Decimals as R4 lets them be written (datatypes.html#decimal)."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

#: With a fraction or an exponent, within the limits of a body.
DECIMAL_TEXTS: Final[SearchStrategy[str]] = st.from_regex(
    r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,18}([eE][+-]?[0-9]{1,2})?|[eE][+-]?[0-9]{1,2})", fullmatch=True
)
#: Those that a number made of them would be written another way.
ODD: Final = ("0.00000010", "-0.0000001", "1.0e-7", "1E-7", "1e2", "1.50E+3", "0e-9", "-0.0", "0.000000000000000000")
