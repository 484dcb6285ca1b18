"""Conditions put together: what is certain is settled at once, so that a predicate holds only what depends on a row."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from hub.store.conditions import All, Always, AnyOf, Condition, ForeignLabel, Labelled, Never, Not

ALWAYS: Final = Always()
NEVER: Final = Never()


def every(parts: Iterable[Condition]) -> Condition:
    """All of them hold."""
    left: dict[Condition, None] = {}
    for part in parts:
        if part == NEVER:
            return NEVER
        left.update(dict.fromkeys(part.parts if isinstance(part, All) else (part,)))
    left.pop(ALWAYS, None)
    return All(tuple(left)) if len(left) > 1 else next(iter(left), ALWAYS)


def some(parts: Iterable[Condition]) -> Condition:
    """At least one of them holds."""
    left: dict[Condition, None] = {}
    for part in parts:
        if part == ALWAYS:
            return ALWAYS
        left.update(dict.fromkeys(part.parts if isinstance(part, AnyOf) else (part,)))
    left.pop(NEVER, None)
    return AnyOf(tuple(left)) if len(left) > 1 else next(iter(left), NEVER)


def no(part: Condition) -> Condition:
    """It does not hold."""
    match part:
        case Always():
            return NEVER
        case Never():
            return ALWAYS
        case Not(part=inner):
            return inner
    return Not(part)


def assuming(condition: Condition, holds: Collection[Condition], fails: Collection[Condition]) -> Condition:
    """What is left of a condition for a row of which these hold, and those do not."""
    if condition in holds:
        return ALWAYS
    if condition in fails:
        return NEVER
    match condition:
        case All(parts):
            return every(assuming(part, holds, fails) for part in parts)
        case AnyOf(parts):
            return some(assuming(part, holds, fails) for part in parts)
    return condition


def unlabelled(condition: Condition) -> Condition:
    """What is left of a condition for a row without any security label."""
    match condition:
        case Labelled() | ForeignLabel():
            return NEVER
        case Not(part):
            return no(unlabelled(part))
        case All(parts):
            return every(map(unlabelled, parts))
        case AnyOf(parts):
            return some(map(unlabelled, parts))
    return condition
