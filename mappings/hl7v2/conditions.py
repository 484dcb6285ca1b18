"""The small language in which a row says when it applies, compiled to closures.

    PV1-45                     the field is valued (neither empty nor "")
    PID-25 = 1                 its first leaf is that text; `!=` is the opposite
    OBX-2 in (NM, SN)          its first leaf is one of these; `event` stands for the trigger event of MSH-9
    not, and, or, ( )          as usual; `and` binds closer than `or`

A component is named by a dot: `PID-3.4`. Fields of other segments mean the one that goes with the row's segment.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final, Protocol

from hub.kernel.errors import Category, HubError
from mappings.hl7v2.leaves import field
from mappings.hl7v2.parser import Segment


class Scope(Protocol):
    """What a condition may ask about."""

    @property
    def event(self) -> str:
        """Trigger event, as `A01`."""
        ...

    def beside(self, name: str) -> Segment | None:
        """The segment of that name which goes with the one being mapped."""
        ...


Condition = Callable[[Scope], bool]
Operand = Callable[[Scope], str]

_TOKEN: Final = re.compile(r"\s*([A-Z][A-Z0-9]{2}-\d+(?:\.\d+)?|!=|[=(),]|[^\s=(),!]+)")
_FIELD: Final = re.compile(r"([A-Z][A-Z0-9]{2})-(\d+)(?:\.(\d+))?\Z")


def compile_condition(text: str) -> Condition:
    """Raises HubError INVALID if `text` is not in the language."""
    parser = _Parser(text)
    condition = parser.either()
    if parser.word:
        raise parser.refused()
    return condition


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self._tokens: Iterator[str] = iter(_TOKEN.findall(text))
        self.word = ""
        self.advance()

    def advance(self) -> str:
        taken, self.word = self.word, next(self._tokens, "")
        return taken

    def expect(self, word: str) -> None:
        if self.advance() != word:
            raise self.refused()

    def refused(self) -> HubError:
        return HubError(Category.INVALID, f"condition cannot be read at {self.word or 'its end'!r}", where=self.text)

    def either(self) -> Condition:
        left = self.both()
        while self.word == "or":
            self.advance()
            left = _or(left, self.both())
        return left

    def both(self) -> Condition:
        left = self.single()
        while self.word == "and":
            self.advance()
            left = _and(left, self.single())
        return left

    def single(self) -> Condition:
        if self.word == "not":
            self.advance()
            return _not(self.single())
        if self.word == "(":
            self.advance()
            inner = self.either()
            self.expect(")")
            return inner
        return self.comparison(self.operand())

    def operand(self) -> Operand:
        word = self.advance()
        match = _FIELD.match(word)
        if match:
            return _field(match[1], int(match[2]), int(match[3] or 1))
        if word == "event":
            return lambda scope: scope.event
        raise self.refused()

    def comparison(self, operand: Operand) -> Condition:
        if self.word in {"=", "!="}:
            wanted = self.advance() == "="
            value = self.advance()
            return lambda scope: (operand(scope) == value) is wanted
        if self.word == "in":
            self.advance()
            values = self.values()
            return lambda scope: operand(scope) in values
        return lambda scope: bool(operand(scope))

    def values(self) -> frozenset[str]:
        self.expect("(")
        found = [self.advance()]
        while self.word == ",":
            self.advance()
            found.append(self.advance())
        self.expect(")")
        return frozenset(found)


def _field(name: str, n: int, comp: int) -> Operand:
    return lambda scope: field(scope.beside(name), n, comp)


def _or(left: Condition, right: Condition) -> Condition:
    return lambda scope: left(scope) or right(scope)


def _and(left: Condition, right: Condition) -> Condition:
    return lambda scope: left(scope) and right(scope)


def _not(inner: Condition) -> Condition:
    return lambda scope: not inner(scope)
