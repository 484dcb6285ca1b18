"""The message that answers another. https://hl7.org/fhir/R4/messaging.html#3.4.1.3"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from hub.api.failures import outcome_of
from hub.api.fhir.bundle import bundle, entry, instant
from hub.api.fhir.exchange import Answer
from hub.api.fhir.messaging.message import EVENTS, Message
from hub.api.services import Services
from hub.fhir.json import dumps
from hub.fhir.outcome import operation_outcome
from hub.gate.released import Released
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Issue, Json

#: What may come right by itself: the same message may be sent again (R4 value set response-code).
_TRANSIENT: Final = frozenset({Category.UNAVAILABLE, Category.THROTTLED, Category.FAULT})


def done(
    services: Services,
    message: Message,
    about: Sequence[str],
    warnings: Sequence[Issue],
    found: Iterable[Released] = (),
) -> Answer:
    """The message was processed: `about` are references to what was written or found, `found` goes with it."""
    outcome = operation_outcome(warnings) if warnings else None
    return _answer(services, message, "ok", outcome, about, found)


def refused(services: Services, message: Message, error: HubError, outcome: Json | None = None) -> Answer:
    """The message was not processed, and nothing of it written; `outcome` says it in other words than the error."""
    code = "transient-error" if error.category in _TRANSIENT else "fatal-error"
    return _answer(services, message, code, outcome or outcome_of(error), (), ())


def _answer(
    services: Services,
    message: Message,
    code: str,
    outcome: Json | None,
    about: Sequence[str],
    found: Iterable[Released],
) -> Answer:
    base, number = services.base_url, services.new_id()
    response: Json = {"identifier": message.id, "code": code}
    entries = []
    if outcome is not None:
        response["details"] = {"reference": f"OperationOutcome/{number}"}
        url = f"{base}/OperationOutcome/{number}"
        entries.append(entry(full_url=url, resource=dumps({**outcome, "id": number})))
    header: Json = {
        "resourceType": "MessageHeader",
        "id": number,
        "eventCoding": {"system": f"{services.canonical_base}/{EVENTS}", "code": message.event},
        "destination": [{"endpoint": message.endpoint}],
        "source": {"endpoint": f"{base}/$process-message"},
        "response": response,
        **({"focus": [{"reference": one} for one in about]} if about else {}),
    }
    first = entry(full_url=f"{base}/MessageHeader/{number}", resource=dumps(header))
    entries += [entry(full_url=f"{base}/{one.type}/{one.id}", resource=one.body) for one in found]
    told = bundle("message", [first, *entries], head={"timestamp": instant(services.clock())})
    return Answer(status=200, body=told)
