"""Which rows fulfil clauses: FROM and WHERE of one look into resources.

Exactly one clause leads: the access path. All others are filters, written so that no index is tried for them. The
planner takes a GIN clause and a promoted column for independent, and combining two index scans was measured to be
twenty times slower than the better of the two (docs/decisions/0003-store-layout.md). The gate's predicate is part of
every scan, so that a resource that may not be seen leads to nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from hub.kernel.errors import Category, HubError
from hub.store import canonical_chains, side_rows, value_filters
from hub.store.criteria import (
    Bind,
    Chain,
    Clause,
    Defines,
    Either,
    Has,
    Ids,
    Members,
    Mentions,
    Missing,
    Named,
    NamedBy,
    Near,
    People,
    Phrases,
    Strings,
    Target,
    Texts,
    Tokens,
    Types,
    Under,
)
from hub.store.emit import Emitter, every, reference_token
from hub.store.hierarchies import reached
from hub.store.people import same_person, sources
from hub.store.predicate import Seen, may_see


class Scan(Struct):
    """FROM and conditions of one look; `row` is the alias of resource, `low` and `key` where its date and key are read,
    `order` the date as rows are ordered by it.
    """

    row: str
    tables: str
    conditions: list[str]
    low: str
    key: str
    order: str

    def sql(self, columns: str) -> str:
        return f"SELECT {columns} FROM {self.tables} WHERE {every(self.conditions)}"


_NO_LEAD: Final = 9


def scan(emit: Emitter, rtype: Bind | None, clauses: Sequence[Clause], who: Seen, *, whole: bool = False) -> Scan:
    """The rows of one type (None: any) that fulfil all clauses and may be seen.

    `whole`: all of them are wanted, not the first of an order.
    """
    row = emit.alias("r")
    lead = leader(clauses)
    rank = _NO_LEAD if lead is None else _rank(lead)
    found = Scan(row, f"resource {row}", [], f"{row}.date_low", f"{row}.key", f"{row}.date_low")
    rest = list(clauses)
    if lead is not None and rank in {_PATIENT, _CODE}:
        rest = _clinical(emit, found, rtype, lead if rank == _PATIENT else None, clauses, who)
    elif lead is not None and rank == _IDS:
        rest.remove(lead)
        found.conditions.append(_at_home(emit, lead, row, who))
    if rtype is not None and found.tables == f"resource {row}":
        by_index = rank in {_PATIENT, _NO_LEAD}
        same = f"{row}.type = {emit.use(rtype)}"
        found.conditions.append(same if by_index else f"coalesce({same}, FALSE)")
    gin = rank in {_SELECTIVE, _TOKENS}
    found.conditions += [_filter(emit, clause, found, who, indexed=gin) for clause in rest]
    found.conditions.append(f"NOT {row}.deleted")
    found.conditions.append(may_see(emit, who, row, among=_among(emit, lead), many=whole and rank > _SELECTIVE))
    return found


def leader(clauses: Sequence[Clause]) -> Clause | None:
    """The clause that is the access path; None where the type's index is."""
    first = min(clauses, key=_rank, default=None)
    return None if first is None or _rank(first) == _NO_LEAD else first


def _among(emit: Emitter, lead: Clause | None) -> str | None:
    """The array of source patients a leading clause names, if it names them itself."""
    match lead:
        case Tokens(lead=Bind(), people=People() as named):
            return sources(emit, named)
    return None


#: How clauses lead, the narrowest first.
_IDS: Final = 0
_PATIENT: Final = 1
_SELECTIVE: Final = 2
_CODE: Final = 3
_STRING: Final = 4
_TOKENS: Final = 5


def _rank(clause: Clause) -> int:
    match clause:
        case Ids(negated=False) | Has() | Either() | Mentions():
            return _IDS
        case Tokens(lead=Bind()) | Chain(lead=Bind()):
            return _PATIENT
        case Tokens(negated=False, selective=True) | Chain() | Named() | Under():
            return _SELECTIVE
        case Tokens(single=True, codes=Bind()):
            return _CODE
        case Strings() | Phrases() | Texts() | Near():
            return _STRING
        case Tokens(negated=False):
            return _TOKENS
    return _NO_LEAD


