"""What an element needs to know of the resource it stands in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from hub.kernel.types import Json


@dataclass(slots=True)
class Scope:
    """The outermost resource, the type of each contained one by id, and the contained one we are inside, if any."""

    resource: Json
    contained: Mapping[str, str] = field(default_factory=dict)
    within: Json | None = None

    @property
    def inside(self) -> bool:
        """Whether we are inside a contained resource."""
        return self.within is not None

    @property
    def around(self) -> Json:
        """The innermost resource."""
        return self.resource if self.within is None else self.within


def scope_of(resource: Json) -> Scope:
    """The scope of a resource that is not contained; contained resources of an odd shape are left aside."""
    listed = resource.get("contained")
    if listed.__class__ is not list:
        return Scope(resource)
    found = (item for item in resource["contained"] if item.__class__ is dict)
    return Scope(resource, {str(item.get("id")): str(item.get("resourceType")) for item in found})


def fragments(value: Any) -> Iterator[str]:
    """Every text anywhere in a value that begins with `#`."""
    if value.__class__ is dict:
        for item in value.values():
            yield from fragments(item)
    elif value.__class__ is list:
        for item in value:
            yield from fragments(item)
    elif value.__class__ is str and value.startswith("#"):
        yield value
