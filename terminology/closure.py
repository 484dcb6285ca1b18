"""All ancestors of every concept of a code system that may have several parents. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hub.kernel.errors import Category, HubError


@dataclass(frozen=True, slots=True)
class Closure:
    """The number of each code, and by number the parents and all ancestors (without the concept itself)."""

    numbers: Mapping[str, int]
    parents: Mapping[int, tuple[int, ...]]
    ancestors: Mapping[int, tuple[int, ...]]


def closed(links: Iterable[tuple[str, tuple[str, ...]]]) -> Closure:
    """Number the codes in their order and close the hierarchy. Parents that are no codes of the system do not count.

    Raises HubError INVALID for a code that stands twice, and for concepts that are above themselves.
    """
    numbers: dict[str, int] = {}
    named: dict[int, tuple[str, ...]] = {}
    for code, above in links:
        if code in numbers:
            raise _invalid("has a code twice")
        number = numbers[code] = len(numbers)
        if above:
            named[number] = above
    parents = {
        number: tuple(dict.fromkeys(numbers[one] for one in above if one in numbers)) for number, above in named.items()
    }
    return Closure(numbers, parents, _ancestors(parents))


def _ancestors(parents: Mapping[int, tuple[int, ...]]) -> Mapping[int, tuple[int, ...]]:
    """Depth first, without recursion: SNOMED is shallow, but a file may be anything.

    Sorted tuples: a set of twenty numbers takes ten times the memory.
    """
    found: dict[int, tuple[int, ...]] = {}
    for start in parents:
        path, waiting = {start}, [start]
        while waiting:
            at = waiting[-1]
            missing = [one for one in parents.get(at, ()) if one in parents and one not in found]
            if not missing or at in found:
                if at not in found:
                    above = parents.get(at, ())
                    found[at] = tuple(sorted(set(above).union(*(found.get(one, ()) for one in above))))
                waiting.pop()
                path.discard(at)
            elif missing[0] in path:
                raise _invalid("has concepts that are above themselves")
            else:
                path.add(missing[0])
                waiting.append(missing[0])
    return found


def _invalid(what: str) -> HubError:
    return HubError(Category.INVALID, what, where="code system", todo="mend the source", code="code-system")
