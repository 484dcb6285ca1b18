"""Resources named by type and id, those of them that may be seen; and what names some resources."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from msgspec import Struct

from hub.db.database import Tx
from hub.kernel.ids import reference_key
from hub.store.criteria import Bind
from hub.store.emit import Emitter, statement
from hub.store.predicate import Seen, may_see, seen
from hub.store.read import COLUMNS, opened
from hub.store.resource_types import type_number
from hub.store.values import Stored, Visible

#: Resources of type $4 that name others ($2, keys; $3, ids) of the same patients ($1).
_HOLDERS: Final = """
SELECT t.id, r.id, r.version
FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS t (pkey, key, id)
JOIN resource r ON r.pkey = t.pkey AND r.type = $4 AND NOT r.deleted AND t.key = ANY(r.refs)
ORDER BY t.id, r.id
"""


class _Plan(Struct, frozen=True):
    """One statement to make; plans of one shape are equal."""

    keys: Bind
    seen: Seen


async def holders(
    tx: Tx, named_ones: Collection[tuple[str, str]], rtype: str, holder: str
) -> dict[str, list[tuple[str, str, int]]]:
    """See `Store.holders`."""
    patients = [reference_key("Patient", patient) for patient, _ in named_ones]
    ids = [rid for _, rid in named_ones]
    found: dict[str, list[tuple[str, str, int]]] = {}
    keys = [reference_key(rtype, rid) for rid in ids]
    for rid, holding, version in await tx.fetch(_HOLDERS, patients, keys, ids, type_number(holder)):
        found.setdefault(rid, []).append((holder, holding, version))
    return found


async def named(tx: Tx, refs: Iterable[tuple[str, str]], visible: Visible) -> dict[tuple[str, str], Stored]:
    """See `Store.named`."""
    plan = _Plan(Bind([reference_key(*ref) for ref in refs], "uuid[]"), seen(visible))
    text, values = _text(plan)
    return {row.reference: row for row in await opened(tx, await tx.fetch(text, *values))}


@statement(256)
def _text(emit: Emitter, plan: _Plan) -> str:
    columns = ", ".join(f"r.{name}" for name in COLUMNS.split(", "))
    return (
        f"SELECT {columns} FROM resource_home h JOIN resource r ON r.pkey = h.pkey AND r.key = h.key"
        f" WHERE h.key = ANY({emit.use(plan.keys)}) AND NOT r.deleted AND {may_see(emit, plan.seen, 'r')}"
    )