def _clinical(
    emit: Emitter, found: Scan, rtype: Bind | None, patient: Clause | None, clauses: Sequence[Clause], who: Seen
) -> list[Clause]:
    """Lead by patient, by code, or by both through the coding table. Gives back the clauses left to filter by."""
    code = next((c for c in clauses if isinstance(c, Tokens) and c.codes is not None and not c.negated), None)
    rest: list[Clause] = [c for c in clauses if c is not patient and not (c is code and code.bare)]
    if patient is not None:
        found.conditions.append(_is_about(emit, patient, found.row))
        # A patient's few rows are sorted: offered the order of an index, the planner would walk through everybody's.
        found.order = f"({found.low} + interval '0')"
    if code is None or rtype is None or code.codes is None:
        if patient is not None:
            found.conditions.append(f"{found.row}.pkey {_patients(emit, patient, who)}")
        return rest
    c = emit.alias("c")
    match_code = [f"{c}.type = {emit.use(rtype)}"]
    if patient is not None:
        match_code.append(f"{c}.pkey {_patients(emit, patient, who)}")
    if code.single:
        match_code.append(f"{c}.code = {emit.first(code.codes)}")
        found.conditions += match_code
        among = f"coding {c}"
        if patient is None:
            # Read in the order of the index.
            found.low, found.key, found.order = f"{c}.date_low", f"{c}.key", f"{c}.date_low"
    else:
        # A resource may have several of the codes: it counts once.
        match_code.append(f"{c}.code = ANY({emit.use(code.codes)})")
        among = f"(SELECT DISTINCT {c}.pkey, {c}.key FROM coding {c} WHERE {every(match_code)}) {c}"
    # LIMIT 1: without a foreign key the planner would take the two equal columns for independent, expect almost no
    # rows, and sort all of them instead of reading the index in the order asked for.
    own = f"SELECT * FROM resource o WHERE o.pkey = {c}.pkey AND o.key = {c}.key LIMIT 1"
    found.tables = f"{among} CROSS JOIN LATERAL ({own}) {found.row}"
    return rest


def _patients(emit: Emitter, clause: Clause, who: Seen) -> str:
    """Comparison of a source-patient key with the patients a leading clause allows."""
    match clause:
        case Chain():
            return f"= ANY(ARRAY({_pointed_from(emit, clause, who)}))"
        case Tokens(people=People() as named):
            return f"= ANY({sources(emit, named)})"
    raise _cannot_lead(clause)


def _is_about(emit: Emitter, clause: Clause, row: str) -> str:
    """Whether the parameter itself names the patient whose key leads the row."""
    match clause:
        case Chain(lead=Bind() as mark) | Tokens(lead=Bind() as mark):
            return f"{emit.use(mark)} = ANY({row}.params)"
    raise _cannot_lead(clause)


def _at_home(emit: Emitter, clause: Clause, row: str, who: Seen) -> str:
    """Lead by key: resource_home knows whose rows hold it."""
    among = _ids(emit, clause) if isinstance(clause, Ids) else f"ARRAY({elsewhere(emit, clause, who)})"
    h = emit.alias("h")
    return f"({row}.pkey, {row}.key) IN (SELECT {h}.pkey, {h}.key FROM resource_home {h} WHERE {h}.key = ANY({among}))"


def elsewhere(emit: Emitter, clause: Clause, who: Seen) -> str:
    """A SELECT of the keys of what fulfils a clause that is looked for apart."""
    match clause:
        case Has():
            return _pointed_at(emit, clause, who)
        case Either():
            return _keys(emit, clause.targets, who)
        case Mentions():
            return _mentioning(emit, clause)
    raise _cannot_lead(clause)


def _cannot_lead(clause: Clause) -> HubError:
    return HubError(Category.FAULT, f"{type(clause).__name__} does not lead", where="search compiler")


def _keys(emit: Emitter, targets: Sequence[Target], who: Seen) -> str:
    """Keys of the resources that fulfil one of several targets."""
    scans = [scan(emit, target.type, target.clauses, who, whole=True) for target in targets]
    return " UNION ALL ".join(found.sql(found.key) for found in scans)


def _ids(emit: Emitter, clause: Ids) -> str:
    """An array of the keys meant."""
    return sources(emit, clause.people) if clause.people is not None else emit.use(clause.keys)


def _mentioning(emit: Emitter, clause: Mentions) -> str:
    """Keys of the owner and of what refers to it. Whether it may be seen is asked of the rows themselves."""
    named = sources(emit, clause.owner) if isinstance(clause.owner, People) else emit.use(clause.owner)
    r, k, p = emit.alias("r"), emit.alias("k"), emit.alias("p")
    each = f"unnest({named}) {k} (key) CROSS JOIN unnest({emit.use(clause.prefixes)}) {p} (prefix)"
    hashes = f"ARRAY(SELECT {reference_token(f'{p}.prefix', f'{k}.key')} FROM {each})"
    return f"SELECT {r}.key FROM resource {r} WHERE {r}.tokens && {hashes} UNION ALL SELECT unnest({named})"


