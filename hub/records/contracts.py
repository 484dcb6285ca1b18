"""Who may lay down a contract with a family doctor: the facility whose patient it is, or to whom she was handed on.

A visit is what a facility sees happen; a contract opens a person's whole record to a named doctor for a year, so the
word of a facility that has never met her is not enough (decision 0059). A registration of the facility's own is its
patient: the index joins it to those of others, and the contract holds for the person for as long as they are joined.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from hub.auth.directory import Directory
from hub.db.database import Tx
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import reference_key

#: Who registered a source patient, and who answers for what hands that patient on to some facilities.
_MET: Final = """
SELECT p.author_org AS registrar, ARRAY(
  SELECT r.author_org FROM relation x JOIN resource r ON r.pkey = x.pkey AND r.key = x.key
  WHERE x.pkey = p.pkey AND x.kind = 'care' AND x.party = ANY($2) AND NOT r.deleted
) AS givers
FROM resource p WHERE p.pkey = $1 AND p.key = $1
"""


class Contracts:
    """Tells by organisation alone: legal entities answer for registrations and referrals."""

    def __init__(self, directory: Directory) -> None:
        self._directory: Final = directory

    async def admits(self, tx: Tx, patient: str, facility: str) -> bool:
        """Whether `facility` (its code) may contract for a source patient (its id), as `tx` sees it."""
        entity = self._directory.legal_entity
        own = entity(facility)
        if own is None:
            return False
        key: UUID = reference_key("Patient", patient)
        met = await tx.fetchrow(_MET, key, list(self._directory.same_entity(facility)))
        if met is None:  # not registered yet: only the entity whose id space it is can do that
            owner = self._directory.owner_of(patient)
            return owner is not None and entity(owner) == own
        registrar = entity(met["registrar"])
        return registrar is not None and (registrar == own or registrar in map(entity, met["givers"]))


def not_admitted() -> HubError:
    """One answer for a patient of others and for one who does not exist."""
    return HubError(
        Category.INVALID,
        "is no patient whom your facility registered, or to whom one was referred by the facility that did",
        where="EpisodeOfCare.patient",
        todo="register the person at your facility (a Patient with her identifiers) and contract for that registration",
        code="contract-patient",
    )
