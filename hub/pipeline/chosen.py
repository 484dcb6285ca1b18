"""Which messages somebody means: the filter of lists, replays and bulk repairs, and its condition in SQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from hub.kernel.types import Json, State
from hub.pipeline.engineer import Engineer

#: Holds for the messages of a `Filter` that an engineer may see; the arguments are $1 to $9.
CONDITION: Final = """
($1::text IS NULL OR feed = $1) AND (cardinality($2::text[]) = 0 OR state = ANY($2))
AND ($3::text IS NULL OR reason ->> 'code' = $3)
AND ($4::timestamptz IS NULL OR received_at >= $4) AND ($5::timestamptz IS NULL OR received_at < $5)
AND (cardinality($6::bigint[]) = 0 OR id = ANY($6))
AND ($7::text IS NULL OR kind = $7 OR kind ^@ ($7 || '^'))
AND ($8::text IS NULL OR position($8 in split_part(identity, '|', 1)) > 0)
AND ($9::text[] IS NULL OR facility = ANY($9))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which messages: empty means all. `code` is that of the reason; `since` and `until` bound the receipt.

    `kind` is an event (`ADT^A08`) or a type (`ADT`), `control` a part of the control id (MSH-10).
    """

    feed: str | None = None
    states: tuple[State, ...] = ()
    code: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    numbers: tuple[int, ...] = ()
    kind: str | None = None
    control: str | None = None

    def arguments(self, scope: list[str] | None) -> tuple[Any, ...]:
        """The arguments of CONDITION for whoever sees the facilities of `scope`."""
        states = [state.value for state in self.states]
        numbers = list(self.numbers)
        return self.feed, states, self.code, self.since, self.until, numbers, self.kind, self.control, scope

    def of(self, engineer: Engineer) -> tuple[Any, ...]:
        """The arguments of CONDITION for an engineer."""
        return self.arguments(engineer.scope())

    def as_json(self) -> Json:
        """Only what is chosen by."""
        said: Json = {
            "feed": self.feed,
            "states": [state.value for state in self.states],
            "code": self.code,
            "since": None if self.since is None else self.since.isoformat(),
            "until": None if self.until is None else self.until.isoformat(),
            "numbers": list(self.numbers),
            "kind": self.kind,
            "control": self.control,
        }
        return {name: value for name, value in said.items() if value}

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Filter:
        """The filter `as_json` gave."""
        words: dict[str, Any] = {name: said[name] for name in ("feed", "code", "kind", "control") if name in said}
        times: dict[str, Any] = {
            name: datetime.fromisoformat(said[name]) for name in ("since", "until") if name in said
        }
        states = tuple(State(state) for state in said.get("states", ()))
        return cls(**words, **times, states=states, numbers=tuple(said.get("numbers", ())))
