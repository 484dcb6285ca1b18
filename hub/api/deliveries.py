"""What the doors for incoming files need: the audit trail, told who sent what into the inbox; and the desk of MHD."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from hub.auth.actor import Actor
from hub.gate.origin import Origin
from hub.gate.released import Released
from hub.kernel.errors import HubError
from hub.kernel.types import Json, State


class DeliveryWitness(Protocol):
    """Tells the audit trail who sent files, for which feed. Raises HubError UNAVAILABLE where it cannot."""

    async def taken(self, actor: Actor, origin: Origin, feed: str, messages: Sequence[int]) -> None:
        """Return once it is durable that these messages came of a file."""
        ...

    async def refused(self, actor: Actor, origin: Origin, feed: str, code: str) -> None:
        """Return once it is durable that a file was refused, and why; `feed` is "" where there is none of that name."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """A submission as it was read: `subject` is the Patient of the hub it refers to (its id, "" for none), `replaced`
    are the documents of the hub that it replaces (their ids).

    `places` say what each entry becomes (`Type/id`), and whether it is created.
    """

    bundle: Json
    subject: str
    replaced: Sequence[str]
    places: Sequence[tuple[str, bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """Where a message stands: `refusal` says why it is a dead letter."""

    state: State
    refusal: HubError | None = None


class DocumentDesk(Protocol):
    """Takes submissions of documents (IHE MHD ITI-65) into the inbox, by the feed of the organisation that sends."""

    def is_submission(self, bundle: Json) -> bool:
        """Whether a transaction claims to be one."""
        ...

    def admit(self, actor: Actor) -> str:
        """The feed of whoever sends. Raises HubError FORBIDDEN by role or scope, or where the organisation has none."""
        ...

    def read(self, feed: str, bundle: Json) -> Submitted:
        """Judge a submission. Raises HubError INVALID naming the entry and the rule it breaks."""
        ...

    def owns(self, actor: Actor, found: Released) -> bool:
        """Whether a resource is the actor's facility's to change."""
        ...

    def about(self, actor: Actor, feed: str, submitted: Submitted, patient: Released) -> Submitted:
        """The submission about the Patient it refers to, as that was released to the actor.

        Raises HubError INVALID for one without a number, or for a document about somebody else.
        """
        ...

    async def take(self, feed: str, submitted: Submitted, peer: str) -> int:
        """The number of the message, once it is durable. Raises HubError CONFLICT, UNAVAILABLE."""
        ...

    async def settled(self, message: int) -> Settlement:
        """Where the message stands, once it is settled or it was waited long enough."""
        ...


@dataclass(frozen=True, slots=True)
class DocumentDoor:
    """What takes submissions, and who is told of it."""

    desk: DocumentDesk
    witness: DeliveryWitness
