"""Which concepts of one code system are meant: a condition, made of parts, and its SQL over `term_concept c`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from terminology.model import ABSTRACT, INACTIVE
from terminology.text import ancestor_key, fact_key, filter_keys, filter_parts


@dataclass(frozen=True, slots=True)
class Every:
    """All concepts."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Those with one of these codes, as they are compared."""

    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Displayed:
    """Those with one of these displays, as they are written."""

    displays: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Numbers:
    """Those with one of these numbers."""

    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Below:
    """All kinds of the concept with this number, without itself."""

    number: int


@dataclass(frozen=True, slots=True)
class Child:
    """Those right below a concept with one of these numbers."""

    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """Those with a property of one of these values."""

    code: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Matching:
    """Those whose names have every part of a filter."""

    text: str


@dataclass(frozen=True, slots=True)
class Unmarked:
    """Those without a flag (`ABSTRACT`, `INACTIVE`)."""

    flag: int


@dataclass(frozen=True, slots=True)
class Has:
    """Those that have a property, whatever its value."""

    code: str


@dataclass(frozen=True, slots=True)
class Fits:
    """Those whose code, display or a property fits a pattern (terminology.patterns); `folded`: whatever its case."""

    code: str
    pattern: str
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Anywhere:
    """Those that fit in their own edition or in a supplement of it, told by the code; `folded`: whatever its case.

    Each edition is asked by its index.
    """

    edition: int
    supplements: tuple[int, ...]
    part: Condition
    folded: bool


@dataclass(frozen=True, slots=True)
class Both:
    """Those that fit all parts; without parts, all."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """Those that fit a part; without parts, none."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Those that do not fit."""

    part: Condition


#: What is told of one concept by itself.
Single: TypeAlias = Every | Keys | Displayed | Numbers | Below | Child | Fact | Has | Fits | Matching | Unmarked
Condition: TypeAlias = Single | Anywhere | Both | Either | Not
NOTHING: Final = Either(())
ACTIVE: Final = Unmarked(INACTIVE)
SELECTABLE: Final = Unmarked(ABSTRACT)
#: What a filter may name as a property, and is a column.
COLUMNS: Final = {"concept": "code", "code": "code", "display": "display"}


@dataclass(slots=True)
class Sql:
    """Writes conditions with `$n` for their values, which `values` has."""

    values: list[Any] = field(default_factory=list)

    def use(self, value: Any) -> str:
        """The place of a value."""
        self.values.append(value)
        return f"${len(self.values)}"

    def of(self, condition: Condition) -> str:
        """A condition in brackets."""
        match condition:
            case Anywhere(edition, supplements, part, folded):
                code = "lower(c.code)" if folded else "c.code"
                sides = [("c.key", edition), *((code, one) for one in supplements)]
                found = [
                    f"SELECT {key} FROM term_concept c WHERE c.edition = {self.use(one)}::int AND {self.of(part)}"
                    for key, one in sides
                ]
                return f"(c.key IN ({' UNION ALL '.join(found)}))"
            case Both(parts):
                return self._joined(" AND ", parts, "TRUE")
            case Either(parts):
                return self._joined(" OR ", parts, "FALSE")
            case Not(part):
                return f"(NOT {self.of(part)})"
            case _:
                return self._single(condition)

    def _single(self, condition: Single) -> str:
        match condition:
            case Every():
                return "TRUE"
            case Keys(keys):
                return f"(c.key = ANY({self.use(list(keys))}::text[]))"
            case Displayed(displays):
                return f"(c.display = ANY({self.use(list(displays))}::text[]))"
            case Numbers(numbers):
                return f"(c.number = ANY({self.use(list(numbers))}::int[]))"
            case Below(number):
                return self._indexed([ancestor_key(number)], f"{self.use(number)}::int = ANY(c.ancestors)")
            case Child(numbers):
                near = self.use(list(map(ancestor_key, numbers)))
                return f"(c.keys && {near}::int[] AND c.parents && {self.use(list(numbers))}::int[])"
            case Fact(code, values):
                near = self.use([fact_key(code, value) for value in values])
                return f"(c.keys && {near}::int[] AND c.facts && {self.use([f'{code}={v}' for v in values])}::text[])"
            case Matching(text):
                parts = filter_parts(text)
                exact = [f"strpos(c.search, {self.use(part)}::text) > 0" for part in parts]
                return self._indexed(sorted(filter_keys(parts)), *exact)
            case Unmarked(flag):
                return f"(c.flags & {flag} = 0)"
            case Has(code):
                return f"EXISTS (SELECT FROM unnest(c.facts) f WHERE starts_with(f, {self.use(f'{code}=')}::text))"
            case Fits(code, pattern, folded):
                return self._fitting(code, f"{'~*' if folded else '~'} {self.use(pattern)}::text")

    def _fitting(self, code: str, compared: str) -> str:
        if code in COLUMNS:
            return f"(c.{COLUMNS[code]} {compared})"
        mark = f"{code}="
        value = f"substr(f, {self.use(len(mark) + 1)}::int)"
        fact = f"starts_with(f, {self.use(mark)}::text) AND {value} {compared}"
        return f"EXISTS (SELECT FROM unnest(c.facts) f WHERE {fact})"

    def _indexed(self, keys: list[int], *exact: str) -> str:
        """What the index finds, compared exactly."""
        found = [f"c.keys @> {self.use(keys)}::int[]"] if keys else []
        return "(" + " AND ".join([*found, *exact] or ["TRUE"]) + ")"

    def _joined(self, word: str, parts: Iterable[Condition], none: str) -> str:
        return "(" + (word.join(map(self.of, parts)) or none) + ")"
