"""What an evaluation may use, and how much work it may do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from hub.fhir.fhirpath.errors import too_much
from hub.fhir.fhirpath.nodes import Item, Node
from hub.kernel.clock import Clock, system_clock

#: Items one evaluation may look at. The dearest invariant of R4 looks at some thousands in a large resource.
WORK: Final = 5_000_000
#: Characters one text of an evaluation may have.
MAX_TEXT: Final = 1024 * 1024

Eval = Callable[["Context"], list[Item]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """What the outside gives an evaluation.

    `resolve` answers a reference's text with the resource, or None. `member_of` answers whether a code, Coding or
    CodeableConcept (JSON, R4 type) is in a value set (URL): None where it cannot tell. `html` judges a narrative's
    div. `now` is the moment of `now()` and `today()`.
    """

    resolve: Callable[[str], Any] | None = None
    member_of: Callable[[Any, str, str], bool | None] | None = None
    html: Callable[[str], bool] | None = None
    now: Clock = system_clock
    work: int = WORK


@dataclass(slots=True)
class Run:
    """One evaluation: its environment, the variables, and the work left."""

    environment: Environment
    variables: Mapping[str, Sequence[Item]]
    root: Node
    left: int = field(init=False)

    def __post_init__(self) -> None:
        self.left = self.environment.work

    def spend(self, items: int) -> None:
        """Raises HubError TOO_LARGE once the work is used up."""
        self.left -= items
        if self.left < 0:
            raise too_much("causes more work than it may")

    def text(self, size: int) -> None:
        """Raises HubError TOO_LARGE for a text that would be too long; long texts are work too."""
        if size > MAX_TEXT:
            raise too_much(f"makes a text of more than {MAX_TEXT} characters")
        self.spend(size >> 4)


@dataclass(slots=True)
class Context:
    """Where an evaluation stands: `$this`, `$index` and `$total`."""

    run: Run
    this: list[Item]
    index: int | None = None
    total: list[Item] = field(default_factory=list)

    def on(self, item: Item, index: int) -> Context:
        """The context of one item."""
        return Context(self.run, [item], index, self.total)
