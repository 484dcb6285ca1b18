"""How two readings of one message differ, field by field; and how two states of one resource do. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any, Final, Literal

from hub.kernel.types import Json, Part

#: Messages with more segments are compared segment by segment as they stand: aligning takes the square of it.
_MOST: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One leaf that was changed, added or removed. `at` is its position, before if it was there before."""

    at: str
    name: str
    change: Literal["changed", "added", "removed"]
    before: str
    after: str


def differences(before: Sequence[Part], after: Sequence[Part], show: Callable[[Part], str]) -> list[Difference]:
    """The leaves in which two messages differ, their texts as `show` gives them.

    Segments are aligned first, so that one that was taken out does not make all behind it differ.
    """
    return [
        _difference(old, new, show)
        for one, other in _aligned(before, after)
        for old, new in _leaves_of(one, other)
        if old is None or new is None or old.text != new.text
    ]


def _difference(old: Part | None, new: Part | None, show: Callable[[Part], str]) -> Difference:
    known = old or new
    assert known is not None  # noqa: S101 -- of two leaves at one place one is there
    return Difference(
        at=known.at,
        name=known.name,
        change="changed" if old and new else "removed" if old else "added",
        before="" if old is None else show(old),
        after="" if new is None else show(new),
    )


def _aligned(before: Sequence[Part], after: Sequence[Part]) -> Iterator[tuple[Part | None, Part | None]]:
    """Pairs of segments that are not alike."""
    if len(before) + len(after) > _MOST:
        yield from zip_longest(before, after)
        return
    ours, theirs = list(map(_content, before)), list(map(_content, after))
    for tag, i, j, k, m in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        if tag != "equal":
            yield from _paired(before[i:j], after[k:m])


def _paired(before: Sequence[Part], after: Sequence[Part]) -> Iterator[tuple[Part | None, Part | None]]:
    """Segments of one name in their order; what is left over was removed or added."""
    left = list(after)
    for old in before:
        new = next((each for each in left if each.at[:3] == old.at[:3]), None)
        if new is not None:
            left.remove(new)
        yield old, new
    yield from ((None, new) for new in left)


def _content(segment: Part) -> tuple[str, tuple[tuple[str, str], ...]]:
    return segment.at[:3], tuple((_within(segment, leaf), leaf.text) for leaf in _leaves(segment))


def _leaves_of(one: Part | None, other: Part | None) -> Iterator[tuple[Part | None, Part | None]]:
    """The leaves of two segments by their place within them."""
    old = {} if one is None else {_within(one, leaf): leaf for leaf in _leaves(one)}
    new = {} if other is None else {_within(other, leaf): leaf for leaf in _leaves(other)}
    for place in [*old, *(place for place in new if place not in old)]:
        yield old.get(place), new.get(place)


def _within(segment: Part, leaf: Part) -> str:
    return leaf.at[len(segment.at) :]


def _leaves(part: Part) -> Iterator[Part]:
    if not part.parts:
        yield part
    for each in part.parts:
        yield from _leaves(each)


def changed_paths(before: Json | None, after: Json | None) -> list[str]:
    """The elements in which two states of a resource differ (`name[0].family`), `meta` left aside; never a value."""
    return list(_paths("", _bare(before), _bare(after)))


def _bare(resource: Json | None) -> Json:
    return {key: value for key, value in (resource or {}).items() if key not in {"meta", "id", "resourceType"}}


def _paths(at: str, one: Any, other: Any) -> Iterator[str]:
    if one == other:
        return
    if isinstance(one, dict) and isinstance(other, dict):
        for key in [*one, *(key for key in other if key not in one)]:
            yield from _paths(f"{at}.{key}" if at else key, one.get(key), other.get(key))
    elif isinstance(one, list) and isinstance(other, list):
        for index, (old, new) in enumerate(zip_longest(one, other)):
            yield from _paths(f"{at}[{index}]", old, new)
    else:
        yield at
