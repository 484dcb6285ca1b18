"""Reading JSON that may have any shape: nothing here raises, and what cannot be read is absent.

An empty array or object counts as absent (section 9a), and so does null. A value where a list belongs is a list of
one; a value that is no object has no members.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

Object = Mapping[str, Any]

_NOTHING: Final[Object] = {}


def present(value: object) -> bool:
    """Does this count as a value at all?"""
    return value is not None and value not in ([], {}, ())


def record(value: object) -> Object:
    """The object, or an empty one."""
    return value if isinstance(value, dict) else _NOTHING


def items(value: object) -> Sequence[Any]:
    """The values of a list; a single value is a list of itself."""
    if isinstance(value, list | tuple):
        return value
    return (value,) if present(value) else ()


def records(value: object) -> list[Object]:
    """The objects among the values of a list."""
    return [item for item in items(value) if isinstance(item, dict)]


def text(value: object) -> str | None:
    """The text, unless it is empty or something else."""
    return value if isinstance(value, str) and value else None


def codings(concept: object) -> list[Object]:
    """The codings of a CodeableConcept."""
    return records(record(concept).get("coding"))


def pair(coding: object) -> tuple[str | None, str | None]:
    """System and code of a Coding."""
    fields = record(coding)
    return text(fields.get("system")), text(fields.get("code"))


def has_code(concepts: object, system: str, code: str) -> bool:
    """Does any CodeableConcept of the list hold this coding?"""
    return any(pair(coding) == (system, code) for concept in items(concepts) for coding in codings(concept))
