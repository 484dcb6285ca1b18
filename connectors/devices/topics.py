"""Which device a topic is of: a filter with a single `+` has its number there (MQTT 3.1.1, section 4.7)."""

from __future__ import annotations

from collections.abc import Sequence


def device_of(topic: str, filters: Sequence[str]) -> str | None:
    """The number of the device a topic is of, by the first filter it matches that tells it; None where none does.

    A shared subscription (`$share/group/filter`, MQTT 5 section 4.8.2, which brokers offer to 3.1.1 too) is its filter.
    """
    levels = topic.split("/")
    for one in filters:
        wanted = one.split("/")
        wanted = wanted[2:] if wanted[0] == "$share" else wanted
        if wanted.count("+") == 1 and matches(levels, wanted):
            return levels[wanted.index("+")]
    return None


def matches(levels: Sequence[str], wanted: Sequence[str]) -> bool:
    """Whether the levels of a topic are those of a filter."""
    if wanted[-1] == "#":
        wanted = wanted[:-1]
        levels = levels[: len(wanted)]
    return len(levels) == len(wanted) and all(b in ("+", a) for a, b in zip(levels, wanted, strict=True))
