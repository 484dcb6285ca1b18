"""What a function is to the compiler."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from hub.fhir.fhirpath.context import Context
from hub.fhir.fhirpath.nodes import Item


@dataclass(frozen=True, slots=True)
class Function:
    """A function on the items before the point. `lazy` ones get their arguments as expressions, others as items."""

    call: Callable[[Context, list[Item], Sequence[Any]], list[Item]]
    least: int = 0
    most: int = 0
    lazy: bool = False
