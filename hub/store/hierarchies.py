"""Resources that are part of each other: `:below` and `:above` on references (R4 search.html, reference)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hub.store.criteria import Under
from hub.store.emit import Emitter, reference_token
from hub.store.predicate import Seen, may_see

#: Types whose members hang together in a strict hierarchy, and the parameter that names what one is part of.
#: Source: our reading of the R4 resource definitions.
HIERARCHIES: Final[Mapping[str, str]] = {
    "CarePlan": "part-of",
    "Encounter": "part-of",
    "Location": "partof",
    "Organization": "partof",
    "Procedure": "part-of",
    "ResearchStudy": "partof",
    "Task": "part-of",
}


def reached(emit: Emitter, clause: Under, who: Seen) -> str:
    """An array of the hashes of references to what is meant. A resource that may not be seen leads no further."""
    u, n = emit.alias("u"), emit.alias("n")
    step = _above(emit, clause, who, u) if clause.up else _below(emit, clause, who, u)
    # UNION: what was reached already leads nowhere, so that a circle ends.
    walk = (
        f"WITH RECURSIVE {u} (key) AS (SELECT unnest({emit.use(clause.keys)})"
        f" UNION SELECT {n}.key FROM {u} CROSS JOIN LATERAL ({step}) {n})"
    )
    return f"ARRAY({walk} SELECT {reference_token(emit.use(clause.prefix), f'{u}.key')} FROM {u})"


def _below(emit: Emitter, clause: Under, who: Seen, u: str) -> str:
    """What says that it is part of one that was reached."""
    o = emit.alias("o")
    part = reference_token(emit.use(clause.part_of), f"{u}.key")
    return f"SELECT {o}.key FROM resource {o} WHERE {o}.tokens && ARRAY[{part}] AND {_seen(emit, clause, who, o)}"


def _above(emit: Emitter, clause: Under, who: Seen, u: str) -> str:
    """What one that was reached says it is part of."""
    o, h, k = emit.alias("o"), emit.alias("h"), emit.alias("k")
    part = reference_token(emit.use(clause.part_of), f"{k}.key")
    return (
        f"SELECT {k}.key FROM resource_home {h} JOIN resource {o} ON {o}.pkey = {h}.pkey AND {o}.key = {h}.key"
        f" CROSS JOIN LATERAL unnest({o}.refs) AS {k} (key)"
        f" WHERE {h}.key = {u}.key AND {part} = ANY({o}.tokens) AND {_seen(emit, clause, who, o)}"
    )


def _seen(emit: Emitter, clause: Under, who: Seen, row: str) -> str:
    of_type = f"coalesce({row}.type = {emit.use(clause.target.type)}, FALSE)"
    return f"{of_type} AND NOT {row}.deleted AND {may_see(emit, who, row)}"
