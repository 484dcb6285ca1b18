"""Who a Task was given to says how it goes: one rule for alerts, referrals and every other Task. Pure.

The Task stays its author's. Its owner, a practitioner or a facility, sees it by the gate alone, and may change how it
stands, the notes and what came of it; whatever else the owner sends must be what the owner was shown.
"""

from __future__ import annotations

from typing import Final

from hub.auth.actor import Actor
from hub.fhir.json import loads
from hub.fhir.references import parse_reference
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.records.rights import Rights
from hub.store.values import Stored

#: What an owner says.
_OWNERS: Final = ("status", "businessStatus", "note", "output")
#: Statuses that only who gave a Task says: that it is no Task yet, or should never have been one.
_AUTHORS: Final = frozenset({"draft", "requested", "entered-in-error"})
#: What no owner takes back: there is no Task, or none any more (R4: `cancelled` is an end). Who gave it may begin anew.
_NO_TASK: Final = frozenset({"draft", "cancelled", "entered-in-error"})


def is_given(actor: Actor, current: Stored | None, rights: Rights) -> bool:
    """Whether a version is a Task of another facility that names the actor, or the actor's facility, as its owner."""
    if current is None or current.type != "Task" or current.deleted or rights.owns(actor, current.facts.author_org):
        return False
    owner = parse_reference(loads(current.body).get("owner", {}).get("reference", ""))
    if owner is None:
        return False
    if owner.type == "Practitioner":
        return actor.reference == f"Practitioner/{owner.id}"
    return owner.type == "Organization" and rights.owns(actor, owner.id)


def answered(standing: Json, seen: Json, said: Json, where: str = "") -> Json:
    """The Task `standing` with what its owner, who was shown `seen`, changed in what was `said`.

    Raises HubError FORBIDDEN for a change of anything else.
    """
    for name in sorted((seen.keys() | said.keys()) - {"meta", *_OWNERS}):
        if seen.get(name) != said.get(name):
            raise _refused(name, where, f"change {', '.join(_OWNERS)} alone, or answer with a Task of your own")
    changed = [name for name in _OWNERS if seen.get(name) != said.get(name)]
    if "status" in changed and said.get("status") in _AUTHORS:
        raise _refused("status", where, "say how it goes: accepted, rejected, in-progress, completed, or the like")
    if "status" in changed and seen.get("status") in _NO_TASK:
        raise _refused("status", where, "leave it: who gave the Task says whether there is one")
    kept = {name: value for name, value in standing.items() if name not in changed}
    return kept | {name: said[name] for name in changed if name in said}


def _refused(name: str, where: str, todo: str) -> HubError:
    place = f"{where}.resource.{name}" if where else f"Task.{name}"
    what = "is not for the owner of a Task to change"
    return HubError(Category.FORBIDDEN, what, where=place, todo=todo, code="task-owner")
