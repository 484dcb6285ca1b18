"""Whose devices are, for the translation of their readings: what the pipeline keeps and mappings ask, as a port."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """A device belongs to the source patient `patient` (resource id) from `start` until just before `end` (None: until
    it is said). `claimed`: until when it was once said to, where that was put right; what was attached since is wrong.
    """

    device: str
    patient: str
    start: datetime
    end: datetime | None = None
    claimed: datetime | None = None


class Wearers(Protocol):
    """Who had which device when, in memory: between two refreshes of its owner it stays as it is."""

    def of(self, feed: str, device: str) -> Sequence[Binding]:
        """All bindings of a device (its number as a feed sends it), in any order; none for one nobody knows."""
        ...


class Nobody:
    """Binds no device: for conversions without a database."""

    def of(self, feed: str, device: str) -> Sequence[Binding]:  # noqa: ARG002
        return ()


NOBODY: Final[Wearers] = Nobody()
