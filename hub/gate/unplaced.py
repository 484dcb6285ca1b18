"""What stands in nobody's record and is not for all: Questionnaires, Endpoints, Devices, Bundles, Groups and the like.

The consent rules decide about patients (section 3, step 4) and name eleven types that everybody reads (step 3). What is
of neither kind is read where it was written, as step 12 has it of a clinician: by those of the author's legal entity
(docs/decisions/0067-in-nobodys-record.md). A token that sees one person alone does not see it.
"""

from __future__ import annotations

from typing import Final

from consent.tables import CLINICIAN, NON_PATIENT_TYPES
from hub.auth.actor import Actor
from hub.fhir.compartments import stands_alone
from hub.gate.asking import is_confined
from hub.store.resource_types import NUMBERS

#: The types of which a resource about no patient is its author's alone.
UNPLACED: Final = frozenset(rtype for rtype in NUMBERS if stands_alone(rtype)) - NON_PATIENT_TYPES


def reads_unplaced(actor: Actor) -> bool:
    """Whether the actor reads what its own legal entity wrote of these types."""
    return actor.role == CLINICIAN and not is_confined(actor)
