"""How large and how deep a patched resource may become, counted while it grows and not afterwards."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from hub.fhir.patch.change import too_large

#: Levels of a resource's JSON; as deep as one that is sent whole may be.
MAX_DEPTH: Final = 100
#: Characters of what one patch puts into a resource.
MAX_GROWTH: Final = 4 * 1024 * 1024
#: JSON values looked at while patching.
MAX_WORK: Final = 500_000


class Budget:
    """What is left for one application of a patch."""

    def __init__(self) -> None:
        self._growth = MAX_GROWTH
        self._work = MAX_WORK

    def grow(self, value: Any, level: int) -> None:
        """`value` is about to be put at `level`. Raises HubError TOO_LARGE."""
        self._growth -= self._size(value, level)
        if self._growth < 0:
            raise too_large("makes the resource too large")

    def reach(self, value: Any, level: int) -> None:
        """`value` is about to be moved to `level`. Raises HubError TOO_LARGE."""
        self._size(value, level)

    def _size(self, value: Any, level: int) -> int:
        """Characters, about; level by level, so that a deep value cannot exhaust the stack."""
        size, values = 0, [value]
        while values:
            if level > MAX_DEPTH:
                raise too_large(f"nests deeper than {MAX_DEPTH} levels")
            self._work -= len(values)
            if self._work < 0:
                raise too_large("looks at too much")
            size += sum(len(one) + 4 if isinstance(one, str) else 8 for one in values)
            size += sum(len(name) + 4 for one in values if isinstance(one, dict) for name in one)
            values = [inner for one in values for inner in _inside(one)]
            level += 1
        return size


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
