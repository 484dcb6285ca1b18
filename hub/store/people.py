"""Persons in searches: a golden id, or `:mdm`, stands for all source patients of a person.

Who belongs to a person is read from `member` inside the statement, so a link or its reversal shows at once. A source
patient without a row there is a person of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hub.kernel.ids import reference_key
from hub.store.criteria import Bind, People
from hub.store.emit import Emitter

#: The modifier that means all source patients of a person.
EXPAND: Final = "mdm"


def people(ids: Sequence[str], *, expand: bool) -> People:
    """The patients that some ids name."""
    names = list(dict.fromkeys(ids))
    keys = Bind([reference_key("Patient", rid) for rid in names], "uuid[]")
    return People(keys, Bind(names, "text[]"), expand)


def sources(emit: Emitter, named: People) -> str:
    """An array of the source-patient keys that are meant."""
    keys = emit.use(named.keys)
    if named.persons is None:
        return keys
    m = emit.alias("m")
    members = f"SELECT {m}.pkey FROM member {m} WHERE {m}.person = ANY({emit.use(named.persons)})"
    named_ones = f"{keys} || ARRAY({members})"
    return f"ARRAY({same_person(emit, f'SELECT unnest({named_ones})')})" if named.expand else f"({named_ones})"


def same_person(emit: Emitter, keys: str) -> str:
    """A SELECT of the source patients of the persons to whom some belong; `keys` selects the latter."""
    k, m, o = emit.alias("k"), emit.alias("m"), emit.alias("o")
    return (
        f"SELECT coalesce({o}.pkey, {k}.pkey) FROM ({keys}) {k} (pkey)"
        f" LEFT JOIN member {m} ON {m}.pkey = {k}.pkey LEFT JOIN member {o} ON {o}.person = {m}.person"
    )


def same_persons(emit: Emitter, who: People) -> str:
    """A query the statement shares: the source patients of the persons that are named, as (`named`, `pkey`): whose it
    is, by the source patient that was meant, and its key.
    """

    def pairs() -> str:
        n, m, o = emit.alias("n"), emit.alias("m"), emit.alias("o")
        given = f"SELECT unnest({emit.use(who.keys)})"
        if who.persons is not None:
            p = emit.alias("p")
            given += f" UNION ALL SELECT {p}.pkey FROM member {p} WHERE {p}.person = ANY({emit.use(who.persons)})"
        return (
            f"SELECT {n}.pkey AS named, coalesce({o}.pkey, {n}.pkey) AS pkey FROM ({given}) {n} (pkey)"
            f" LEFT JOIN member {m} ON {m}.pkey = {n}.pkey LEFT JOIN member {o} ON {o}.person = {m}.person"
        )

    return emit.shared("persons", pairs)
