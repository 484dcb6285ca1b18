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


Condition: TypeAlias = Every | Keys | Numbers | Below | Child | Fact | Has | Matching | Unmarked | Both | Either | Not
NOTHING: Final = Either(())
ACTIVE: Final = Unmarked(INACTIVE)
SELECTABLE: Final = Unmarked(ABSTRACT)


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
            case Every():
                return "TRUE"
            case Keys(keys):
                return f"(c.key = ANY({self.use(list(keys))}::text[]))"
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
            case Both(parts):
                return self._joined(" AND ", parts, "TRUE")
            case Either(parts):
                return self._joined(" OR ", parts, "FALSE")
            case Not(part):
                return f"(NOT {self.of(part)})"

    def _indexed(self, keys: list[int], *exact: str) -> str:
        """What the index finds, compared exactly."""
        found = [f"c.keys @> {self.use(keys)}::int[]"] if keys else []
        return "(" + " AND ".join([*found, *exact] or ["TRUE"]) + ")"

    def _joined(self, word: str, parts: Iterable[Condition], none: str) -> str:
        return "(" + (word.join(map(self.of, parts)) or none) + ")"
