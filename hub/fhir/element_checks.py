"""Checks of one property: single or list, primitive or object, with its required codes and reference targets."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Container, Mapping
from functools import lru_cache
from typing import Any, Final

from hub.fhir.faults import Fault, place
from hub.fhir.primitives import Test
from hub.fhir.scope import Scope
from hub.fhir.structure import RESOURCE_TYPES
from hub.fhir.value_sets import codes, codings
from hub.kernel.types import Json

#: Checks the value of a property; its owner is the object the property belongs to.
Check = Callable[[Any, Json, list[Fault], Scope], None]
#: Checks a JSON object on its own.
ObjectCheck = Callable[[Any, list[Fault], Scope], None]

_TARGET: Final = re.compile(
    r"(?:https?://.*/|)(?P<type>[A-Z][A-Za-z]+)(?:/[A-Za-z0-9\-.]{1,64}(?:/_history/[A-Za-z0-9\-.]{1,64})?|\?.*)"
)
#: Longer references are not remembered.
_REPEATED: Final = 200
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:\S*")


def one(segment: str, check: ObjectCheck) -> Check:
    """An element that occurs once at most."""

    def run(item: Any, _: Json, faults: list[Fault], scope: Scope) -> None:
        before = len(faults)
        check(item, faults, scope)
        if len(faults) != before:
            place(faults, before, segment)

    return run


def one_primitive(segment: str, test: Test) -> Check:
    """A primitive element that occurs once at most."""

    def run(item: Any, _owner: Json, faults: list[Fault], _scope: Scope) -> None:
        wrong = test(item)
        if wrong is not None:
            faults.append(Fault(*wrong, [segment]))

    return run


def list_of(segment: str, check: ObjectCheck, *, beside: str = "") -> Check:
    """A repeating element. `beside` is the property a list of primitive extensions stands beside: null is a gap."""

    def run(items: Any, owner: Json, faults: list[Fault], scope: Scope) -> None:
        if not _is_list(items, segment, faults):
            return
        if beside and not _fits_beside(items, owner.get(beside)):
            faults.append(Fault("structure", "must be as long as the list of values beside it", [segment]))
        for index, item in enumerate(items):
            if item is not None or not beside:
                before = len(faults)
                check(item, faults, scope)
                if len(faults) != before:
                    place(faults, before, f"{segment}[{index}]")

    return run


def list_of_primitives(segment: str, test: Test, extensions: str) -> Check:
    """A repeating primitive element; null stands for an item that has only what `extensions` says of it."""

    def run(items: Any, owner: Json, faults: list[Fault], _: Scope) -> None:
        if not _is_list(items, segment, faults):
            return
        for index, item in enumerate(items):
            if item is None and _extended(owner.get(extensions), index):
                continue
            wrong = test(item)
            if wrong is not None:
                faults.append(Fault(*wrong, [f"{segment}[{index}]"]))

    return run


def _is_list(items: Any, segment: str, faults: list[Fault]) -> bool:
    if items.__class__ is not list:
        faults.append(Fault("structure", "must be a JSON list", [segment]))
        return False
    if not items:
        faults.append(Fault("structure", "must not be an empty list", [segment]))
    return True


def _fits_beside(items: list[Any], values: Any) -> bool:
    # Values that are no list are a fault of their own.
    return any(item is not None for item in items) and (values.__class__ is not list or len(values) == len(items))


def _extended(extensions: Any, index: int) -> bool:
    return extensions.__class__ is list and index < len(extensions) and extensions[index] is not None


def coded(test: Test, binding: str | None) -> Test:
    """A primitive whose value must be one of the codes of its required value set."""
    known = codes(binding) if binding else None
    if known is None:
        return test
    wrong = ("code-invalid", f"is not a code of the required value set {binding}")

    def run(value: Any) -> tuple[str, str] | None:
        if value.__class__ is str and value in known:
            return None
        return test(value) or wrong

    return run


def coded_object(name: str, binding: str | None, check: ObjectCheck, *, required: bool) -> ObjectCheck:
    """A Coding or CodeableConcept one of whose codings must be of a value set; unless `required`, if it has any."""
    known = codings(binding) if binding else None
    if known is None or name not in ("Coding", "CodeableConcept"):
        return check
    wrong = f"has no code of the required value set {binding}"

    def run(value: Any, faults: list[Fault], scope: Scope) -> None:
        before = len(faults)
        check(value, faults, scope)
        if len(faults) == before and "extension" not in value:
            listed = [value] if name == "Coding" else value.get("coding", ())
            if (required or listed) and not any(_is_of(item, known) for item in listed):
                faults.append(Fault("code-invalid", wrong))

    return run


def _is_of(coding: Json, known: Mapping[str, Container[str]]) -> bool:
    return coding.get("code") in known.get(coding.get("system", ""), ())


def reference_to(targets: Collection[str], check: ObjectCheck) -> ObjectCheck:
    """A Reference whose target must be of one of these types (none: any), as far as the reference tells."""
    allowed = frozenset(targets or RESOURCE_TYPES)
    wrong = f"must refer to {', '.join(sorted(allowed))}"

    def run(value: Any, faults: list[Fault], scope: Scope) -> None:
        before = len(faults)
        check(value, faults, scope)
        if len(faults) == before:
            text, stated = value.get("reference"), value.get("type")
            target = _target(text, scope)
            if target is None:
                faults.append(Fault("value", "is neither Type/id nor a URL", ["reference"]))
            elif not _fits(target, allowed) or not _fits(stated, allowed):
                faults.append(Fault("value", wrong))

    return run


def _fits(name: str | None, allowed: Collection[str]) -> bool:
    """Whether a type is one of some; whatever names no type of R4 says nothing."""
    return name in allowed or name not in RESOURCE_TYPES


def _target(text: str | None, scope: Scope) -> str | None:
    """The type a reference names, "" where it tells none, None where the text can be no reference."""
    if text is None:
        return ""
    if text.startswith("#"):
        return scope.contained.get(text[1:], scope.resource.get("resourceType")) or ""
    return _known_target(text) if len(text) <= _REPEATED else _target_elsewhere(text)


def _target_elsewhere(text: str) -> str | None:
    """As `_target`, of `Type/id`, a conditional reference, or a URL or URN."""
    match = _TARGET.fullmatch(text)
    if match is not None and match["type"] in RESOURCE_TYPES:
        return match["type"]
    return "" if _URL.fullmatch(text) else None


#: What one record says refers to the same few again and again.
_known_target: Final = lru_cache(maxsize=4096)(_target_elsewhere)
