"""Target paths of rows, compiled to functions that put a value in its place.

birthDate                  set once: a second, different value is not taken
hospitalization.admitSource   objects on the way are made
name[]                     appended, unless the same value stands there already
participant[].individual   every value makes an element of its own, with the row's `with` as its other members
participant[self].actor    the element of that label, made once per segment, shared by the rows that name it
content[0].attachment      the element at that place, shared by all segments; a new last one if there are not as many
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

_STEP: Final = re.compile(r"([A-Za-z]+)(?:\[([A-Za-z0-9-]*)\])?\Z")


@dataclass(slots=True)
class Primitive:
    """A primitive with what must be said beside it: `value` may be absent, `extension` goes to `_element`."""

    value: Any
    extension: list[Json] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Kept:
    """A text that is no value of the element it was meant for, to be kept beside the whole resource."""

    text: str


#: Puts a value into a resource; the dictionary keeps labelled elements for the run over one segment, and the long lists
#: of the resource. False if the place is taken by something else.
Place = Callable[[Json, Any, dict[str, Any]], bool]


def compile_path(path: str, members: Mapping[str, Any] | None = None, outer: Mapping[str, Any] | None = None) -> Place:
    """Compile `path`; `members` go into the last list element it makes (or the value itself), `outer` into the first.

    Raises HubError INVALID if the path is not of the form above.
    """
    steps = [_step(part, path) for part in path.split(".")]
    lists = [depth for depth, (_, index) in enumerate(steps[:-1]) if index is not None]
    inside = lists[-1] if lists else len(steps) - 1
    place = _last(*steps[-1], members if inside == len(steps) - 1 else None)
    for depth in range(len(steps) - 2, -1, -1):
        own = members if depth == inside else outer if depth == 0 else None
        place = _through(*steps[depth], place, own)
    return place


def _step(part: str, path: str) -> tuple[str, str | None]:
    match = _STEP.match(part)
    if match is None:
        raise HubError(Category.INVALID, f"path cannot be read at {part!r}", where=path)
    return match[1], match[2]


def _last(name: str, index: str | None, members: Mapping[str, Any] | None) -> Place:
    if index is not None:
        return lambda target, value, labels: (
            not isinstance(value, Primitive) and append(target, name, _with(value, members), labels)
        )

    def assign(target: Json, value: Any, _: dict[str, Any]) -> bool:
        if isinstance(value, Primitive):
            return _assign_primitive(target, name, value)
        if name in target:
            return bool(target[name] == _with(value, members))
        target[name] = _with(value, members)
        return True

    return assign


def _with(value: Any, members: Mapping[str, Any] | None) -> Any:
    if not members or not isinstance(value, dict):
        return value
    both = members.keys() & value.keys() & {"extension"}
    return {**members, **value} | {name: [*members[name], *value[name]] for name in both}


#: The long lists of a message by `id`, each with what stands in it; among the labels under the name LONG_LISTS.
LongLists = dict[int, tuple[list[Any], set[str]]]
LONG_LISTS: Final = ""

#: Lists beyond this length are searched by a set, so that a field of many repetitions takes linear time.
_SEARCHED: Final = 32


def append(target: Json, name: str, value: Any, labels: dict[str, Any]) -> bool:
    """Add a value, or each of a list of values, to a list that does not hold it yet."""
    values = target.setdefault(name, [])
    for each in value if isinstance(value, list) else (value,):
        if each not in values if len(values) < _SEARCHED else _is_new(each, values, labels):
            values.append(each)
    return True


def _is_new(value: Any, values: list[Any], labels: dict[str, Any]) -> bool:
    """Whether a long list lacks the value; the list is kept with its set, so that its `id` stays its own."""
    lists: LongLists = labels[LONG_LISTS]
    if id(values) not in lists:
        lists[id(values)] = (values, {repr(each) for each in values})
    seen = lists[id(values)][1]
    text = repr(value)
    if text in seen:
        return False
    seen.add(text)
    return True


def _assign_primitive(target: Json, name: str, value: Primitive) -> bool:
    if name in target or f"_{name}" in target:
        return bool(value.value is not None and target.get(name) == value.value)
    if value.value is not None:
        target[name] = value.value
    if value.extension:
        target[f"_{name}"] = {"extension": value.extension}
    return True


def _through(name: str, index: str | None, inner: Place, members: Mapping[str, Any] | None) -> Place:
    if index is None:
        return _through_object(name, inner, members)
    if index.isdigit():
        return _through_numbered(name, int(index), inner, members)
    return _through_new(name, inner, members) if index == "" else _through_labelled(name, index, inner, members)


def _through_object(name: str, inner: Place, members: Mapping[str, Any] | None) -> Place:
    def place(target: Json, value: Any, labels: dict[str, Any]) -> bool:
        child = target.get(name)
        if child is None:
            child = dict(members) if members else {}
            if not inner(child, value, labels):
                return False
            target[name] = child
            return True
        return inner(child, value, labels)

    return place


def _through_new(name: str, inner: Place, members: Mapping[str, Any] | None) -> Place:
    def put(target: Json, value: Any, labels: dict[str, Any]) -> bool:
        child: Json = dict(members) if members else {}
        return inner(child, value, labels) and append(target, name, child, labels)

    def place(target: Json, value: Any, labels: dict[str, Any]) -> bool:
        if isinstance(value, list):
            taken = [put(target, each, labels) for each in value]
            return all(taken)
        return put(target, value, labels)

    return place


def _through_numbered(name: str, index: int, inner: Place, members: Mapping[str, Any] | None) -> Place:
    def place(target: Json, value: Any, labels: dict[str, Any]) -> bool:
        values = target.get(name, [])
        if index < len(values):
            return inner(values[index], value, labels)
        child: Json = dict(members) if members else {}
        if not inner(child, value, labels):
            return False
        target[name] = [*values, child]
        return True

    return place


def _through_labelled(name: str, label: str, inner: Place, members: Mapping[str, Any] | None) -> Place:
    key = f"{name}[{label}]"

    def place(target: Json, value: Any, labels: dict[str, Any]) -> bool:
        child = labels.get(key)
        if child is None:
            child = dict(members) if members else {}
            if not inner(child, value, labels):
                return False
            labels[key] = child
            target.setdefault(name, []).append(child)
            return True
        return inner(child, value, labels)

    return place
