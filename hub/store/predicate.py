"""The gate's predicate (hub.store.values.Visible) as SQL: part of every look into resources.

It is wrapped in `coalesce(..., FALSE)`: no index is tried for it, and the planner takes it for one half whatever its
parts, so that one shape of query has one plan (docs/decisions/0003-store-layout.md). The cheap alternatives stand
first; whether a person is on the panel is asked of those rows alone that no other alternative opened.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache, partial
from typing import Final
from uuid import UUID

from msgspec import Struct

from hub.store import condition_sql
from hub.store.condition_sql import Bound
from hub.store.conditions import AuthorOrg, Condition, TypeIn
from hub.store.criteria import Bind, People
from hub.store.emit import Emitter, every, some
from hub.store.logic import assuming, no
from hub.store.people import same_person, same_persons
from hub.store.resource_types import type_number
from hub.store.values import Panel, Visible

#: Beyond so many keys a list is hashed once for the statement, below it is walked for each row.
_MANY: Final = 8


class Keys(Struct, frozen=True):
    """Source-patient keys; `hashed` if there are many."""

    values: Bind
    hashed: bool


class SeenGroup(Struct, frozen=True):
    """A group with its values bound."""

    keys: Keys
    condition: Bound


class SeenPanel(Struct, frozen=True):
    """A panel with its values bound; `many` if many are named."""

    kind: Bind
    parties: Bind
    at: Bind
    condition: Bound
    among: People | None
    many: bool


class Seen(Struct, frozen=True):
    """The gate's predicate with its values bound; None for what it does not say.

    Its sets of types are few and the same for all, so they stand in the text: arrays are dear to send.
    """

    everything: bool = False
    types: str | None = None
    authored: str | None = None
    organizations: Bind | None = None
    withheld: str | None = None
    panel: SeenPanel | None = None
    groups: tuple[SeenGroup, ...] = ()
    confined: Keys | None = None
    ceiling: Bound | None = None


def seen(visible: Visible) -> Seen:
    """Bind the gate's predicate."""
    if visible.everything:
        return Seen(everything=True)
    panel, groups = visible.panel, visible.groups
    # Asked only of rows whose type is not withheld and that no organisation opens: these are not asked for again.
    left = partial(_left, withheld=visible.withheld, organizations=visible.organizations)
    conditions = _apart([left(group.condition) for group in groups])
    return Seen(
        types=_types(visible.types),
        authored=_types(visible.authored),
        organizations=Bind(list(visible.organizations), "text[]") if visible.organizations else None,
        withheld=_types(visible.withheld),
        panel=_panel(panel, _shared(panel.condition)) if panel is not None else None,
        groups=tuple([SeenGroup(_keys(group.pkeys), next(conditions)) for group in groups]),
        confined=_keys(visible.confined) if visible.confined is not None else None,
        ceiling=condition_sql.bound(visible.ceiling) if visible.ceiling is not None else None,
    )


@lru_cache(maxsize=1024)
def _left(condition: Condition, withheld: frozenset[str], organizations: tuple[str, ...]) -> Condition:
    return assuming(condition, {no(TypeIn(withheld))}, {AuthorOrg(frozenset(organizations))})


@lru_cache(maxsize=64)
def _types(names: frozenset[str]) -> str | None:
    """An array of the numbers of some types."""
    numbers = ",".join(str(type_number(name)) for name in sorted(names))
    return f"'{{{numbers}}}'::smallint[]" if names else None


def _keys(pkeys: Sequence[UUID]) -> Keys:
    return Keys(Bind(list(pkeys), "uuid[]"), hashed=len(pkeys) > _MANY)


_MOST_PANELS: Final = 1024
_panels: Final[dict[int, tuple[Condition, Bound]]] = {}
#: What may be seen of patients whose consents say nothing is the same for each of them, request after request.
_bound: Final = lru_cache(maxsize=1024)(condition_sql.bound_by_labels)


def _shared(condition: Condition) -> Bound:
    """The condition of a panel: the same object request after request, and comparing such costs more than using it."""
    known = _panels.get(id(condition))
    if known is not None:
        return known[1]
    if len(_panels) >= _MOST_PANELS:
        _panels.clear()
    # The condition is kept, so that no other has its id.
    _panels[id(condition)] = condition, condition_sql.bound_by_labels(condition, inline=True)
    return _panels[id(condition)][1]


def _apart(conditions: Iterable[Condition]) -> Iterator[Bound]:
    """Each bound; equal ones each for itself, since a value stands once in a plan."""
    known: set[Condition] = set()
    for condition in conditions:
        yield condition_sql.bound_by_labels(condition) if condition in known else _bound(condition)
        known.add(condition)


def _panel(panel: Panel, condition: Bound) -> SeenPanel:
    named = panel.among
    return SeenPanel(
        Bind(panel.kind, "text"),
        Bind(list(panel.parties), "text[]"),
        Bind(panel.at, "timestamptz"),
        condition,
        None if named is None else People(Bind(list(named.keys), "uuid[]"), Bind(list(named.names), "text[]"), True),
        named is not None and len(named.keys) > _MANY,
    )


def may_see(emit: Emitter, who: Seen, row: str, *, among: str | None = None, many: bool = False) -> str:
    """The gate's predicate on a resource row.

    `many`: most of a population is looked at, so the whole panel is read once, if it is needed at all. `among` is an
    array of source-patient keys outside of which no row is looked at: then those are asked for once. Otherwise each row
    that needs the panel asks for its own patient, which costs about what finding the row did.
    """
    if who.everything:
        return "TRUE"
    open_to = []
    about_nobody = _about_nobody(emit, who, row)
    if about_nobody:
        open_to.append(f"({row}.patient IS NULL AND {some(about_nobody)})")
    opened = _opened(emit, who, row, among, many)
    if opened:
        open_to.append(f"({every([f'{row}.patient IS NOT NULL', *_limits(emit, who, row), some(opened)])})")
    if not open_to:
        return "FALSE"
    whole = some(open_to)
    if who.ceiling is not None:
        whole = every([f"({whole})", condition_sql.sql(emit, who.ceiling, row)])
    return f"coalesce({whole}, FALSE)"


