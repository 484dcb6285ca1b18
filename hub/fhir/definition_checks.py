"""What every expression of a SearchParameter must fulfil that an installation wants of its own. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hub.fhir.expression import Alternative, Field, Path, parse
from hub.fhir.routes import Route, routes
from hub.kernel.errors import Category, HubError

#: Characters of an expression.
LONGEST: Final = 2000

EXPRESSION: Final = "expression"


def compiled(expression: str, where: str = EXPRESSION) -> tuple[Alternative, ...]:
    """The alternatives of an expression. Raises HubError INVALID naming the element (`where`)."""
    if not 0 < len(expression) <= LONGEST:
        raise refused(f"is needed, of at most {LONGEST} characters", where)
    try:
        return parse(expression)
    except HubError as error:
        raise refused(error.what, where, "see docs/how-to/define-search-parameters.md") from None
    except (LookupError, TypeError, ValueError):
        raise refused("calls a function in a way the index does not evaluate", where) from None


def sound_routes(path: Path, focus: str, root: str, where: str = EXPRESSION) -> Sequence[Route]:
    """Where a path leads from a value of type `focus` in a resource of type `root`.

    Not inside of a Reference: what it tells of its target is not always shown. Raises HubError INVALID.
    """
    try:
        found = routes(path, focus, root)
        inside = any(_passes(path, cut, focus, root) for cut in range(1, len(path.steps)))
    except LookupError:
        raise refused("filters before it names an element", where) from None
    if not found:
        raise refused(f"leads to no element of {focus}", where)
    if inside or any(route.type == "Resource" for route in found):
        raise refused("leads into a Reference or an embedded resource", where, "index the Reference itself")
    return found


def _passes(path: Path, cut: int, focus: str, root: str) -> bool:
    """Whether an element is named below a Reference or an embedded resource that the first `cut` steps lead to."""
    if not any(isinstance(step, Field) for step in path.steps[cut:]):
        return False
    before = Path(path.steps[:cut], path.rooted)
    return any(route.type in {"Reference", "Resource"} for route in routes(before, focus, root))


def refused(what: str, element: str, todo: str = "") -> HubError:
    """The refusal of a SearchParameter for one of its elements."""
    return HubError(Category.INVALID, what, where=f"SearchParameter.{element}", todo=todo, code="search-parameter")
