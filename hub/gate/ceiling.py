"""Scopes that open part of a type, as a condition for the SQL and, apart from it, as a check of a version. Pure.

The two must agree, as the predicate and the decision of the consent rules must (`hub.gate.release`): one looks at the
index, the other at the body.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, Final

from hub.auth.granular import ARGUMENTS, Argument, Arguments, narrowed
from hub.fhir.json import loads
from hub.store.conditions import Condition, HasToken, TypeIn
from hub.store.logic import every, no, some
from hub.store.values import Stored


@lru_cache(maxsize=1024)
def ceiling(scopes: Sequence[str]) -> Condition | None:
    """What every row must be like under the scopes of a token; None where they narrow nothing."""
    parts = narrowed(scopes)
    if not parts:
        return None
    return every(
        some([no(TypeIn(frozenset({kind}))), *(every(_token(kind, one) for one in asked) for asked in sets)])
        for kind, sets in parts.items()
    )


def narrows(scopes: Sequence[str], kind: str) -> bool:
    """Whether they open only part of a type, so that its bodies are looked at."""
    return bool(scopes) and kind in narrowed(scopes)


def covers(scopes: Sequence[str], stored: Stored) -> bool:
    """Whether they open a version. One without a body, as that of a deletion, has no codes."""
    if not scopes:
        return True
    sets = narrowed(scopes).get(stored.type)
    if sets is None:
        return True
    body: Any = loads(stored.body) if stored.body else {}
    return any(_holds(body, stored.type, asked) for asked in sets)


def _token(kind: str, argument: Argument) -> HasToken:
    return HasToken(kind, argument.name, frozenset(argument.tokens))


def _holds(body: Any, kind: str, asked: Arguments) -> bool:
    return all(_has(body.get(ARGUMENTS[kind][argument.name]), argument) for argument in asked)


def _has(element: Any, argument: Argument) -> bool:
    wanted: Final = frozenset(argument.tokens)
    return any({(None, code), (system, code)} & wanted for system, code in _codings(element))


def _codings(element: Any) -> Iterator[tuple[str, str]]:
    """System and code of each coding of a CodeableConcept, or of several."""
    for concept in element if isinstance(element, list) else [element]:
        for coding in concept.get("coding", ()) if isinstance(concept, dict) else ():
            if coding.get("code"):
                yield coding.get("system", ""), coding["code"]
