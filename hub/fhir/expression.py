"""Parses the subset of FHIRPath in which R4 writes its search parameters (search-parameters.json, `expression`).

Union, paths, `as`, `.as()`, `.ofType()`, `[n]`, `.where(name = 'literal')`, `.where(resolve() is Type)`,
`.extension('url')`, `.exists()`, `and`, `=`, `!=`, parentheses and `%resource`. A path becomes a list of steps.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from hub.kernel.errors import Category, HubError

_TOKEN: Final = re.compile(r"\s*(?:(?P<name>%?[A-Za-z_][A-Za-z0-9_]*)|'(?P<text>[^']*)'|(?P<sign>!=|[|.()\[\]=]|\d+))")


@dataclass(frozen=True, slots=True)
class Field:
    """`.name`: go to the element."""

    name: str


@dataclass(frozen=True, slots=True)
class Cast:
    """`as`, `is` or `ofType`: keep only this type."""

    type: str


@dataclass(frozen=True, slots=True)
class Where:
    """`.where(name = 'value')`: keep items whose element has this value."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Resolves:
    """`.where(resolve() is Type)`: keep references to this resource type."""

    type: str


@dataclass(frozen=True, slots=True)
class Index:
    """`[n]`: keep the nth item, from 0."""

    position: int


Step = Field | Cast | Where | Resolves | Index


@dataclass(frozen=True, slots=True)
class Path:
    """Steps from the resource (`rooted`, whatever the focus is) or from the focus."""

    steps: tuple[Step, ...]
    rooted: bool = False


@dataclass(frozen=True, slots=True)
class Test:
    """One condition on a path: it exists (`value` None), or it is / is not equal to a literal."""

    path: Path
    value: str | None = None
    equal: bool = True


@dataclass(frozen=True, slots=True)
class Truth:
    """Conditions that must all hold: the value is a boolean, and there always is one."""

    tests: tuple[Test, ...]


Alternative = Path | Truth


def parse(expression: str) -> tuple[Alternative, ...]:
    """The alternatives of an expression. Raises HubError UNSUPPORTED where it leaves the subset."""
    parser = _Parser(expression)
    found = parser.union()
    if parser.peek():
        raise parser.unsupported()
    return found


class _Parser:
    def __init__(self, expression: str) -> None:
        self.tokens = _tokens(expression)
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, *expected: str) -> str:
        token = self.peek()
        if not token or (expected and token not in expected):
            raise self.unsupported()
        self.at += 1
        return token

    def accept(self, token: str) -> bool:
        found = self.peek() == token
        self.at += found
        return found

    def unsupported(self) -> HubError:
        where = f"token {self.at + 1} ({self.peek() or 'end'})"
        return HubError(Category.UNSUPPORTED, "expression leaves the FHIRPath subset of search parameters", where=where)

    def union(self) -> tuple[Alternative, ...]:
        found = self.conjunction()
        while self.accept("|"):
            found += self.conjunction()
        return found

    def conjunction(self) -> tuple[Alternative, ...]:
        found = self.comparison()
        while self.accept("and"):
            found = (Truth(self._tests(found) + self._tests(self.comparison())),)
        return found

    def _tests(self, found: tuple[Alternative, ...]) -> tuple[Test, ...]:
        if len(found) != 1 or not isinstance(found[0], Truth):
            raise self.unsupported()
        return found[0].tests

    def comparison(self) -> tuple[Alternative, ...]:
        found = self.cast()
        if self.peek() not in ("=", "!="):
            return found
        equal = self.take() == "="
        path = self._single(found)
        return (Truth((Test(path, self.take().removeprefix("'"), equal),)),)

    def _single(self, found: tuple[Alternative, ...]) -> Path:
        if len(found) != 1 or not isinstance(found[0], Path):
            raise self.unsupported()
        return found[0]

    def cast(self) -> tuple[Alternative, ...]:
        found = self.path()
        return self._extended(found, Cast(self.take())) if self.accept("as") else found

    def path(self) -> tuple[Alternative, ...]:
        found = self._start()
        while self.peek() in (".", "["):
            if self.take() == "[":
                found = self._extended(found, Index(int(self.take())))
                self.take("]")
            else:
                found = self._step(found)
        return found

    def _start(self) -> tuple[Alternative, ...]:
        if self.accept("("):
            found = self.union()
            self.take(")")
            return found
        name = self.take()
        return (Path((), rooted=True) if name == "%resource" else Path((Field(name),)),)

    def _step(self, found: tuple[Alternative, ...]) -> tuple[Alternative, ...]:
        name = self.take()
        if not self.accept("("):
            return self._extended(found, Field(name))
        if name not in _FUNCTIONS:
            raise self.unsupported()
        found = _FUNCTIONS[name](self, found)
        self.take(")")
        return found

    def _extended(self, found: tuple[Alternative, ...], *steps: Step) -> tuple[Alternative, ...]:
        paths = [self._single((alternative,)) for alternative in found]
        return tuple(Path(path.steps + steps, path.rooted) for path in paths)

    def of_type(self, found: tuple[Alternative, ...]) -> tuple[Alternative, ...]:
        return self._extended(found, Cast(self.take()))

    def exists(self, found: tuple[Alternative, ...]) -> tuple[Alternative, ...]:
        return (Truth((Test(self._single(found)),)),)

    def extension(self, found: tuple[Alternative, ...]) -> tuple[Alternative, ...]:
        return self._extended(found, Field("extension"), Where("url", self.take().removeprefix("'")))

    def where(self, found: tuple[Alternative, ...]) -> tuple[Alternative, ...]:
        name = self.take()
        if name == "resolve":
            for token in ("(", ")", "is"):
                self.take(token)
            return self._extended(found, Resolves(self.take()))
        self.take("=")
        return self._extended(found, Where(name, self.take().removeprefix("'")))


_FUNCTIONS: Final[Mapping[str, Callable[[_Parser, tuple[Alternative, ...]], tuple[Alternative, ...]]]] = {
    "as": _Parser.of_type,
    "ofType": _Parser.of_type,
    "exists": _Parser.exists,
    "extension": _Parser.extension,
    "where": _Parser.where,
}


def _tokens(expression: str) -> list[str]:
    """Names and signs as they are; a literal with one leading quote, so that it is never taken for a name."""
    found, at, end = [], 0, len(expression.rstrip())
    while at < end:
        match = _TOKEN.match(expression, at)
        if match is None:
            raise HubError(
                Category.UNSUPPORTED, "expression has an unknown sign", where=f"character {at + 1}", code="fhirpath"
            )
        at = match.end()
        found.append("'" + match["text"] if match["text"] is not None else match["name"] or match["sign"])
    return found
