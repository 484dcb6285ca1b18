"""Security labels as conditions: effective confidentiality and sensitivity (consent rules, section 2). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from consent.tables import ACT_CODE, CONFIDENTIALITY, NORMAL, RANKS, RESTRICTED, SENSITIVITY_KINDS
from hub.store.conditions import Condition, ForeignLabel, Labelled
from hub.store.logic import ALWAYS, NEVER, no, some

#: A label under a system the rules do not know, or a confidentiality code that is none: it counts as R (section 9a).
_UNKNOWN: Final = ForeignLabel(frozenset({ACT_CODE}), frozenset(f"{CONFIDENTIALITY}|{code}" for code in RANKS))


@lru_cache(maxsize=16)
def at_least(rank: int) -> Condition:
    """The effective confidentiality is `rank` or higher; it is N where no label says otherwise."""
    if not min(RANKS.values()) < rank <= max(RANKS.values()):
        return ALWAYS if rank <= min(RANKS.values()) else NEVER
    reaches = [_ranked(label for label, one in RANKS.items() if one >= rank)]
    if rank <= RESTRICTED:
        reaches += [carries(SENSITIVITY_KINDS), _UNKNOWN]
    if rank <= NORMAL:
        reaches.append(no(_ranked(label for label, one in RANKS.items() if one < rank)))
    return some(reaches)


def carries(codes: Iterable[str]) -> Condition:
    """One of these v3-ActCode labels stands on the resource itself."""
    return Labelled(frozenset(f"{ACT_CODE}|{code}" for code in codes))


def within_reach(codes: frozenset[str]) -> Condition:
    """One of these labels stands on the resource, or one that is a kind of it does."""
    kinds = {label for label, kind_of in SENSITIVITY_KINDS.items() if not kind_of.isdisjoint(codes)}
    return carries(codes | kinds)


def _ranked(codes: Iterable[str]) -> Condition:
    return Labelled(frozenset(f"{CONFIDENTIALITY}|{code}" for code in codes))