def _pointed_from(emit: Emitter, clause: Chain, who: Seen) -> str:
    """Keys of the resources that a chain's reference may point to."""
    keys = _keys(emit, [target for target in clause.targets if not target.inside], who)
    return same_person(emit, keys) if clause.expand else keys


def _chained(emit: Emitter, clause: Chain, who: Seen) -> str:
    """Hashes of the references of a chain: to what fulfils it elsewhere, or to what a row contains itself."""
    ways = [(clause.prefix, _pointed_from(emit, clause, who))]
    inside = [target for target in clause.targets if target.inside]
    if clause.within is not None and inside:
        ways.append((clause.within, _keys(emit, inside, who)))
    k = emit.alias("k")
    return " UNION ALL ".join(
        f"SELECT {reference_token(emit.use(prefix), f'{k}.key')} FROM ({keys}) {k} (key)" for prefix, keys in ways
    )


def _pointed_at(emit: Emitter, clause: Has, who: Seen) -> str:
    """Keys of the resources that the target's resources refer to by the parameter."""
    found = scan(emit, clause.target.type, clause.target.clauses, who, whole=True)
    k = emit.alias("k")
    found.tables += f" CROSS JOIN LATERAL unnest({found.row}.refs) AS {k} (key)"
    found.conditions.append(f"{reference_token(emit.use(clause.prefix), f'{k}.key')} = ANY({found.row}.tokens)")
    return found.sql(f"{k}.key")


def _filter(emit: Emitter, clause: Clause, found: Scan, who: Seen, *, indexed: bool) -> str:
    """A clause as a condition. `indexed`: token clauses may use the GIN index."""
    row = found.row
    match clause:
        case Tokens(negated=True):
            return f"NOT ({row}.tokens && {emit.use(clause.hashes)})"
        case Tokens():
            return _overlaps(row, _hashes(emit, clause), indexed=indexed)
        case Phrases():
            return _overlaps(row, side_rows.phrases(emit, clause), indexed=indexed)
        case Chain():
            return _overlaps(row, f"ARRAY({_chained(emit, clause, who)})", indexed=indexed)
        case Named() | NamedBy():
            return _by_canonical(emit, clause, row, who, indexed=indexed)
        case Has() | Either() | Mentions():
            return f"{row}.key IN ({elsewhere(emit, clause, who)})"
        case Ids():
            return f"({row}.key = ANY({_ids(emit, clause)})) IS {'NOT ' if clause.negated else ''}TRUE"
        case Types():
            return f"{row}.type = ANY({emit.use(clause.numbers)})"
        case Missing():
            return f"{'NOT ' if clause.missing else ''}({emit.use(clause.param)} = ANY({row}.params))"
        case Under():
            return _overlaps(row, reached(emit, clause, who), indexed=indexed)
        case Members() | Defines():
            raise HubError(Category.FAULT, "the terminology was not asked", where="search compiler")
        case _:
            return value_filters.condition(emit, clause, row, found.low, who)


def _by_canonical(emit: Emitter, clause: Named | NamedBy, row: str, who: Seen, *, indexed: bool) -> str:
    """Whether a row names one of some definitions, or is the definition that one of some rows names."""
    targets = clause.targets if isinstance(clause, Named) else (clause.target,)
    scans = [scan(emit, target.type, target.clauses, who, whole=True) for target in targets]
    if isinstance(clause, NamedBy):
        return canonical_chains.is_named_by(emit, clause, row, scans[0])
    return _overlaps(row, canonical_chains.hashes(emit, clause, scans), indexed=indexed)


def _hashes(emit: Emitter, clause: Tokens) -> str:
    """An array of the hashes asked for, those of all sources of the persons named among them."""
    hashes = emit.use(clause.hashes)
    if clause.people is None or clause.prefix is None:
        return hashes
    k = emit.alias("k")
    hashed = reference_token(emit.use(clause.prefix), f"{k}.key")
    return f"({hashes} || ARRAY(SELECT {hashed} FROM unnest({sources(emit, clause.people)}) AS {k} (key)))"


def _overlaps(row: str, hashes: str, *, indexed: bool) -> str:
    overlap = f"{row}.tokens && {hashes}"
    # coalesce: no index, and the planner takes it for one half instead of rare, so that it still reads in order.
    return overlap if indexed else f"coalesce({overlap}, FALSE)"
