"""What a facility says of two of its Patients by `Patient.link`: one was replaced by the other, or is so no more.

It speaks as an HL7 v2 A40 or A37 does (docs/decisions/0009), and of its own Patients alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from hub.auth.actor import Actor
from hub.db.database import Tx
from hub.fhir.json import loads
from hub.fhir.references import parse_reference
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.mpi.registration import Statement
from hub.mpi.statement_plans import LINK_REMOVED
from hub.records.rights import Rights
from hub.store.store import Store
from hub.store.values import Stored, Write

#: The type of a link to the Patient that survives (R4 value set link-type).
REPLACED_BY: Final = "replaced-by"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """`loser` is replaced by `survivor` from now on; or is so no more where `removed`. Ids of source Patients."""

    survivor: str
    loser: str
    facility: str
    removed: bool = False

    def statement(self, who: str) -> Statement:
        """What the patient index is told."""
        kind = LINK_REMOVED if self.removed else REPLACED_BY
        names = {"survivor": self.survivor, "loser": self.loser, "facility": self.facility}
        return Statement(kind=kind, message=None, who=who, **names)


def survivors(patient: Json) -> frozenset[str]:
    """Ids of the Patients of this server by which one was replaced."""
    links = patient.get("link")
    stated = (link for link in links if isinstance(link, dict)) if isinstance(links, list) else ()
    others = (link.get("other") for link in stated if link.get("type") == REPLACED_BY)
    named = (parse_reference(str(other.get("reference", ""))) for other in others if isinstance(other, dict))
    return frozenset(target.id for target in named if target is not None and target.type == "Patient")


def replacements(write: Write) -> list[Replacement]:
    """What is new in the links of a Patient, in order. A deletion says nothing: its links stay what they were."""
    if write.type != "Patient" or write.resource is None:
        return []
    current = write.current
    before = survivors(loads(current.body)) if current is not None and not current.deleted else frozenset[str]()
    now, facility = survivors(write.resource), write.facts.author_org
    return [
        Replacement(survivor=other, loser=write.id, facility=facility, removed=other in before)
        for other in sorted(before ^ now)
    ]


async def refuse_others(
    tx: Tx, store: Store, rights: Rights, actor: Actor, found: Sequence[Replacement], made: Mapping[str, Write]
) -> None:
    """Raises HubError INVALID (`survivor`) for a survivor that is no standing Patient of the actor's facility.

    `made` are the Patients the same transaction writes, by id. One of another facility and none at all are told alike.
    """
    wanted = sorted({one.survivor for one in found if not one.removed} - made.keys())
    stored = await store.load(tx, [("Patient", rid) for rid in wanted]) if wanted else {}
    for one in found:
        if not one.removed and not _may_survive(one, rights, actor, made, stored):
            raise HubError(
                Category.INVALID,
                "names no other Patient of your facility",
                where="Patient.link",
                todo="merge your own Patients; a steward of the patient index links those of others",
                code="survivor",
            )


def _may_survive(
    one: Replacement,
    rights: Rights,
    actor: Actor,
    made: Mapping[str, Write],
    stored: Mapping[tuple[str, str], Stored],
) -> bool:
    if one.survivor == one.loser:
        return False
    if one.survivor in made:
        return made[one.survivor].resource is not None
    other = stored.get(("Patient", one.survivor))
    return other is not None and not other.deleted and rights.owns(actor, other.facts.author_org)
