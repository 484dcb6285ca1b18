"""What a clause looks into: one place to learn it, and to put something else there. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec.structs import replace

from hub.store.criteria import Chain, Clause, Either, Has, Named, NamedBy, Target, Under


def targets_of(clause: Clause) -> tuple[Target, ...]:
    """The targets of a clause, in their order; none for one that looks at the resource itself."""
    match clause:
        case Chain(targets=targets) | Named(targets=targets) | Either(targets=targets):
            return targets
        case Has(target=target) | NamedBy(target=target) | Under(target=target):
            return (target,)
    return ()


def aimed_at(clause: Clause, targets: tuple[Target, ...]) -> Clause:
    """The clause with other targets, as many as it can have."""
    match clause:
        case Chain() | Named() | Either():
            return replace(clause, targets=targets)
        case Has() | NamedBy() | Under():
            (target,) = targets
            return replace(clause, target=target)
    return clause


def looks(clauses: Iterable[Clause]) -> int:
    """How many chains and `_has` there are, those within others among them."""
    found = 0
    for clause in clauses:
        found += isinstance(clause, Chain | Named | Has | NamedBy) + sum(
            looks(target.clauses) for target in targets_of(clause)
        )
    return found


def any_of(clauses: Iterable[Clause], fits: Callable[[Clause], bool]) -> bool:
    """Whether one of the clauses fits, or one of those they look for."""
    return any(fits(clause) or any(any_of(target.clauses, fits) for target in targets_of(clause)) for clause in clauses)
