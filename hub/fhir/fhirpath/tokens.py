"""From the text of an expression to tokens (FHIRPath section 12, lexical elements)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from hub.fhir.fhirpath.errors import too_much, unreadable

#: No invariant of R4 has a third of it.
MAX_LENGTH: Final = 10_000

_TOKEN: Final = re.compile(
    r"(?P<space>\s+|//[^\n]*|/\*.*?\*/)"
    r"|(?P<time>@T[0-9]{2}(?::[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)?)"
    r"|(?P<date>@[0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2})?)?"
    r"(?:T(?:[0-9]{2}(?::[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)?(?:Z|[+-][0-9]{2}:[0-9]{2})?)?)?)"
    r"|(?P<number>[0-9]+(?:\.[0-9]+)?)"
    r"|(?P<text>'(?:[^'\\]|\\.)*')"
    r"|(?P<quoted>`(?:[^`\\]|\\.)*`)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<sign>!=|!~|<=|>=|[|.,()\[\]{}=~<>+\-*/&%$])",
    re.DOTALL,
)
_ESCAPE: Final = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_ESCAPES: Final = {"r": "\r", "n": "\n", "t": "\t", "f": "\f", **{sign: sign for sign in "'`\"\\/"}}


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is time, date, number, text, quoted, name, sign or end; `at` its character, from 1."""

    kind: str
    text: str
    at: int


def tokens(expression: str) -> list[Token]:
    """The tokens, an `end` last. Texts come without quotes and escapes. Raises HubError INVALID, TOO_LARGE."""
    if len(expression) > MAX_LENGTH:
        raise too_much(f"is longer than {MAX_LENGTH} characters")
    found, at = [], 0
    while at < len(expression):
        match = _TOKEN.match(expression, at)
        if match is None:
            raise unreadable("has an unknown sign", at + 1)
        kind, text = str(match.lastgroup), match[0]
        if kind in ("text", "quoted"):
            text = _plain(text[1:-1], at + 1)
        if kind != "space":
            found.append(Token(kind, text, at + 1))
        at = match.end()
    return [*found, Token("end", "", len(expression) + 1)]


def _plain(text: str, at: int) -> str:
    def one(match: re.Match[str]) -> str:
        code = match[1]
        if len(code) > 1:
            return chr(int(code[1:], 16))
        if code not in _ESCAPES:
            raise unreadable("has an unknown escape", at)
        return _ESCAPES[code]

    return _ESCAPE.sub(one, text) if "\\" in text else text
