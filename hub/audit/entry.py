"""What the trail keeps of one request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID


class Interaction(StrEnum):
    """What was asked for: codes of http://hl7.org/fhir/restful-interaction."""

    READ = "read"
    VREAD = "vread"
    HISTORY = "history-instance"
    SEARCH_TYPE = "search-type"
    SEARCH_SYSTEM = "search-system"
    OPERATION = "operation"


class Outcome(StrEnum):
    """What became of it."""

    RELEASED = "released"  #: permitted; a search that found nothing is released too
    ABSENT = "absent"  #: nothing there under this address
    REFUSED = "refused"  #: the decision denied it; the requester was told what `ABSENT` is told, or 403
    INCIDENT = "incident"  #: the check at release contradicted the predicate; nothing was released


@dataclass(frozen=True, slots=True, kw_only=True)
class Requester:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a request came from: address of the peer, and the number the API gave it (X-Request-Id)."""

    address: str = ""
    request: str = ""


UNKNOWN_ORIGIN: Final = Origin()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One request.

    `resource_type`, `resource_id` and `version` are what it addressed (percent-encoded, as they come from outside);
    `query` the search parameters as `application/x-www-form-urlencoded`. `patients` are the ids of the source
    patients whose data was released, `types` how many resources of each type. `reason` is the code of the consent
    rules that decided a refusal; `grounds` those that permitted what was released.
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
