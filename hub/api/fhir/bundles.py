"""POST of a Bundle to the base: batch, transaction or submission. https://hl7.org/fhir/R4/http.html#transaction"""

from __future__ import annotations

from hub.api.fhir.batch import batch
from hub.api.fhir.exchange import Answer, Ask
from hub.api.fhir.parameters import refuse_all
from hub.api.fhir.provide import provide
from hub.api.fhir.transaction import transaction
from hub.api.services import Services
from hub.kernel.errors import Category, HubError


async def batch_or_transaction(services: Services, ask: Ask) -> Answer:
    """Dispatch on Bundle.type. Raises HubError UNREADABLE (400) for anything but a Bundle of these two types."""
    refuse_all(ask, shaped=False)
    bundle = ask.resource
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        raise HubError(Category.UNREADABLE, "is not a Bundle", where="body", code="type-mismatch")
    if services.documents is not None and services.documents.desk.is_submission(bundle):
        return await provide(services, services.documents, ask, bundle)
    if bundle.get("type") == "transaction":
        return await transaction(services, ask, bundle)
    if bundle.get("type") == "batch":
        return await batch(services, ask, bundle)
    raise HubError(Category.UNREADABLE, "is neither batch nor transaction", where="Bundle.type", code="type-mismatch")
