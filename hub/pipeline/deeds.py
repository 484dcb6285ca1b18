"""What engineers do to messages, as the audit trail must know it; whoever wires the pipeline says how it is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from hub.db.database import Tx
from hub.pipeline.engineer import Engineer


class Kind(StrEnum):
    """Everything that leaves a trace."""

    UNMASK = "unmask"  #: values of a message were shown
    TRY = "try"  #: bytes were converted beside a message, nothing stored
    REPAIR = "repair"  #: other bytes were put in the place of a dead letter's
    REPLAY = "replay"  #: messages were queued again
    BULK = "bulk"  #: a step of a bulk repair
    APPROVE = "approve"  #: local codes were given a meaning
    BIND = "bind"  #: a device was bound to a person
    UNBIND = "unbind"  #: a binding was ended
    SENDER = "sender"  #: a device or gateway was let send, given a new secret, or stopped


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """Who did what to which messages, and why. `patients`: source patients it was about, or whose data was shown.

    `detail` holds filters, rules and numbers: names and codes, never a value of a message.
    """

    kind: Kind
    engineer: Engineer
    reason: str = ""
    message: int | None = None
    feed: str = ""
    facility: str = ""
    patients: tuple[str, ...] = ()
    detail: Mapping[str, str] = field(default_factory=dict)


class Witness(Protocol):
    """Writes deeds to the audit trail."""

    async def record(self, deed: Deed) -> None:
        """Return once it is durable. Raises HubError UNAVAILABLE; then nothing may be shown."""
        ...

    async def append(self, tx: Tx, deed: Deed) -> None:
        """Let it become durable with what `tx` does, or not at all. Raises HubError UNAVAILABLE."""
        ...
