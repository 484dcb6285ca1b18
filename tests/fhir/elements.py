"""Hypothesis makes elements of an R4 type that an invariant has something to say of: right in structure, odd in sense.

Only the elements an expression names are drawn, with the literals it compares them to among their values.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from decimal import Decimal
from typing import Any, Final

from hypothesis import strategies as st

from hub.fhir.fhirpath.parser import parse
from hub.fhir.fhirpath.syntax import Literal, Member
from hub.fhir.structure import PRIMITIVES, Element, TypeRef, structure
from hub.kernel.types import Json

_EXTENSION: Final[Json] = {"extension": [{"url": "urn:x", "valueCode": "unknown"}]}
_DATES: Final = ("2020", "2020-01", "2020-01-31", "2020-01-31T10:00:00+08:00", "2021-06-01T00:00:00Z")
_VALUES: Final[dict[str, st.SearchStrategy[Any]]] = {
    "boolean": st.booleans(),
    "decimal": st.sampled_from([Decimal("-1.5"), 0, 1, Decimal("0.5"), 101]),
    "integer": st.integers(-1, 3),
    "unsignedInt": st.integers(0, 3),
    "positiveInt": st.integers(1, 3),
    "date": st.sampled_from(_DATES[:3]),
    "dateTime": st.sampled_from(_DATES),
    "instant": st.sampled_from(_DATES[3:]),
    "time": st.sampled_from(["08:00:00", "09:30:00"]),
    "base64Binary": st.just("AAAA"),
    "xhtml": st.sampled_from(["<div>x</div>", "<div> </div>", "<div><script>x</script></div>"]),
}


def elements_for(type_name: str, expression: str) -> st.SearchStrategy[Json]:
    """JSON objects of a type with the elements an expression names; never empty."""
    tree = list(_walk(parse(expression)))
    names = {node.name for node in tree if isinstance(node, Member)}
    texts = sorted({node.value for node in tree if isinstance(node, Literal) and isinstance(node.value, str)})
    return _objects(type_name, frozenset(names), (*texts, "x", "#x"), 4)


def _walk(node: Any) -> Iterator[Any]:
    yield node
    for field in fields(node) if is_dataclass(node) else ():
        held = getattr(node, field.name)
        for part in held if isinstance(held, tuple) else (held,):
            if is_dataclass(part):
                yield from _walk(part)


def _objects(type_name: str, names: frozenset[str], texts: tuple[str, ...], depth: int) -> st.SearchStrategy[Json]:
    found = structure(type_name)
    assert found is not None, type_name
    elements = [element for element in found.elements.values() if element.name in names or element.name == "url"]
    own: Json = {"resourceType": type_name} if found.kind == "resource" else {}
    drawn = [_properties(element, names, texts, depth) for element in elements]
    return st.tuples(*drawn).map(lambda parts: {k: v for part in (own, *parts) for k, v in part.items()} or {"id": "x"})


def _properties(element: Element, names: frozenset[str], texts: tuple[str, ...], depth: int) -> st.SearchStrategy[Json]:
    """Nothing, or one property of an element."""
    refs = [pair for pair in element.properties() if depth or pair[1].name in PRIMITIVES]
    if not refs:
        return st.just({})
    some = st.sampled_from(refs[:8]).flatmap(lambda pair: _property(*pair, element, names, texts, depth))
    return some if element.minimum else st.just({}) | some


def _property(
    key: str, ref: TypeRef, element: Element, names: frozenset[str], texts: tuple[str, ...], depth: int
) -> st.SearchStrategy[Json]:
    single = element.maximum == 1
    if ref.name in PRIMITIVES:
        value = _VALUES.get(ref.name, st.sampled_from(texts))
        told = (value if single else st.lists(value, min_size=1, max_size=3)).map(lambda held: {key: held})
        return told | st.just({f"_{key}": _EXTENSION if single else [_EXTENSION]})
    kind = "Basic" if ref.name == "Resource" else ref.name
    inner = _objects(kind, names, texts, depth - 1)
    return (inner if single else st.lists(inner, min_size=1, max_size=3)).map(lambda held: {key: held})
