"""The syntax of UCUM units, case sensitive (https://ucum.org/ucum, section 2, figure 1), and the units of time and
length R4 allows in Age, Duration and Distance.

`foo` is well formed, `mg//L` and `10 mg` are not; whether its symbols name units is looked up beside it
(`tables/unit_symbols.csv`).
"""

from __future__ import annotations

import csv
import re
from functools import cache
from importlib.resources import files
from typing import Final

#: A longer text is no unit, and parentheses nest no deeper.
_LONGEST: Final = 200
_DEEPEST: Final = 20

#: A symbol of an atom with its prefix does not end in a digit; digits after it are its exponent.
_BRACKETS: Final = r"\[[!-Z\\^-~]+\]"
_ATOM: Final = rf"(?:[!#-'*,0-<>-Z\\^-z|~]|{_BRACKETS})*(?:[!#-'*,:-<>-Z\\^-z|~]|{_BRACKETS})"
_ANNOTATION: Final = r"\{[!-z|~]*\}"
_COMPONENT: Final = re.compile(rf"{_ATOM}(?:[+\-]?[0-9]+)?(?:{_ANNOTATION})?|[0-9]+(?:{_ANNOTATION})?|{_ANNOTATION}")

_PREFIX: Final = "(?:Y|Z|E|P|T|G|M|k|h|da|d|c|m|u|n|p|f|a|z|y)"
#: Units of dimension time: the second, and what the tables 5 and 6 of UCUM derive from it.
TIME: Final = re.compile(rf"{_PREFIX}?s|min|h|d|wk|a(?:_[tjg])?|mo(?:_[sjg])?")
#: Units of dimension length: the metre, and those of the tables of customary units.
LENGTH: Final = re.compile(
    rf"{_PREFIX}?m|Ao|AU|{_PREFIX}?pc|{_PREFIX}?\[ly\]|\[(?:in|ft|yd|mi|fth|nmi)_i\]|\[(?:ft|yd|in|mi|rd|ch|lk|fur|fth)_us\]"
    r"|\[(?:in|ft|yd|mi|rd|ch|lk|fth|pc|nmi)_br\]|\[mil_(?:i|us)\]|\[hd_i\]|\[(?:pnt|pca|lne)(?:_pr)?\]"
)


def is_unit(text: str) -> bool:
    """Whether a text is well formed as a UCUM unit."""
    return _is_term(text, _COMPONENT)


def has_known_symbols(text: str) -> bool:
    """Whether a text is well formed, and each symbol in it that of a unit: with a prefix if it is metric."""
    return _is_term(text, _known())


def _is_term(text: str, component: re.Pattern[str]) -> bool:
    if not 0 < len(text) <= _LONGEST:
        return False
    end = _term(text, 1 if text[0] == "/" else 0, 0, component)
    return end == len(text)


def _term(text: str, at: int, depth: int, component: re.Pattern[str]) -> int:
    """The end of a term that begins at `at`; -1 for none."""
    while True:
        at = _component(text, at, depth, component)
        if at < 0 or at == len(text) or text[at] not in "./":
            return at
        at += 1


def _component(text: str, at: int, depth: int, component: re.Pattern[str]) -> int:
    if text[at : at + 1] == "(":
        end = _term(text, at + 1, depth + 1, component) if depth < _DEEPEST else -1
        return end + 1 if end > 0 and text[end : end + 1] == ")" else -1
    match = component.match(text, at)
    return match.end() if match else -1


@cache
def _known() -> re.Pattern[str]:
    """A component of known symbols: exponents and factors are no zero, and it ends where an operator may follow."""
    text = (files("hub.fhir") / "tables" / "unit_symbols.csv").read_text(encoding="utf-8")
    symbols: dict[str, list[str]] = {"prefix": [], "metric": [], "plain": []}
    for row in csv.DictReader(text.splitlines()[1:]):
        symbols[row["kind"]].append(re.escape(row["symbol"]))
    prefix, metric, plain = map("|".join, symbols.values())
    atom = f"(?:(?:{prefix})?(?:{metric})|{plain})"
    factor = "[1-9][0-9]*"
    return re.compile(rf"(?:(?:{atom}(?:[+\-]?{factor})?|{factor})(?:{_ANNOTATION})?|{_ANNOTATION})(?=[./)]|\Z)")
