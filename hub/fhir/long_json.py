"""JSON of what is too long to be in memory as objects and as text: lists made of others as they are written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, Final, Generic, TypeVar, overload

from hub.fhir.json import dumps

T = TypeVar("T")

#: A sequence and what makes JSON of each of its items, to the list of these.
Listing = Callable[[Sequence[Any], Callable[[Any], Any]], Sequence[Any]]

#: Items that are objects and text at once.
PORTION: Final = 1024


class Made(Sequence[Any], Generic[T]):
    """The items of a sequence, each made into JSON when it is asked for."""

    def __init__(self, source: Sequence[T], make: Callable[[T], Any]) -> None:
        self._source: Final = source
        self._make: Final = make

    def __len__(self) -> int:
        return len(self._source)

    def __iter__(self) -> Iterator[Any]:
        return map(self._make, self._source)

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return Made(self._source[index], self._make)
        return self._make(self._source[index])


def listed(source: Sequence[T], make: Callable[[T], Any]) -> list[Any]:
    """All items made at once, as short lists are."""
    return [make(one) for one in source]


def written(value: Any) -> Iterator[bytes]:
    """The parts of `dumps(value)`; what is `Made` is made portion by portion, in objects within objects too."""
    if isinstance(value, Made):
        yield from _list(value)
    elif _is_long(value):
        yield from _object(value)
    else:
        yield dumps(value)


def _is_long(value: Any) -> bool:
    return isinstance(value, dict) and any(isinstance(each, Made) or _is_long(each) for each in value.values())


def _object(value: dict[str, Any]) -> Iterator[bytes]:
    before = b"{"
    for name, each in value.items():
        yield before + dumps(name) + b":"
        yield from written(each)
        before = b","
    yield b"}"


def _list(values: Made[Any]) -> Iterator[bytes]:
    rest, before = iter(values), b"["
    while portion := list(islice(rest, PORTION)):
        yield before + dumps(portion)[1:-1]
        before = b","
    yield b"]" if before == b"," else b"[]"
