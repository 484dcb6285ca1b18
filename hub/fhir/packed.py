"""Many items in little memory: packed portion by portion, and made anew when somebody goes through them."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final, Generic, TypeVar, overload

from hub.fhir.json import dumps, loads

T = TypeVar("T")

#: Items that are packed together, and are objects at once.
PORTION: Final = 512
_LEVEL: Final = 1


class InOrder(Sequence[T], Generic[T]):
    """Items that are gone through; to ask for one goes through all before it."""

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        if isinstance(index, slice):
            return tuple(self)[index]
        at = index + len(self) if index < 0 else index
        for item in islice(self, max(at, 0), None):
            if at >= 0:
                return item
        raise IndexError(index)


class Packed(InOrder[T]):
    """Items in their order. To go through them costs one portion of memory.

    `listed` makes of an item what JSON can tell, `made` the item of that. An item that comes out is not the one that
    went in: what is changed in it is not kept.
    """

    def __init__(self, listed: Callable[[T], Any], made: Callable[[Any], T], portion: int = PORTION) -> None:
        self._listed: Final = listed
        self._made: Final = made
        self._portion: Final = portion
        self._packed: Final[list[bytes]] = []
        self._last: Final[list[T]] = []

    def append(self, item: T) -> None:
        """Add an item."""
        self._last.append(item)
        if len(self._last) >= self._portion:
            self._packed.append(zlib.compress(dumps([self._listed(one) for one in self._last]), _LEVEL))
            self._last.clear()

    def extend(self, items: Iterable[T]) -> None:
        """Add items."""
        for item in items:
            self.append(item)

    def __len__(self) -> int:
        return len(self._packed) * self._portion + len(self._last)

    def __iter__(self) -> Iterator[T]:
        for packed in self._packed:
            yield from map(self._made, loads(zlib.decompress(packed)))
        yield from self._last
