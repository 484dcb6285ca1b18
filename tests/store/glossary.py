"""A terminology of a few value sets and one hierarchy, for tests of searches alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.store.terminology import MOST


class Glossary:
    """`sets` by name; in `system`, each code of `chain` is a kind of the one before it."""

    def __init__(self, sets: Mapping[str, Collection[tuple[str, str]]], system: str = "", chain: str = "") -> None:
        self._sets: Final = sets
        self._system: Final = system
        self._chain: Final = chain

    async def members(self, value_set: str | Json, most: int) -> Collection[tuple[str, str]]:
        """The codes of a set; of a resource those it lists."""
        if not isinstance(value_set, str):
            parts = value_set["compose"]["include"]
            return [(part["system"], one["code"]) for part in parts for one in part["concept"]]
        if value_set not in self._sets:
            raise HubError(Category.UNSUPPORTED, "cannot be expanded", code="not-expandable")
        assert most == MOST
        return self._sets[value_set]

    async def kinds(self, system: str, code: str, *, up: bool, most: int) -> Collection[str]:
        """A part of the chain."""
        assert (system, most) == (self._system, MOST)
        at = self._chain.find(code)
        return [] if at < 0 else (self._chain[: at + 1] if up else self._chain[at:])

    async def defining(self, codes: Collection[str] | None) -> Collection[str]:
        """Each code is that of a code system of its own."""
        return [f"of-{code}" for code in codes or () if code.isalpha()]
