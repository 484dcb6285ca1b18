"""The table of all interactions: what the API dispatches and the capability statement announces."""

from __future__ import annotations

from typing import Final

from hub.api.fhir import subscription
from hub.api.fhir.bundles import batch_or_transaction
from hub.api.fhir.everything import EVERYTHING, everything
from hub.api.fhir.match import MATCH, match
from hub.api.fhir.router import Interaction, Router
from hub.api.fhir.singles import SINGLES

INTERACTIONS: Final = (
    *SINGLES,
    Interaction("transaction", "POST", "", batch_or_transaction, "resource"),
    Interaction(
        "everything", "POST", "/{type}/{id}/$everything", everything, "parameters", operation=EVERYTHING, only="Patient"
    ),
    Interaction("match", "POST", "/{type}/$match", match, "resource", operation=MATCH, only="Patient"),
    *(
        Interaction(name, method, path, handle, body, operation=definition, only="Subscription")
        for name, method, path, handle, body, definition in subscription.OPERATIONS
    ),
)

ROUTER: Final = Router(INTERACTIONS)
