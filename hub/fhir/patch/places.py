"""Changing one element of a resource's JSON in place: what stands beside a primitive under `_name` moves along."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hub.fhir.fhirpath.nodes import Node
from hub.fhir.structure import PRIMITIVES
from hub.kernel.types import Json

#: The value of an element and what stands beside it.
Pair = tuple[Any, Any]


def holder_of(node: Node) -> Json:
    """The JSON object the children of a node stand in; made for a primitive that has nothing beside it yet."""
    if not node.primitive:
        held: Json = node.value
        return held
    if isinstance(node.beside, dict):
        return node.beside
    made: Json = {}
    _put_beside(node, made)
    return made


def _put_beside(node: Node, made: Json) -> None:
    if node.owner is None:
        return
    holder = holder_of(node.owner)
    if node.index is None:
        holder["_" + node.key] = made
        return
    pairs = pairs_of(holder, node.key)
    pairs[node.index] = (pairs[node.index][0], made)
    write(holder, node.key, pairs, node.type)


def pairs_of(holder: Json, key: str) -> list[Pair]:
    """The items of a list, each with what stands beside it."""
    values, beside = _listed(holder.get(key)), _listed(holder.get("_" + key))
    size = max(len(values), len(beside))
    return list(zip(_filled(values, size), _filled(beside, size), strict=True))


def write(holder: Json, key: str, pairs: Sequence[Pair], rtype: str) -> None:
    """Put a list back; what has become empty goes."""
    _put(holder, key, [value for value, _ in pairs])
    if rtype in PRIMITIVES:
        _put(holder, "_" + key, [beside for _, beside in pairs])


def write_one(holder: Json, key: str, pair: Pair) -> None:
    """Put an element that does not repeat."""
    for name, part in ((key, pair[0]), ("_" + key, pair[1])):
        if part is None:
            holder.pop(name, None)
        else:
            holder[name] = part


def remove(node: Node) -> None:
    """Take an element out."""
    if node.owner is None:
        return
    holder = holder_of(node.owner)
    if node.index is None:
        write_one(holder, node.key, (None, None))
        return
    pairs = pairs_of(holder, node.key)
    del pairs[node.index]
    write(holder, node.key, pairs, node.type)


def _put(holder: Json, key: str, items: list[Any]) -> None:
    if any(item is not None for item in items):
        holder[key] = items
    else:
        holder.pop(key, None)


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else []


def _filled(items: list[Any], size: int) -> list[Any]:
    return items + [None] * (size - len(items))
