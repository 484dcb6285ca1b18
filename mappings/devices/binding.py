"""Whose a device is, and when: kiosks are shared, bands are handed on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """A device belongs to a person from `start` until just before `end` (None: until it is said).

    `authority` and `key` are what the id of the source Patient is made from.
    """

    device: str
    authority: str
    key: str
    start: datetime
    end: datetime | None = None


def bound(bindings: Iterable[Binding], device: str, when: datetime) -> Binding | None:
    """The binding of a device at an instant; None if there is none, or if it belongs to several people."""
    found = [each for each in bindings if each.device == device and each.start <= when and _before_end(each, when)]
    people = {(each.authority, each.key) for each in found}
    return found[0] if len(people) == 1 else None


def _before_end(binding: Binding, when: datetime) -> bool:
    return binding.end is None or when < binding.end
