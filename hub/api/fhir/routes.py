"""The table of all interactions: what the API dispatches and the capability statement announces."""

from __future__ import annotations

from typing import Final

from hub.api.fhir import subscription
from hub.api.fhir.bundles import batch_or_transaction
from hub.api.fhir.exports import EXPORTS
from hub.api.fhir.imports import IMPORT, import_files
from hub.api.fhir.messaging.process import PROCESS_MESSAGE, process_message
from hub.api.fhir.router import Interaction, Router
from hub.api.fhir.singles import SINGLES
from hub.records.rights import RESERVED

INTERACTIONS: Final = (
    *SINGLES,
    Interaction("transaction", "POST", "", batch_or_transaction, "resource"),
    *EXPORTS,
    Interaction("process-message", "POST", "/$process-message", process_message, "resource", operation=PROCESS_MESSAGE),
    Interaction("import", "POST", "/$import", import_files, "resource", operation=IMPORT),
    *(
        Interaction(name, method, path, handle, body, operation=definition, only="Subscription")
        for name, method, path, handle, body, definition in subscription.OPERATIONS
    ),
)

ROUTER: Final = Router(INTERACTIONS, RESERVED)
