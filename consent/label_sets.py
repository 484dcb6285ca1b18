"""Value sets in a list of labels: what the terminology in force has in them is sensitive. Pure between two refreshes.

A set of which not every code is known lets nothing pass that has a code: to write it without its label would show it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from hub.kernel.errors import Category, HubError
from hub.kernel.ports import ValueSets
from hub.kernel.types import Json

#: Code of the error where a value set is not known whole.
UNKNOWN_SET: Final = "label-set"

_NONE: Final[frozenset[str]] = frozenset()


class LabelSets:
    """Labels by the canonical URL of a value set; `sets` knows what is in one."""

    def __init__(self, labels: Mapping[str, Collection[str]], sets: ValueSets) -> None:
        self.urls: Final = tuple(labels)
        self._labels: Final = labels
        self._sets: Final = sets

    def labels(self, resource: Json) -> frozenset[str]:
        """Those of all codes a resource says, wherever they stand. Raises HubError UNAVAILABLE for a set that is not
        known whole.
        """
        if not self._labels:
            return _NONE
        pairs = frozenset(_pairs(resource))
        return frozenset(
            label for url in self._labels if pairs and self._any(url, pairs) for label in self._labels[url]
        )

    def _any(self, url: str, pairs: Collection[tuple[str, str]]) -> bool:
        held = self._sets(url)
        if held is None:
            what = "a value set of the list of labels is not known whole"
            todo = "load it and the code systems it takes in (yilian terminology load)"
            raise HubError(Category.UNAVAILABLE, what, where=url, todo=todo, code=UNKNOWN_SET)
        return any(code in held.get(system, ()) for system, code in pairs)


def none_held(_: str, /) -> None:
    """For a list that is judged where there is no terminology."""


def _pairs(value: Any) -> Iterator[tuple[str, str]]:
    """Each system with the code beside it."""
    if isinstance(value, list):
        for item in value:
            yield from _pairs(item)
    elif isinstance(value, dict):
        system, code = value.get("system"), value.get("code")
        if isinstance(system, str) and isinstance(code, str):
            yield system, code
        for item in value.values():
            yield from _pairs(item)
