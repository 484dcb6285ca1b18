"""The statements of one patient's record: its rows, what they refer to, whether it holds anything."""

from __future__ import annotations

from msgspec import Struct

from hub.store.criteria import Bind
from hub.store.emit import Emitter, every, statement
from hub.store.predicate import Seen, may_see
from hub.store.read import COLUMNS


class Kinds(Struct, frozen=True):
    """Resource types as the shorter of two lists: these, or all but these. `low` and `high` bound their numbers."""

    numbers: Bind
    negated: bool
    low: Bind
    high: Bind


class After(Struct, frozen=True):
    """Where to go on: a place in the order, and the snapshot of the first page (None on that one)."""

    row: tuple[Bind, ...]
    snapshot: Bind | None


class Plan(Struct, frozen=True):
    """One statement to make; plans of one shape are equal. `targets`: types of what is referred to.

    `pkeys`: the source patients, of whom `rows` takes the first alone, so that rows come in the order of the index.
    `leading`: `opening` and `rows` tell of each row what it refers to. `keys`: what is referred to, where it is known.
    """

    pkeys: Bind
    kinds: Kinds
    seen: Seen
    start: Bind | None = None
    end: Bind | None = None
    since: Bind | None = None
    targets: Kinds | None = None
    after: After | None = None
    limit: Bind | None = None
    leading: bool = False
    keys: Bind | None = None


def _of(emit: Emitter, kinds: Kinds, row: str) -> str:
    """Of these types. The list is no index condition: with one, the rows would not come in the order of the index."""
    return f"({row}.type = ANY({emit.use(kinds.numbers)})) IS {'NOT ' if kinds.negated else ''}TRUE"


def _may_leave(emit: Emitter, plan: Plan, kinds: Kinds, row: str) -> list[str]:
    among = emit.use(plan.pkeys) if plan.keys is None else None
    return [_of(emit, kinds, row), f"NOT {row}.deleted", may_see(emit, plan.seen, row, among=among)]


def _in_time(emit: Emitter, plan: Plan, row: str) -> list[str]:
    """Care dates overlap what is asked for; what has no care date is not outside of it."""
    conditions = []
    if plan.start is not None:
        conditions.append(f"({row}.clinical_end IS NULL OR {row}.clinical_end > {emit.use(plan.start)})")
    if plan.end is not None:
        conditions.append(f"({row}.clinical_start IS NULL OR {row}.clinical_start < {emit.use(plan.end)})")
    return conditions


def _since(emit: Emitter, plan: Plan, row: str) -> list[str]:
    return [] if plan.since is None else [f"{row}.updated >= {emit.use(plan.since)}"]


def _columns(row: str) -> str:
    return ", ".join(f"{row}.{name}" for name in COLUMNS.split(", "))


def _refs(plan: Plan) -> str:
    """As the bytes of the array: a page's rows refer to much the same, and few of a kind are read once."""
    return ", array_send(r.refs)" if plan.leading else ""


@statement(256)
def opening(emit: Emitter, plan: Plan) -> str:
    """The Patients' own rows (one row of nulls where there is none to give), each with the snapshot."""
    keys = emit.use(plan.pkeys)
    own = [f"r.pkey = ANY({keys})", f"r.key = ANY({keys})", "r.key = r.pkey"]
    own += _may_leave(emit, plan, plan.kinds, "r") + _in_time(emit, plan, "r") + _since(emit, plan, "r")
    if plan.after is not None:
        own += _unchanged(emit, plan.after, "r")
    return (
        f"SELECT {_columns('r')}, s.s::text{_refs(plan)}"
        f" FROM pg_current_snapshot() AS s LEFT JOIN resource r ON {every(own)}"
    )


@statement(256)
def rows(emit: Emitter, plan: Plan) -> str:
    """Rows in their order, each with its date."""
    conditions = [f"r.pkey = {emit.first(plan.pkeys)}"]
    conditions.append(f"r.type BETWEEN {emit.use(plan.kinds.low)} AND {emit.use(plan.kinds.high)}")
    conditions += _may_leave(emit, plan, plan.kinds, "r") + _in_time(emit, plan, "r") + _since(emit, plan, "r")
    if plan.after is not None:
        number, low, key = map(emit.use, plan.after.row)
        conditions.append(f"(r.type, r.date_low, r.key) > ({number}, {low}, {key})")
        conditions += _unchanged(emit, plan.after, "r")
    return (
        f"SELECT {_columns('r')}, r.date_low{_refs(plan)} FROM resource r WHERE {every(conditions)}"
        f" ORDER BY r.type, r.date_low, r.key LIMIT {_limit(emit, plan)}"
    )


@statement(256)
def referred(emit: Emitter, plan: Plan) -> str:
    """What the rows refer to that is about no patient, by key."""
    conditions = ["t.patient IS NULL", *_since(emit, plan, "t")]
    if plan.targets is not None:
        conditions += _may_leave(emit, plan, plan.targets, "t")
    if plan.after is not None:
        conditions.append(f"w.key > {emit.use(plan.after.row[0])}")
        conditions += _unchanged(emit, plan.after, "t")
    return (
        f"SELECT {_columns('t')} FROM {_keys(emit, plan)} w (key) JOIN resource t ON t.pkey = w.key AND t.key = w.key"
        f" WHERE {every(conditions)} ORDER BY w.key LIMIT {_limit(emit, plan)}"
    )


def _keys(emit: Emitter, plan: Plan) -> str:
    """Each key that the rows refer to, once."""
    if plan.keys is not None:
        return f"unnest({emit.use(plan.keys)})"
    leading = [f"r.pkey = ANY({emit.use(plan.pkeys)})"]
    leading += _may_leave(emit, plan, plan.kinds, "r") + _in_time(emit, plan, "r")
    # unnest among the columns: as a table of its own it would be set up anew for each row.
    return f"(SELECT DISTINCT unnest(r.refs) FROM resource r WHERE {every(leading)})"


@statement(256)
def holds(emit: Emitter, plan: Plan) -> str:
    """Whether there is any row."""
    conditions = [f"r.pkey = ANY({emit.use(plan.pkeys)})", *_may_leave(emit, plan, plan.kinds, "r")]
    return f"SELECT EXISTS (SELECT FROM resource r WHERE {every(conditions)})"


def _unchanged(emit: Emitter, after: After, row: str) -> list[str]:
    if after.snapshot is None:
        return []
    # A subselect: the text is read once, not for each row.
    return [f"pg_visible_in_snapshot({row}.xid, (SELECT {emit.use(after.snapshot)}::pg_snapshot))"]


def _limit(emit: Emitter, plan: Plan) -> str:
    return "ALL" if plan.limit is None else emit.use(plan.limit)
