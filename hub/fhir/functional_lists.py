"""Functional lists (`_list=$current-problems`): what of a type is current, as search criteria. Facts only.

Names and types: R4 lifecycle.html, Current Resource Lists. R4 leaves to a server what is on them, since no element of a
resource says whether it is on somebody's curated list. Nobody curates one list for all facilities, so here what is told
of a patient and not over, refuted or entered in error is on it, stated by whomever; what states no clinical status is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

#: Parameter and value; all must hold.
Criteria = tuple[tuple[str, str], ...]

_TOLD: Final = ("verification-status:not", "refuted,entered-in-error")
_ALLERGIES: Final = (("clinical-status:not", "inactive,resolved"), _TOLD)

FUNCTIONAL_LISTS: Final[Mapping[str, Mapping[str, Criteria]]] = {
    "$current-problems": {"Condition": (("clinical-status:not", "inactive,remission,resolved"), _TOLD)},
    "$current-medications": {
        "MedicationRequest": (("status", "active"), ("intent:not", "proposal,option")),
        "MedicationStatement": (("status", "active"),),
    },
    "$current-allergies": {"AllergyIntolerance": _ALLERGIES},
    "$current-drug-allergies": {"AllergyIntolerance": (*_ALLERGIES, ("category", "medication"))},
}
