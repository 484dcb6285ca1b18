"""What the trail keeps of one request."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Final, Protocol
from uuid import UUID

from msgspec import Struct, field


class Interaction(StrEnum):
    """What was asked for: codes of http://hl7.org/fhir/restful-interaction."""

    READ = "read"
    VREAD = "vread"
    HISTORY = "history-instance"
    HISTORY_TYPE = "history-type"
    HISTORY_SYSTEM = "history-system"
    SEARCH_TYPE = "search-type"
    SEARCH_SYSTEM = "search-system"
    CREATE = "create"
    UPDATE = "update"  #: also one that created, since a PUT was asked for
    DELETE = "delete"
    TRANSACTION = "transaction"  #: the request as a whole; each version it made has an entry of its own
    OPERATION = "operation"


class Outcome(StrEnum):
    """What became of it."""

    RELEASED = "released"  #: permitted, for a write: done; a search that found nothing is released too
    ABSENT = "absent"  #: nothing there under this address
    REFUSED = "refused"  #: the decision denied it; the requester was told what `ABSENT` is told, or 403
    INCIDENT = "incident"  #: the check at release contradicted the predicate; nothing was released


class Requester(Struct, frozen=True, kw_only=True):
    """Who asked, as the token said. `reference` is the person, `patient` the patient the token is bound to."""

    role: str
    organization: str
    client: str
    token_id: str
    purpose: tuple[str, ...]
    form: str
    reference: str | None = None
    patient: str | None = None
    break_glass: str | None = None
    co_approval: str | None = None


class Asker(Protocol):
    """What the trail needs to know of a verified actor; the fields are those of `Requester`."""

    @property
    def role(self) -> str: ...
    @property
    def organization(self) -> str: ...
    @property
    def client(self) -> str: ...
    @property
    def token_id(self) -> str: ...
    @property
    def purpose(self) -> tuple[str, ...]: ...
    @property
    def form(self) -> str: ...
    @property
    def reference(self) -> str | None: ...
    @property
    def patient(self) -> str | None: ...
    @property
    def break_glass(self) -> str | None: ...
    @property
    def co_approval(self) -> str | None: ...


#: Verified tokens are remembered, so one actor asks many times.
@lru_cache(maxsize=1024)
def requester_of(asker: Asker) -> Requester:
    """Who asked, out of a verified actor."""
    return Requester(
        role=asker.role,
        organization=asker.organization,
        reference=asker.reference,
        patient=asker.patient,
        client=asker.client,
        token_id=asker.token_id,
        purpose=asker.purpose,
        form=asker.form,
        break_glass=asker.break_glass,
        co_approval=asker.co_approval,
    )


class Origin(Struct, frozen=True, kw_only=True):
    """Where a request came from: address of the peer, and the number the API gave it (X-Request-Id)."""

    address: str = ""
    request: str = ""


UNKNOWN_ORIGIN: Final = Origin()


class Entry(Struct, frozen=True, kw_only=True):
    """One request.

    `resource_type`, `resource_id` and `version` are what it addressed (percent-encoded, as they come from outside) or,
    for a write, the version that stands after it; `query` the search parameters as
    `application/x-www-form-urlencoded`. `patients` are the ids of the source patients whose data was released or
    written, `types` how many resources of each type. `reason` is the code of the rule that decided a refusal, or of
    what a write was not allowed to change; `grounds` are the codes of the rules that permitted what was released,
    `obligations` what comes with that, `consents` the consents looked at (`Consent/id/_history/version`). A refused
    break-glass names the patients it was about. `epoch` is the number of the consents' epoch it was decided under
    (hub.auth.consent_rules), None where they played no part.
    """

    id: UUID
    time: datetime
    requester: Requester
    interaction: Interaction
    outcome: Outcome
    origin: Origin = UNKNOWN_ORIGIN
    resource_type: str | None = None
    resource_id: str | None = None
    version: int | None = None
    query: str | None = None
    reason: str | None = None
    grounds: tuple[str, ...] = ()
    patients: tuple[str, ...] = ()
    types: Mapping[str, int] = field(default_factory=dict)
    obligations: tuple[str, ...] = ()
    consents: tuple[str, ...] = ()
    epoch: int | None = None
