"""An actor as the `request` of the consent rules (section 1). Pure: nothing of it comes from request parameters."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from consent.person import Person
from consent.tables import ENTERPRISE, REGIONAL_CENTRE, RESEARCHER
from consent.times import holds, read_period
from hub.auth.actor import Actor
from hub.auth.approvals import DEFAULT_PURPOSE, ETHICS, SECOND, Approval
from hub.auth.directory import PREFIX, Directory
from hub.auth.roles import VOCABULARY, is_own
from hub.auth.scopes import confines
from hub.gate.moments import moment_of
from hub.kernel.types import Json

#: Roles that see one person's record, the one their token is bound to.
PERSONAL: Final = frozenset({"patient", "proxy"})
#: Roles that use no identified record.
SECONDARY: Final = frozenset({REGIONAL_CENTRE, RESEARCHER, ENTERPRISE})


def is_confined(actor: Actor) -> bool:
    """Whether the actor sees one person only, whom the token names."""
    return actor.role in PERSONAL or confines(actor.scopes)


def sees_vocabulary_alone(actor: Actor, rtype: str | None) -> bool:
    """Whether all a request for this type may meet is what codes mean, whatever it looks into besides: of the hub's own
    roles always, and of those that use no identified record where they read that as it stands.
    """
    return is_own(actor.role) or (actor.role in SECONDARY and rtype in VOCABULARY)


def request_of(actor: Actor, directory: Directory, at: datetime) -> Json:
    """The request of an actor at an instant. A declared break-glass is as old as the token that declares it."""
    request: Json = {
        "time": at.isoformat(),
        "requester": {"role": actor.role, "reference": actor.reference},
        "purpose": list(actor.purpose),
        "form": actor.form,
        "action": "access",
    }
    if directory.knows(actor.organization):
        request["requester"]["organization"] = PREFIX + actor.organization.removeprefix(PREFIX)
    if actor.break_glass is not None:
        declared = None if actor.issued is None else actor.issued.isoformat()
        request["breakGlass"] = {"declared": True, "justification": actor.break_glass, "declaredAt": declared}
    return request


def second_person(approval: Approval | None, actor: Actor, person: Person, at: datetime) -> Json:
    """The `coApproval` of the rules: one that is active, for this requester, patient, purpose and time; else {}."""
    if approval is None or approval.kind != SECOND or actor.reference is None:
        return {}
    given = approval.content
    period = read_period(given.get("period"))
    if given.get("status") != "active" or given.get("for") != actor.reference or not holds(period, moment_of(at)):
        return {}
    bound = set(given.get("purpose", DEFAULT_PURPOSE))
    if given.get("patient") not in person.references or not bound.issuperset(actor.purpose):
        return {}
    return {"reference": given.get("reference"), "organization": given.get("organization")}


def ethics_approval(approval: Approval | None) -> Json:
    """The `ethicsApproval` of the rules, as it was recorded; {} where the token names none."""
    if approval is None or approval.kind != ETHICS:
        return {}
    return {"id": approval.id, **approval.content}
