"""Full text as SQL, such that it finds nothing that would not be shown."""

from __future__ import annotations

from hub.store.criteria import Texts
from hub.store.emit import Emitter, some
from hub.store.predicate import Seen, may_see


def texts(emit: Emitter, clause: Texts, row: str, who: Seen) -> str:
    """The text fits, and everything that it may repeat something of may be seen.

    If one of those may not be seen, or is not there, the narrative and what is said of it are left out as the resource
    leaves (hub/gate/hidden.py), so they must not be found by either.
    """
    v, k, h, o = (emit.alias(letter) for letter in "vkho")
    fits = some([f"{v}.grams @> {emit.use(grams)}" for grams in clause.grams])
    at_home = f"resource_home {h} JOIN resource {o} ON {o}.pkey = {h}.pkey AND {o}.key = {h}.key"
    shown = f"SELECT FROM {at_home} WHERE {h}.key = {k}.key AND NOT {o}.deleted AND {may_see(emit, who, o)}"
    hidden = f"SELECT FROM unnest({v}.about) AS {k} (key) WHERE NOT EXISTS ({shown})"
    return (
        f"EXISTS (SELECT FROM text_value {v} WHERE {v}.pkey = {row}.pkey AND {v}.key = {row}.key"
        f" AND {v}.param = {emit.use(clause.param)} AND {fits} AND NOT EXISTS ({hidden}))"
    )
