"""Does a converted message say what was expected? A bundle of which it must hold all, or FHIRPath that must be true.

A subset is meant: what the expected bundle does not state may be there or not, and the order of lists is no matter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from hub.fhir.fhirpath.engine import Expression, compile_expression
from hub.fhir.fhirpath.nodes import Item, Node
from hub.fhir.json import dumps
from hub.kernel.errors import HubError
from hub.kernel.types import Json

_ABSENT: Final = "(absent)"
#: Longest text of a value that is shown.
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class Difference:
    """A place, what was expected there, and what is found: JSON texts, or `(absent)`."""

    path: str
    expected: str
    found: str


def differences(expected: Json, bundle: Json) -> list[Difference]:
    """Where `bundle` lacks what the expected bundle, or single resource, states."""
    left = [entry["resource"] for entry in bundle.get("entry", ()) if "resource" in entry]
    found: list[Difference] = []
    for resource in _resources(expected):
        kind = resource.get("resourceType", "")
        alike = [each for each in left if each.get("resourceType") == kind]
        best = _nearest(resource, alike, kind)
        if best is None:
            found.append(Difference(kind, _text(resource), _ABSENT))
            continue
        left = [each for each in left if each is not alike[best[0]]]
        found.extend(best[1])
    return found


def _resources(expected: Json) -> Iterator[Json]:
    if expected.get("resourceType") != "Bundle":
        yield expected
        return
    yield from (entry["resource"] for entry in expected.get("entry", ()) if "resource" in entry)


def _nearest(expected: Any, candidates: Sequence[Any], path: str) -> tuple[int, list[Difference]] | None:
    """Number of the candidate that differs least, one of the same id before all, and its differences."""
    wanted = expected.get("id") if isinstance(expected, dict) else None
    best: tuple[int, list[Difference]] | None = None
    for i, candidate in enumerate(candidates):
        told = list(_differences(expected, candidate, path))
        if not told or (wanted is not None and isinstance(candidate, dict) and candidate.get("id") == wanted):
            return i, told
        if best is None or len(told) < len(best[1]):
            best = i, told
    return best


def _differences(expected: Any, found: Any, path: str) -> Iterator[Difference]:
    if isinstance(expected, dict) and isinstance(found, dict):
        for name, value in expected.items():
            if name in found:
                yield from _differences(value, found[name], f"{path}.{name}")
            else:
                yield Difference(f"{path}.{name}", _text(value), _ABSENT)
    elif isinstance(expected, list) and isinstance(found, list):
        yield from _of_lists(expected, found, path)
    elif not _equal(expected, found):
        yield Difference(path, _text(expected), _text(found))


def _of_lists(expected: list[Any], found: list[Any], path: str) -> Iterator[Difference]:
    left = list(found)
    for i, value in enumerate(expected):
        best = _nearest(value, left, f"{path}[{i}]")
        if best is None:
            yield Difference(f"{path}[{i}]", _text(value), _ABSENT)
            continue
        del left[best[0]]
        yield from best[1]


def _equal(expected: Any, found: Any) -> bool:
    if isinstance(expected, bool) or isinstance(found, bool):
        return expected is found
    if isinstance(expected, (int, Decimal)) and isinstance(found, (int, Decimal)):
        return Decimal(expected) == Decimal(found)
    return bool(expected == found)


def untrue(expressions: Sequence[str], bundle: Json) -> list[Difference]:
    """The expressions that are not true of the bundle; for `a = b`, what `a` is.

    Raises HubError INVALID, UNSUPPORTED or TOO_LARGE for what is no expression.
    """
    compiled = [compile_expression(text) for text in expressions]
    return [told for each in compiled if (told := _untrue(each, bundle)) is not None]


def _untrue(expression: Expression, bundle: Json) -> Difference | None:
    try:
        if expression.holds(bundle):
            return None
        return Difference(expression.text, "true", ", ".join(map(_item, _left_side(expression, bundle))) or "(nothing)")
    except HubError as error:
        return Difference(expression.text, "true", f"({error.what})")


def _left_side(expression: Expression, bundle: Json) -> list[Item]:
    left, equals, _ = expression.text.rpartition(" = ")
    try:
        return compile_expression(left if equals else expression.text).evaluate(bundle)
    except HubError:  # what stands before the sign is no expression by itself
        return expression.evaluate(bundle)


def _item(item: Item) -> str:
    return _text(item.value) if isinstance(item, Node) else str(item)


def _text(value: Any) -> str:
    text = dumps(value).decode()
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "..."
