"""Drawing one thing or another, and what consents, persons and resources have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Final

from hub.kernel.types import Json
from tests.consent import cases
from tests.consent.literal.case import ORDER

_DATES: Final = [
    *("2026", "2026-06", "2026-06-10", "2026-06-09", "2026-06-11", "2026-02-01", "2025-01-01", "2024-06-01"),
    *("2026-06-10T10:00:00+08:00", "2026-06-10T02:00:00Z", "2026-06-10T10:00:01+08:00", "2026-06-10T09:59:59+08:00"),
]
_NO_DATES: Final = ["2026-13", "x", "2026-06-10T10:00:00", "", None, 20260610, "2026-02-30", "2026-06-10T25:00:00Z"]
_STARTS: Final = ["2026-06-08", "2026-06-10", "2026-06", "2026", "2020-01-01"]
_ENDS: Final = ["2026-06-15", "2026-06-10", "2026-12-31", "2026-06-09", "2030"]

_OTHER_LABELS: Final = ["ETH", "ETHUD", "SDV", "NOPAT", "OPTIN"]


class Draws:
    """The dice of one case. `plain`: nothing odd is drawn where a consent would not count, or not be reached."""

    def __init__(self, random: Random) -> None:
        self._random: Final = random
        self.plain: Final = self.chance(0.5)

    def pick(self, values: Sequence[Any]) -> Any:
        return self._random.choice(values)

    def chance(self, share: float) -> bool:
        return self._random.random() < share

    def odd(self, share: float) -> bool:
        """A chance that plain cases do not have."""
        return not self.plain and self.chance(share)

    def some(self, make: Callable[[], Any], *, least: int = 1, most: int = 2) -> list[Any]:
        return [make() for _ in range(self._random.randint(least, most))]

    def perhaps(self, share: float, name: str, make: Callable[[], Any]) -> Json:
        """A member with this name, or none."""
        return {name: make()} if self.chance(share) else {}

    def versioned(self, reference: str) -> str:
        return f"{reference}/_history/2" if self.chance(0.04) else reference

    def date(self) -> Any:
        return self.pick(_NO_DATES if self.odd(0.06) else _DATES)

    def period(self) -> Json:
        return {
            **self.perhaps(0.7, "start", lambda: self.date() if self.odd(0.3) else self.pick(_STARTS)),
            **self.perhaps(0.7, "end", lambda: self.date() if self.odd(0.3) else self.pick(_ENDS)),
        }

    def coding(self, system: str, codes: Sequence[str]) -> Json:
        """A coding, now and then of a foreign system, or without its system, its code or both."""
        usable = {"system": system, "code": self.pick(codes)}
        if self.chance(0.93):
            return usable
        odd: list[Json] = [{**usable, "system": "urn:other"}, {"system": system}, {"code": usable["code"]}, {"id": "c"}]
        return dict(self.pick(odd))

    def label(self) -> Json:
        if self.chance(0.55):
            return self.coding(cases.CONFIDENTIALITY, [*ORDER, "R", "V", "V", "X"])
        return self.coding(cases.ACT_CODE, ["HIV", "PSY", "PSYTHPN", *_OTHER_LABELS * (not self.plain)])
