"""Scopes that open part of a type: `patient/Observation.rs?category=SYSTEM|CODE` (SMART App Launch 2.2,
scopes-and-launch-context.html, Scopes for requesting FHIR Resources). Pure.

The arguments are a search of R4: `&` joins what all must hold, `,` alternatives, `code` is of any system. Which
arguments there are is a closed table, since each must be enforced by the predicate and, apart from it, by the check at
release (`hub.gate.ceiling`). They open what is read and searched, `rs` both, and nothing that is written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

#: Arguments by type, and the element whose codings they are about (R4 search parameters of type token).
ARGUMENTS: Final[Mapping[str, Mapping[str, str]]] = {
    "CarePlan": {"category": "category"},
    "Condition": {"category": "category", "code": "code"},
    "DiagnosticReport": {"category": "category", "code": "code"},
    "DocumentReference": {"category": "category", "type": "type"},
    "Observation": {"category": "category", "code": "code"},
    "Procedure": {"category": "category", "code": "code"},
    "ServiceRequest": {"category": "category", "code": "code"},
}
LETTERS: Final = "rs"

_LONGEST: Final = 500
#: A code, of a system or of any. Nothing that has a meaning in a search or a list of scopes stands in either.
_TOKEN: Final = re.compile(r"(?:([A-Za-z][A-Za-z0-9:/._#-]{1,200})\|)?([A-Za-z0-9._/:-]{1,64})")
_ARGUMENT: Final = re.compile(r"([a-z]+)=([^&=?]+)")

#: (system, code); None is any system.
Token = tuple[str | None, str]


@dataclass(frozen=True, slots=True, order=True)
class Argument:
    """One argument: the search parameter, and the tokens of which one must be there."""

    name: str
    tokens: tuple[Token, ...]

    def __str__(self) -> str:
        return f"{self.name}={','.join(code if system is None else f'{system}|{code}' for system, code in self.tokens)}"


#: All of them must hold.
Arguments = tuple[Argument, ...]


def arguments(kind: str, text: str) -> Arguments | None:
    """What stands after the `?` of a scope for a type, in one order; None for what the hub cannot enforce."""
    found = []
    for part in text.split("&") if len(text) <= _LONGEST else [""]:
        match = _ARGUMENT.fullmatch(part)
        if match is None or match[1] not in ARGUMENTS.get(kind, {}):
            return None
        tokens = [_TOKEN.fullmatch(one) for one in match[2].split(",")]
        if not all(tokens):
            return None
        alternatives = {(one[1], one[2]) for one in tokens if one is not None}
        found.append(Argument(match[1], tuple(sorted(alternatives, key=lambda one: (one[0] or "", one[1])))))
    return joined(tuple(found))


def joined(*parts: Arguments) -> Arguments:
    """What holds where all `parts` hold."""
    return tuple(sorted({argument for part in parts for argument in part}, key=str))


def split(scope: str) -> tuple[str, str, str | None]:
    """A resource scope taken apart: all before the `?`, the type it names, and what stands after it, if anything."""
    head, mark, text = scope.partition("?")
    return head, head.partition("/")[2].partition(".")[0], text if mark else None


@lru_cache(maxsize=1024)
def narrowed(scopes: Sequence[str]) -> Mapping[str, tuple[Arguments, ...]]:
    """By type, the arguments of which one set must hold of a row; a type that is not there is not narrowed.

    A type is opened whole by a scope without arguments that both reads and searches it; beside one that only does
    either, the arguments hold for both.
    """
    found: dict[str, list[Arguments]] = {}
    whole: set[str] = set()
    for scope in scopes:
        head, kind, text = split(scope)
        asked = None if text is None else arguments(kind, text)
        if asked is not None:
            found.setdefault(kind, []).append(asked)
        elif text is None and _reads_and_searches(head):
            whole.add(kind)
    return {} if "*" in whole else {kind: tuple(sets) for kind, sets in found.items() if kind not in whole}


def _reads_and_searches(head: str) -> bool:
    letters = head.rpartition(".")[2]
    return letters in {"read", "*"} or {"r", "s"} <= set(letters)
