"""What a profile demands of one element, as data: a tree by element name, with slices as branches of their own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from hub.fhir.fhirpath.engine import Expression


@dataclass(frozen=True, slots=True)
class TypeRule:
    """A type an element may have; canonical URLs of profiles of the value itself and of what a reference points to."""

    code: str
    profiles: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Constraint:
    """An invariant a profile adds. `expression` is None where the engine does not evaluate it."""

    key: str
    severity: Literal["error", "warning"]
    text: str
    expression: Expression | None


@dataclass(frozen=True, slots=True)
class Binding:
    """A value set, and how strongly an element is bound to it."""

    strength: Literal["required", "extensible"]
    value_set: str


@dataclass(frozen=True, slots=True)
class Discriminator:
    """How slices are told apart (R4 profiling.html#discriminator): by value, pattern, exists, type or profile."""

    type: str
    path: str


@dataclass(frozen=True, slots=True)
class Slicing:
    """How an element is sliced; `rules` is open, closed or openAtEnd."""

    discriminators: tuple[Discriminator, ...] = ()
    rules: str = "open"
    ordered: bool = False


@dataclass(slots=True)
class ElementRule:
    """The demands on an element. None and empty say: nothing beyond what R4 or the parent says."""

    id: str
    minimum: int = 0
    maximum: int | None = None
    types: tuple[TypeRule, ...] = ()
    fixed: Any = None
    pattern: Any = None
    longest: int | None = None
    least: Any = None
    greatest: Any = None
    binding: Binding | None = None
    constraints: list[Constraint] = field(default_factory=list)
    slicing: Slicing | None = None
    children: dict[str, ElementRule] = field(default_factory=dict)
    slices: dict[str, ElementRule] = field(default_factory=dict)

    def says_nothing(self) -> bool:
        """Whether nothing at all is demanded here or below."""
        bare = ElementRule(self.id, slicing=self.slicing)
        return self == bare and not (self.slicing and self.slicing.rules != "open")


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile by its canonical URL: the R4 type it constrains and the demands on it."""

    url: str
    version: str
    type: str
    where: str
    root: ElementRule
