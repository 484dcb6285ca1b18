"""Before the query: who may ask at all, and the predicate that goes into the SQL. Pure.

At this stage the roles clinician and family-doctor see what their own legal entity authored (consent rules, section 3
step 12) and the types that are about no patient (step 3); no other role reads clinical data.
"""

from __future__ import annotations

from typing import Final

from consent.tables import CLINICAL_ROLES, NON_PATIENT_TYPES, RECORD_TYPES
from hub.auth.actor import Actor
from hub.auth.directory import Directory
from hub.auth.scopes import Letter, allows
from hub.kernel.errors import Category, HubError
from hub.store.values import Visible

NOTHING: Final = Visible()


def admit(actor: Actor, resource_type: str, letter: Letter) -> None:
    """Raise HubError FORBIDDEN when the role has no clinical read or the token's scopes leave this out.

    `resource_type` `*` is a request over all types. Depends on the token alone, so it tells nothing about the store.
    """
    if actor.role not in CLINICAL_ROLES:
        raise _forbidden("this role does not read records", "use the door of its own", "role-not-allowed")
    if not allows(actor.scopes, resource_type, letter):
        raise _forbidden("the token's scopes do not cover this", "ask for a wider scope", "scope-not-allowed")


def visible_to(actor: Actor, directory: Directory, resource_type: str | None = None) -> Visible:
    """The predicate for an admitted actor who searches `resource_type` (None: all types)."""
    if actor.role not in CLINICAL_ROLES or resource_type in RECORD_TYPES:
        return NOTHING
    return Visible(organizations=directory.same_entity(actor.organization), types=NON_PATIENT_TYPES)


def _forbidden(what: str, todo: str, code: str) -> HubError:
    return HubError(Category.FORBIDDEN, what, where="access token", todo=todo, code=code)
