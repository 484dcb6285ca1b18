"""From tokens to a syntax tree, by precedence (FHIRPath section 6.9). Nesting is bounded, chains are not recursive."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from hub.fhir.fhirpath.errors import too_much, unreadable
from hub.fhir.fhirpath.syntax import Binary, Call, Constant, Indexer, Literal, Member, Sign, Special, Syntax, TypeTest
from hub.fhir.fhirpath.system import Quantity, Value, moment
from hub.fhir.fhirpath.tokens import Token, tokens

#: Parentheses, arguments and brackets inside each other.
MAX_NESTING: Final = 40

_LEVELS: Final = (
    ("implies",),
    ("or", "xor"),
    ("and",),
    ("in", "contains"),
    ("=", "~", "!=", "!~"),
    ("<=", "<", ">", ">="),
    ("|",),
    ("is", "as"),
    ("+", "-", "&"),
    ("*", "/", "div", "mod"),
)
#: How tightly an operator binds, loosest first.
_BINDING: Final = {operator: level for level, row in enumerate(_LEVELS) for operator in row}
_DURATIONS: Final = frozenset({"year", "month", "week", "day", "hour", "minute", "second", "millisecond"})


def parse(expression: str) -> Syntax:
    """The tree of an expression. Raises HubError INVALID naming the character, TOO_LARGE."""
    parser = _Parser(tokens(expression))
    found = parser.binary(0)
    parser.expect("end")
    return found


class _Parser:
    def __init__(self, found: list[Token]) -> None:
        self.tokens = found
        self.at = 0
        self.nesting = 0

    def peek(self) -> Token:
        return self.tokens[self.at]

    def take(self) -> Token:
        token = self.tokens[self.at]
        self.at += token.kind != "end"
        return token

    def accept(self, sign: str) -> bool:
        token = self.peek()
        found = token.kind in ("sign", "name") and token.text == sign
        self.at += found
        return found

    def expect(self, wanted: str) -> None:
        """Take the sign `wanted`, or the end."""
        token = self.take()
        if wanted != (token.text if token.kind == "sign" else "end" if token.kind == "end" else None):
            raise unreadable(f"needs {wanted}", token.at)

    def binary(self, loosest: int) -> Syntax:
        left = self.signed()
        while (level := self._level(self.peek())) >= loosest:
            operator = self.take().text
            if operator in ("is", "as"):
                left = TypeTest(operator, left, self.type_name())
            else:
                left = Binary(operator, left, self.binary(level + 1))
        return left

    def _level(self, token: Token) -> int:
        return _BINDING.get(token.text, -1) if token.kind in ("sign", "name") else -1

    def signed(self) -> Syntax:
        signs = ""
        while self.peek().kind == "sign" and self.peek().text in ("+", "-"):
            signs += self.take().text
        operand = self.chain()
        if not signs:
            return operand
        return Sign("-" if signs.count("-") % 2 else "+", operand)

    def chain(self) -> Syntax:
        found = self.term()
        while True:
            if self.accept("."):
                found = self.invocation(found)
            elif self.accept("["):
                found = Indexer(found, self.nested("]"))
            else:
                return found

    def term(self) -> Syntax:
        token = self.take()
        if token.kind == "sign":
            return self.opened(token)
        if token.kind == "number":
            return Literal(self.number(token.text))
        if token.kind in ("date", "time"):
            return Literal(self.moment(token))
        if token.kind == "text":
            return Literal(token.text)
        if token.kind == "name" and token.text in ("true", "false"):
            return Literal(token.text == "true")
        self.at -= token.kind != "end"
        return self.invocation(None)

    def opened(self, token: Token) -> Syntax:
        if token.text == "(":
            return self.nested(")")
        if token.text == "{":
            self.expect("}")
            return Literal(None)
        if token.text in ("%", "$"):
            name = self.take()
            if token.text == "%" and name.kind in ("name", "text", "quoted"):
                return Constant(name.text)
            if token.text == "$" and name.text in ("this", "index", "total"):
                return Special(name.text)
            token = name
        raise unreadable("has something else where a value is needed", token.at)

    def invocation(self, target: Syntax | None) -> Syntax:
        token = self.take()
        if token.kind == "sign" and token.text == "$" and target is not None:
            return self.opened(token)
        if token.kind not in ("name", "quoted"):
            raise unreadable("needs a name", token.at)
        if token.kind == "name" and self.accept("("):
            return Call(target, token.text, self.arguments())
        return Member(target, token.text)

    def arguments(self) -> tuple[Syntax, ...]:
        if self.accept(")"):
            return ()
        found = [self.nested(None)]
        while self.accept(","):
            found.append(self.nested(None))
        self.expect(")")
        return tuple(found)

    def nested(self, close: str | None) -> Syntax:
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            raise too_much(f"is nested deeper than {MAX_NESTING} levels")
        found = self.binary(0)
        self.nesting -= 1
        if close is not None:
            self.expect(close)
        return found

    def number(self, text: str) -> Value:
        unit = self.peek()
        if unit.kind == "text" or (unit.kind == "name" and unit.text.removesuffix("s") in _DURATIONS):
            return Quantity(Decimal(text), self.take().text)
        if "." in text:
            return Decimal(text)
        if len(text) > 10 or int(text) > 2**31:
            raise unreadable("has a whole number beyond 32 bits", unit.at)
        return int(text)

    def moment(self, token: Token) -> Value:
        time = token.kind == "time"
        found = moment(token.text[2:] if time else token.text[1:], time=time)
        if found is None:
            raise unreadable("has no such date or time", token.at)
        return found

    def type_name(self) -> str:
        names = [self.take()]
        while self.accept("."):
            names.append(self.take())
        for token in names:
            if token.kind not in ("name", "quoted"):
                raise unreadable("needs a type", token.at)
        return ".".join(token.text for token in names)
