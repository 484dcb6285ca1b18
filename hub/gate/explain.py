"""`_explain`: how a search would be run, for operators. It reads no record and tells nothing of one.

For the roles that keep the hub running (administrator, integration-engineer), which read no records otherwise; nobody
who does may ask, so that it is no oracle. The plan is that of a made-up clinician (docs/reference/search.md).
"""

from __future__ import annotations

from typing import Final

from consent.tables import NON_PATIENT_TYPES, RECORD_TYPES
from hub.auth.scopes import allows
from hub.gate.door import Door
from hub.gate.looks import AUDIT_EVENT
from hub.gate.recorder import Asked, Basis
from hub.gate.searches import Parameters
from hub.gate.unplaced import UNPLACED
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.store.explain import Explained
from hub.store.logic import ALWAYS
from hub.store.query import parse_query
from hub.store.values import Panel, Visible

EXPLAIN: Final = "_explain"
#: Roles that may ask.
OPERATORS: Final = frozenset({"administrator", "integration-engineer"})


async def explain(door: Door, asked: Asked, params: Parameters) -> Json:
    """A Parameters resource: `clause` and `sort` by kind, `leads`, `statement` with placeholders, `plan`.

    Raises HubError FORBIDDEN for other roles and scopes, UNSUPPORTED and INVALID as a search does.
    """
    await _admit(door, asked)
    if asked.type == AUDIT_EVENT:
        raise HubError(Category.UNSUPPORTED, "events are made from the trail, not searched for", where=EXPLAIN)
    wanted = [(name, value) for name, value in params if name != EXPLAIN]
    if [value for name, value in params if name == EXPLAIN] != ["true"]:
        raise HubError(Category.INVALID, "is not true", where=EXPLAIN, todo="write _explain=true")
    query = parse_query(
        asked.type, wanted, base_url=door.base_url, full_text=door.store.full_text, custom=await door.custom()
    )
    async with door.snapshot() as tx:
        told = await door.store.explain(tx, query, _somebody(door))
    await door.recorder.released(asked, [], Basis(grounds=frozenset({asked.actor.role})))
    return _parameters(told)


async def _admit(door: Door, asked: Asked) -> None:
    if asked.actor.role not in OPERATORS:
        reason = "role-not-allowed"
    elif not allows(asked.actor.scopes, asked.type or "*", "s"):
        reason = "scope-not-allowed"
    else:
        return
    await door.recorder.refused(asked, reason)
    raise HubError(
        Category.FORBIDDEN,
        "searches are explained to operators only",
        where="access token",
        todo=f"use a token of {' or '.join(sorted(OPERATORS))}",
        code=reason,
    )


def _somebody(door: Door) -> Visible:
    """What a clinician of an organisation without any patient would see: the shape is that of every clinician's."""
    panel = Panel(kind="care", parties=("",), at=door.clock(), condition=ALWAYS)
    return Visible(types=NON_PATIENT_TYPES, authored=UNPLACED, organizations=("",), withheld=RECORD_TYPES, panel=panel)


def _parameters(told: Explained) -> Json:
    lines = [
        *(("clause", kind) for kind in told.clauses),
        ("leads", told.leads or "the index of the type"),
        *(("sort", kind) for kind in told.order),
        ("statement", told.statement),
        ("plan", "\n".join(told.plan)),
    ]
    return {"resourceType": "Parameters", "parameter": [{"name": name, "valueString": text} for name, text in lines]}
