"""Consents and audit events stay out of clinical searches, however they are reached (consent rules, section 3 step 7).

The predicate goes by author and patient, so the types are kept out here: of a search over all types by a clause, of
chains and `_has` by refusing to look into them, of what is included by leaving them out. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec.structs import replace

from consent.tables import RECORD_TYPES
from hub.kernel.errors import Category, HubError
from hub.store.criteria import Bind, Clause, Either, Query, Types
from hub.store.resource_types import NUMBERS, type_name
from hub.store.targets import targets_of

_ALL_OTHERS: Final = Types(Bind([number for name, number in NUMBERS.items() if name not in RECORD_TYPES], "smallint[]"))


def confine(query: Query) -> Query:
    """`query` such that its matches are of other types. Raises HubError FORBIDDEN when it looks into these."""
    if query.type is None:
        query = replace(query, clauses=tuple(map(_of_others, query.clauses)))
    if not RECORD_TYPES.isdisjoint(_looked_into(query.clauses)):
        raise HubError(
            Category.FORBIDDEN,
            "consents and audit events cannot be searched through",
            where="search",
            code="record-restricted",
        )
    return query if query.type is not None else replace(query, clauses=(*query.clauses, _ALL_OTHERS))


def _of_others(clause: Clause) -> Clause:
    """Without these types among those that matches may be of, if others are named beside them."""
    if not isinstance(clause, Either):
        return clause
    others = tuple(target for target in clause.targets if type_name(target.type.value) not in RECORD_TYPES)
    return replace(clause, targets=others or clause.targets)


def _looked_into(clauses: Iterable[Clause]) -> Iterator[str]:
    for clause in clauses:
        for target in targets_of(clause):
            yield type_name(target.type.value)
            yield from _looked_into(target.clauses)
