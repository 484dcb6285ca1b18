"""What a client may write: its own facility's resources, of the types that are not the hub's to keep (design, 7).

What codes mean is said by administrators, for every facility, and they write nothing else.

A refusal does not tell a resource of another facility from one that does not exist.
"""

from __future__ import annotations

from typing import Final

from hub.auth.actor import Actor
from hub.auth.directory import Directory
from hub.auth.roles import ADMINISTRATOR, VOCABULARY
from hub.auth.scopes import Letter, allows, confines
from hub.kernel.errors import Category, HubError

#: Roles that write records: they look after patients, or are a system of a facility.
WRITERS: Final = frozenset({"clinician", "family-doctor", "feed"})

#: Types that have a door of their own, or that only the hub itself writes.
RESERVED: Final = {
    "AuditEvent": "the hub writes it",
    "CapabilityStatement": "the hub writes it",
    "Consent": "POST it to /api/consents",
    "Linkage": "the patient index decides",
    "Parameters": "it is not a record",
    "OperationOutcome": "it is not a record",
    "Person": "the patient index decides",
    "Provenance": "the hub writes it",
    "SearchParameter": "it is no record: an administrator defines it by itself or in a batch, not in a transaction",
    "Subscription": "it is no record: use it by itself or in a batch, not in a transaction",
}


class Rights:
    """Judges writes by organisation; holds no state but the directory."""

    def __init__(self, directory: Directory) -> None:
        self._directory: Final = directory

    def check(self, actor: Actor, rtype: str, letter: Letter, where: str = "") -> None:
        """Raises HubError FORBIDDEN when the actor may not do this to any resource of this type."""
        where = where or rtype
        if not self._writes(actor, rtype):
            what = "what codes mean is said by administrators" if rtype in VOCABULARY else "this role writes no records"
            raise HubError(Category.FORBIDDEN, what, where=where, code="role")
        if rtype in RESERVED:
            raise HubError(
                Category.FORBIDDEN,
                "this type is not written here",
                where=where,
                todo=RESERVED[rtype],
                code="reserved-type",
            )
        # Whose record a write would touch is not known here: a token for one patient's record only reads it.
        if confines(actor.scopes) or not allows(actor.scopes, rtype, letter):
            raise HubError(Category.FORBIDDEN, "no scope of the token allows it", where=where, code="scope")

    def _writes(self, actor: Actor, rtype: str) -> bool:
        if rtype in VOCABULARY:
            return actor.role == ADMINISTRATOR
        return actor.role in WRITERS and self.entity(actor) != ""

    def owns(self, actor: Actor, author_org: str) -> bool:
        """Whether a resource of this author organisation is the actor's to change: the same legal entity.

        What administrators may write is theirs whoever wrote it.
        """
        if actor.role == ADMINISTRATOR:
            return True
        entity = self.entity(actor)
        return entity != "" and self._directory.legal_entity(author_org) == entity

    def may_choose(self, actor: Actor, rid: str) -> bool:
        """Whether a client may give a new resource this id.

        One in its facility's id space (`Directory.owner_of`); ids of the server have no hyphen. So a client can only
        ever meet its own resources there, and neither an id it may not use nor one that others have tells it
        anything. To administrators nothing they write is hidden.
        """
        if actor.role == ADMINISTRATOR:
            return True
        facility = self._directory.owner_of(rid)
        return facility is not None and self.owns(actor, facility)

    def entity(self, actor: Actor) -> str:
        """Code of the actor's legal entity; "" for an organisation that is not in the consortium."""
        return self._directory.legal_entity(actor.organization) or ""

    def siblings(self, actor: Actor) -> tuple[str, ...]:
        """Codes of the organisations the actor may write for."""
        return self._directory.same_entity(actor.organization)
