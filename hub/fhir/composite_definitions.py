"""Judges the parts of a composite SearchParameter that an installation wants of its own. Pure.

R4 searchparameter.html: `expression` leads to the items, `component.expression` from an item to a value, and
`component.definition` names the parameter whose type the value is searched by.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from hub.fhir.definition_checks import compiled, refused, sound_routes
from hub.fhir.emitters import emitter
from hub.fhir.expression import Path
from hub.fhir.search_parameters import Component, parameters
from hub.kernel.types import Json

_R4: Final = "http://hl7.org/fhir/SearchParameter/"
#: What is found by a hash, so that others may stand beside it.
_HASHED: Final = frozenset({"reference", "token", "uri"})
_LAST: Final = _HASHED | {"date", "number", "quantity", "string"}
#: Combinations multiply: an item gives one row for each.
_MOST: Final = 3


def read_components(given: Sequence[Json], base: str, expression: str, own: Mapping[str, str]) -> tuple[Component, ...]:
    """The parts of a composite parameter of type `base`.

    `own` are the types of the installation's other parameters by their URL. Raises HubError INVALID, naming the
    element, for what the index cannot hold.
    """
    focuses = _focuses(expression, base)
    found = tuple(_component(one, f"component[{at}]", base, focuses, own) for at, one in enumerate(given))
    kinds = [one.type for one in found]
    if not 2 <= len(found) <= _MOST:
        raise refused(f"is needed, 2 to {_MOST} times", "component")
    before = kinds[:-2] if kinds[-2:] == ["number", "number"] and len(kinds) > 2 else kinds[:-1]
    if not _HASHED.issuperset(before) or kinds[-1] not in _LAST:
        todo = "let only the last be compared, or two numbers at the end after something else"
        raise refused("has parts in an order that the index does not hold", "component", todo)
    return found


def _focuses(expression: str, base: str) -> list[str]:
    """The types of the items."""
    found = []
    for alternative in compiled(expression):
        if not isinstance(alternative, Path):
            raise refused("gives true or false, which has no parts", "expression")
        found += [route.type for route in sound_routes(alternative, base, base)]
    return found


def _component(given: Json, where: str, base: str, focuses: Sequence[str], own: Mapping[str, str]) -> Component:
    expression = str(given.get("expression", ""))
    kind = _kind(str(given.get("definition", "")), base, own)
    if kind not in _LAST:
        todo = "name one of R4's of this type, or one of this hub that is active"
        raise refused("names no search parameter that can be a part", f"{where}.definition", todo)
    for focus in focuses:
        _check(expression, f"{where}.expression", base, focus, kind)
    return Component(type=kind, expression=expression)


def _kind(definition: str, base: str, own: Mapping[str, str]) -> str:
    """The type of the parameter a canonical names, "" for none.

    R4's are called by the type, or the group of types, they are of, and their code (`clinical-code`).
    """
    url = definition.partition("|")[0]
    if url in own:
        return own[url]
    code = url.removeprefix(_R4).partition("-")[2] if url.startswith(_R4) else ""
    found = parameters(base).get(code) or parameters(base).get(f"_{code}")
    return "" if found is None else found.type


def _check(expression: str, where: str, base: str, focus: str, kind: str) -> None:
    for alternative in compiled(expression, where):
        if not isinstance(alternative, Path):
            raise refused("gives true or false, which is no part", where)
        found = sound_routes(alternative, focus, base, where)
        if not all(route.hops for route in found) or all(emitter(kind, route) is None for route in found):
            raise refused(f"gives no value that a parameter of type {kind} indexes", where)
