"""The face of FHIRPath: read an expression once, evaluate it on many resources.

FHIRPath 2.0 (N1), https://hl7.org/fhirpath/N1, and R4 https://hl7.org/fhir/R4/fhirpath.html.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from hub.fhir.fhirpath.compiler import compiled
from hub.fhir.fhirpath.context import Context, Environment, Eval, Run
from hub.fhir.fhirpath.errors import too_much, unanswerable
from hub.fhir.fhirpath.nodes import Item, Node, root
from hub.fhir.fhirpath.parser import parse
from hub.fhir.fhirpath.single import truth
from hub.fhir.fhirpath.syntax import Member, Special

_ENVIRONMENT: Final = Environment()
_NONE: Final[Mapping[str, Sequence[Item]]] = MappingProxyType({})


class Expression:
    """An expression that has been read."""

    __slots__ = ("_evaluate", "text")

    def __init__(self, text: str, evaluate: Eval) -> None:
        self.text: Final = text
        self._evaluate: Final = evaluate

    def evaluate(
        self,
        resource: Any,
        focus: Node | None = None,
        *,
        variables: Mapping[str, Sequence[Item]] = _NONE,
        environment: Environment = _ENVIRONMENT,
    ) -> list[Item]:
        """The items an expression answers.

        `resource` is the whole resource: JSON, or its `Node`. `focus` is the element asked about (`%context`), by
        default the resource. `%rootResource` is `resource`; `%resource` is the innermost resource around the focus.
        Raises HubError INVALID where the specification signals an error, UNSUPPORTED, TOO_LARGE (`environment.work`).
        """
        whole = resource if isinstance(resource, Node) else root(resource)
        here = focus or whole
        known: dict[str, Sequence[Item]] = {
            "resource": [_around(here)],
            "rootResource": [whole],
            "context": [here],
            **variables,
        }
        try:
            return list(self._evaluate(Context(Run(environment, known, whole), [here])))
        except RecursionError:
            raise too_much("nests deeper than it may") from None

    def holds(
        self,
        resource: Any,
        focus: Node | None = None,
        *,
        variables: Mapping[str, Sequence[Item]] = _NONE,
        environment: Environment = _ENVIRONMENT,
    ) -> bool:
        """Whether an invariant is fulfilled: it answers true, or something that stands for it; nothing is not true.

        Raises what `evaluate` raises.
        """
        return truth(self.evaluate(resource, focus, variables=variables, environment=environment)) is True


@lru_cache(maxsize=4096)
def compile_expression(text: str) -> Expression:
    """Read an expression; the same text is read once. Raises HubError INVALID, UNSUPPORTED, TOO_LARGE."""
    return Expression(text, compiled(parse(text)))


@dataclass(frozen=True, slots=True)
class Collection:
    """A list of elements by whose it is and its name: the way to a place where nothing stands yet."""

    owner: Expression
    name: str


@lru_cache(maxsize=1024)
def compile_collection(text: str) -> Collection:
    """Read a path that ends in an element's name. Raises HubError INVALID for any other, UNSUPPORTED, TOO_LARGE."""
    tree = parse(text)
    if not isinstance(tree, Member):
        raise unanswerable("does not end in the name of an element")
    return Collection(Expression(text, compiled(tree.target or Special("this"))), tree.name)


def _around(node: Node) -> Node:
    """The innermost resource a node stands in."""
    at = node
    while at.owner is not None and not at.is_resource:
        at = at.owner
    return at
