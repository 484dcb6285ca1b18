"""What a batch of messages begins with: the messages, and the newest versions of the resources they touch."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from msgspec import Struct

from hub.fhir.json import loads
from hub.kernel.types import Json, Translation
from hub.records.demographics import ADMINISTERED
from hub.store.values import Stored


class Ref(NamedTuple):
    """A resource by type and id."""

    type: str
    id: str


class Incoming(Struct, frozen=True, kw_only=True):
    """A translated message on its way in. `again`: it was processed before."""

    message: int
    feed: str
    facility: str
    translation: Translation
    received_at: datetime
    again: bool = False


class Head(Struct, frozen=True, kw_only=True):
    """The newest version of a resource as the batch sees it.

    `resource` is None for a deleted one. `source`: the newest message that spoke about it; of a
    Patient, of those that settle who she is (`hub.records.demographics`). `author`: code of the
    organisation that answers for it. `body`: as it is stored; empty for one the batch made. `labels`: those a deleted
    one had (`system|code`), which has no body to keep them. `cleared`: with LABELS_STAY where a client spoke last and
    left labels, with ADMINISTERED where one spoke last of a Patient.
    """

    resource: Json | None
    version: int
    source: int | None
    updated: datetime | None
    cleared: tuple[str, ...]
    author: str
    patient: str | None
    body: bytes = b""
    labels: tuple[str, ...] = ()

    def settled_for(self, incoming: Incoming) -> bool:
        """Whether something newer than `incoming` spoke: another message, or a client after its receipt."""
        if self.source is not None:
            return self.source > incoming.message
        return self.updated is not None and self.updated > incoming.received_at


class Relocated(Struct, frozen=True):
    """How a stored resource should stand before a message is merged into it: about whom, saying what."""

    resource: Json
    patient: str | None


#: Among what was cleared: labels that somebody gave beside the messages, which lift none of them from then on.
LABELS_STAY: Final = "meta.security"


def head_of(stored: Stored) -> Head:
    """The head for a stored version."""
    return Head(
        resource=None if stored.deleted else loads(stored.body),
        version=stored.version,
        source=stored.source,
        updated=stored.updated,
        cleared=_cleared(stored),
        author=stored.facts.author_org,
        patient=stored.patient,
        body=stored.body,
        labels=stored.facts.labels if stored.deleted else (),
    )


def _cleared(stored: Stored) -> tuple[str, ...]:
    if stored.source is not None:
        return tuple(stored.cleared)
    implied = {LABELS_STAY: bool(stored.facts.labels), ADMINISTERED: stored.type == "Patient" and not stored.deleted}
    return tuple(sorted({*stored.cleared, *(each for each, holds in implied.items() if holds)}))