def _about_nobody(emit: Emitter, who: Seen, row: str) -> list[str]:
    """What opens a row about no patient: its type, or its type and its author."""
    opened = [] if who.types is None else [f"{row}.type = ANY({who.types})"]
    if who.authored is not None and who.organizations is not None:
        own = f"{row}.author_org = ANY({emit.use(who.organizations)})"
        opened.append(f"({own} AND {row}.type = ANY({who.authored}))")
    return opened


def _limits(emit: Emitter, who: Seen, row: str) -> list[str]:
    limits = []
    if who.withheld is not None:
        limits.append(f"{row}.type <> ALL({who.withheld})")
    if who.confined is not None:
        limits.append(_holds(emit, who.confined, row))
    return limits


def _opened(emit: Emitter, who: Seen, row: str, among: str | None, many: bool) -> list[str]:
    """What opens a row about a patient: its author, the group of its patient, else the panel."""
    opened = []
    if who.organizations is not None:
        opened.append(f"{row}.author_org = ANY({emit.use(who.organizations)})")
    otherwise = "FALSE"
    if who.panel is not None:
        condition = condition_sql.sql(emit, who.panel.condition, row)
        otherwise = f"({condition} AND {_on_panel(emit, who.panel, row, among, many)})"
    cases = [
        f"WHEN {_holds(emit, group.keys, row)} THEN {condition_sql.sql(emit, group.condition, row)}"
        for group in who.groups
    ]
    if cases:
        opened.append(f"CASE {' '.join(cases)} ELSE {otherwise} END")
    elif who.panel is not None:
        opened.append(otherwise)
    return opened


def _holds(emit: Emitter, keys: Keys, row: str) -> str:
    values = emit.use(keys.values)
    return f"{row}.pkey IN (SELECT unnest({values}))" if keys.hashed else f"{row}.pkey = ANY({values})"


def _on_panel(emit: Emitter, panel: SeenPanel, row: str, among: str | None, many: bool) -> str:
    # unnest(ARRAY()): the planner takes it for ten rows and hashes them, whatever it believes of the tables.
    if panel.among is not None:
        return _among_named(emit, panel, panel.among, row)
    if among is not None:
        k = emit.alias("k")
        one = _is_tied(emit, panel, f"{k}.pkey")
        known = f"SELECT {k}.pkey FROM unnest({among}) AS {k} (pkey) WHERE {one}"
        return f"{row}.pkey IN (SELECT unnest(ARRAY({known})))"
    if many:
        return f"{row}.pkey IN (SELECT unnest(ARRAY({_panel_keys(emit, panel)})))"
    return _is_tied(emit, panel, f"{row}.pkey")


def _among_named(emit: Emitter, panel: SeenPanel, named: People, row: str) -> str:
    """The row is about one of those named who are on the panel. Who is, is asked once, if any row needs it."""
    every_source = same_persons(emit, named)

    def tied() -> str:
        n, o, x = emit.alias("n"), emit.alias("o"), emit.alias("x")
        of_person = f"{x}.pkey = ANY(ARRAY(SELECT {o}.pkey FROM {every_source} {o} WHERE {o}.named = {n}.named))"
        ties = f"coalesce({_ties(emit, panel, x)}, FALSE)"
        related = f"EXISTS (SELECT FROM relation {x} WHERE {of_person} AND {ties} OFFSET 0)"
        return f"SELECT {n}.pkey FROM {every_source} {n} WHERE {related}"

    keys = f"SELECT pkey FROM {emit.shared('tied', tied)}"
    return f"{row}.pkey IN ({keys})" if panel.many else f"{row}.pkey = ANY(ARRAY({keys}))"


def _ties(emit: Emitter, panel: SeenPanel, x: str) -> str:
    """A row of relation is one of the panel's."""
    at = emit.use(panel.at)
    return (
        f"{x}.kind = {emit.use(panel.kind)} AND {x}.party = ANY({emit.use(panel.parties)})"
        f" AND {x}.low <= {at} AND {x}.high >= {at}"
    )


def _is_tied(emit: Emitter, panel: SeenPanel, pkey: str) -> str:
    """The person of one source patient is on the panel."""
    x, m, o = emit.alias("x"), emit.alias("m"), emit.alias("o")
    person = f"SELECT {m}.person FROM member {m} WHERE {m}.pkey = {pkey}"
    others = f"ARRAY(SELECT {o}.pkey FROM member {o} WHERE {o}.person = ({person}))"
    of_person = f"{x}.pkey = ANY({others} || {pkey})"
    # Few rows are one person's, many a party's: no index is tried for the latter. OFFSET 0: asked for each row, where
    # the planner might choose to read the whole table at once.
    ties = f"coalesce({_ties(emit, panel, x)}, FALSE)"
    return f"EXISTS (SELECT FROM relation {x} WHERE {of_person} AND {ties} OFFSET 0)"


def _panel_keys(emit: Emitter, panel: SeenPanel) -> str:
    """All source patients of the persons on the panel."""
    x = emit.alias("x")
    return same_person(emit, f"SELECT {x}.pkey FROM relation {x} WHERE {_ties(emit, panel, x)}")
