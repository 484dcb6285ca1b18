"""Resources of any type made from the structure table: shaped as JSON of FHIR may be, whatever their content means."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from hub.fhir.decimals import decimal_of
from hub.fhir.structure import PRIMITIVES, RESOURCE_TYPES, Element, TypeRef, structure
from hub.kernel.types import Json

DECIMALS: Final = ["1.10", "0", "-0.00", "185", "1E+3", "1e-5", "0.0000001", "12345678901234567890.1234567890"]
DIVS: Final = ["ok", "a &lt; b &amp; c", '<p>x</p> \n<br/><b class="q">你</b>', "<table><tr><td>1</td></tr></table>"]

_text: Final = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8) | st.sampled_from(
    ["\u0001bell", " lead", "line\r\nline\ttab", "<&>\"'", "\ufffe", "\ufffd\u0002", "患者𠮷", "]]>"]
)
_values: Final[dict[str, SearchStrategy[Any]]] = {
    "boolean": st.booleans(),
    "integer": st.integers(-(2**31), 2**31 - 1),
    "unsignedInt": st.integers(0, 2**31 - 1),
    "positiveInt": st.integers(1, 2**31 - 1),
    "decimal": st.sampled_from(DECIMALS).map(decimal_of)
    | st.integers(-9, 9)
    | st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-1000, max_value=1000),
    "xhtml": st.sampled_from(DIVS).map(lambda inner: f'<div xmlns="http://www.w3.org/1999/xhtml">{inner}</div>'),
}
_plain_id: Final = st.from_regex(r"[A-Za-z0-9\-.]{1,8}", fullmatch=True)
_url: Final = st.from_regex(r"[a-z]{1,4}:[a-z0-9/?&=]{1,8}", fullmatch=True)


@st.composite
def any_resource(draw: DrawFn, rtype: str | None = None, depth: int = 4) -> Json:
    """A resource of a type, or of any."""
    name = rtype or draw(st.sampled_from(sorted(RESOURCE_TYPES)))
    return {"resourceType": name, **draw(_object(name, depth))}


@st.composite
def _object(draw: DrawFn, name: str, depth: int) -> Json:
    """At least one element of a type, few at most."""
    found = structure(name)
    assert found is not None
    possible = [element for element in found.elements.values() if depth or _is_flat(element)]
    chosen = draw(st.lists(st.sampled_from(possible), min_size=1, max_size=5, unique_by=lambda element: element.name))
    out: Json = {}
    for element in chosen:
        properties = [pair for pair in element.properties() if depth or pair[1].name in PRIMITIVES]
        key, ref = draw(st.sampled_from(properties))
        out |= draw(_property(name, element, key, ref, depth))
    return out


def _is_flat(element: Element) -> bool:
    return any(ref.name in PRIMITIVES for ref in element.types)


@st.composite
def _property(draw: DrawFn, owner: str, element: Element, key: str, ref: TypeRef, depth: int) -> Json:
    value = _values.get(ref.name, _text)
    if owner == "Extension" and key == "url":
        return {key: draw(_url)}
    if key == "id":
        return {key: draw(_plain_id)}
    if ref.name == "xhtml":
        return {key: draw(value)}
    if ref.name not in PRIMITIVES:
        inside = any_resource(None, depth - 1) if ref.name == "Resource" else _object(ref.name, depth - 1)
        return {key: draw(inside if element.maximum == 1 else st.lists(inside, min_size=1, max_size=2))}
    extras = _object("Element", depth - 1) if depth > 1 else st.builds(lambda rid: {"id": rid}, _plain_id)
    if element.maximum == 1:
        return draw(_pair(key, value, extras))
    items = draw(st.lists(_pair("v", value, extras), min_size=1, max_size=3))
    out = {key: [item.get("v") for item in items], "_" + key: [item.get("_v") for item in items]}
    return {name: listed for name, listed in out.items() if any(item is not None for item in listed)}


def _pair(key: str, value: SearchStrategy[Any], extras: SearchStrategy[Json]) -> SearchStrategy[Json]:
    """A value, what stands beside it, or both."""
    return st.one_of(
        value.map(lambda v: {key: v}),
        extras.map(lambda e: {"_" + key: e}),
        st.tuples(value, extras).map(lambda both: {key: both[0], "_" + key: both[1]}),
    )
