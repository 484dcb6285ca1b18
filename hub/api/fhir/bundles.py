"""POST of a Bundle to the base: batch, transaction or submission. https://hl7.org/fhir/R4/http.html#transaction"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hub.api.fhir.batch import batch
from hub.api.fhir.exchange import Answer, Ask
from hub.api.fhir.parameters import refuse_all
from hub.api.fhir.provide import provide
from hub.api.fhir.transaction import transaction
from hub.api.services import Services
from hub.kernel.errors import Category, HubError

_AS_REQUESTS: Final = "give each entry a request, and send it as a batch or a transaction"
_NO_BUNDLE: Final = "POST a resource to its type (Patient); Bundles of type batch or transaction come here"
_ANSWER: Final = "send the requests, as a batch or a transaction; this is what they are answered with"

#: What to do with a Bundle of another type (https://hl7.org/fhir/R4/valueset-bundle-type.html).
_ELSEWHERE: Final[Mapping[str, str]] = {
    "document": f"POST it to Bundle, which keeps it as it is; or {_AS_REQUESTS}",
    "message": "POST it to $process-message",
    "collection": f"POST it to Bundle, which keeps it as it is; or {_AS_REQUESTS}",
    "searchset": _AS_REQUESTS,
    "history": _AS_REQUESTS,
    "batch-response": _ANSWER,
    "transaction-response": _ANSWER,
}


async def batch_or_transaction(services: Services, ask: Ask) -> Answer:
    """Dispatch on Bundle.type. Raises HubError UNREADABLE (400) for anything but a Bundle of these two types."""
    refuse_all(ask, shaped=False)
    bundle = ask.resource
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        raise HubError(Category.UNREADABLE, "is not a Bundle", where="body", todo=_NO_BUNDLE, code="type-mismatch")
    if services.documents is not None and services.documents.desk.is_submission(bundle):
        return await provide(services, services.documents, ask, bundle)
    if bundle.get("type") == "transaction":
        return await transaction(services, ask, bundle)
    if bundle.get("type") == "batch":
        return await batch(services, ask, bundle)
    raise _elsewhere(bundle.get("type"))


def _elsewhere(kind: object) -> HubError:
    """The refusal of a Bundle of that type. What is no type is not repeated."""
    known = kind if isinstance(kind, str) and kind in _ELSEWHERE else ""
    return HubError(
        Category.UNREADABLE,
        f"is {known}, which is neither batch nor transaction" if known else "is neither batch nor transaction",
        where="Bundle.type",
        todo=_ELSEWHERE.get(known, "send a Bundle of type batch or transaction"),
        code="type-mismatch",
    )
