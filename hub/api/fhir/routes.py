"""The table of all interactions: what the API dispatches and the capability statement announces."""

from __future__ import annotations

from typing import Final

from hub.api.fhir.bundles import batch_or_transaction
from hub.api.fhir.router import Interaction, Router
from hub.api.fhir.singles import SINGLES

INTERACTIONS: Final = (
    *SINGLES,
    Interaction("transaction", "POST", "", batch_or_transaction, "resource"),
)

ROUTER: Final = Router(INTERACTIONS)
