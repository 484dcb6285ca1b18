"""From a StructureDefinition to a `Profile`: a tree of rules that holds only what R4 does not say itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from hub.fhir.fhirpath.engine import compile_expression
from hub.fhir.invariants import is_of_r4
from hub.fhir.profiles.elements import elements_of, wrong
from hub.fhir.profiles.rules import (
    Binding,
    Constraint,
    Discriminator,
    ElementRule,
    Profile,
    Slicing,
    TypeRule,
)
from hub.fhir.structure import TYPES
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

_DISCRIMINATORS: Final = frozenset({"value", "pattern", "exists", "type", "profile"})
_BY_URL: Final = Slicing((Discriminator("value", "url"),))
_BY_TYPE: Final = Slicing((Discriminator("type", "$this"),))
_SYSTEM: Final = "http://hl7.org/fhirpath/"


def compile_profile(definition: Json, at_hand: Mapping[str, Json], where: str) -> Profile:
    """The profile of a definition. Raises HubError INVALID saying what is wrong with it (without its place)."""
    rtype = definition.get("type")
    if rtype not in TYPES:
        raise wrong("constrains a type R4 has not")
    root = ElementRule(str(rtype))
    for key, element in elements_of(definition, at_hand).items():
        try:
            _fill(_place(root, key), element, is_root=not key)
        except HubError as error:
            raise wrong(f"{'.'.join([str(rtype), *key])}: {error.what}") from None
        except (LookupError, TypeError, ValueError, AttributeError):
            raise wrong(f"{'.'.join([str(rtype), *key])}: cannot be read") from None
    _complete(root)
    return Profile(str(definition["url"]), str(definition.get("version", "")), str(rtype), where, root)


def _place(root: ElementRule, key: Iterable[str]) -> ElementRule:
    at = root
    for segment in key:
        name, _, slice_name = segment.partition(":")
        at = at.children.setdefault(name, ElementRule(f"{at.id}.{name}"))
        for part in slice_name.split("/") if slice_name else ():
            at = at.slices.setdefault(part, ElementRule(f"{at.id}:{part}"))
    return at


def _fill(rule: ElementRule, element: Json, *, is_root: bool) -> None:
    if not is_root:
        rule.minimum = int(element.get("min", 0))
        rule.maximum = None if element.get("max", "*") == "*" else int(element["max"])
    rule.types = tuple(_type(row) for row in element.get("type", ()) if not row["code"].startswith(_SYSTEM))
    rule.fixed, rule.pattern = _value(element, "fixed"), _value(element, "pattern")
    rule.least, rule.greatest = _value(element, "minValue"), _value(element, "maxValue")
    rule.longest = element.get("maxLength")
    rule.binding = _binding(element.get("binding", {}))
    rule.constraints = [_constraint(row) for row in element.get("constraint", ()) if not _known(row)]
    if "slicing" in element:
        rule.slicing = _slicing(element["slicing"])


def _type(row: Json) -> TypeRule:
    return TypeRule(row["code"], tuple(row.get("profile", ())), tuple(row.get("targetProfile", ())))


def _value(element: Json, prefix: str) -> Any:
    return next(
        (value for key, value in element.items() if key.startswith(prefix) and key[len(prefix) :][:1].isupper()), None
    )


def _binding(row: Json) -> Binding | None:
    strength, value_set = row.get("strength"), row.get("valueSet")
    return Binding(strength, value_set) if strength in ("required", "extensible") and value_set else None


def _known(row: Json) -> bool:
    """Whether an invariant is one of R4's own, which snapshots repeat."""
    return is_of_r4(row["key"], row.get("expression", ""))


def _constraint(row: Json) -> Constraint:
    text = f"{row.get('human', 'must hold')} ({row['key']})"
    severity: Any = row.get("severity", "error")
    if not row.get("expression"):
        return Constraint(row["key"], severity, text, None)
    try:
        return Constraint(row["key"], severity, text, compile_expression(row["expression"]))
    except HubError as error:
        if error.category is Category.UNSUPPORTED:
            return Constraint(row["key"], severity, text, None)
        raise wrong(f"the expression of {row['key']} cannot be read: {error.what}") from None


def _slicing(row: Json) -> Slicing:
    found = tuple(Discriminator(part["type"], part["path"]) for part in row.get("discriminator", ()))
    if not all(part.type in _DISCRIMINATORS for part in found):
        raise wrong("has a discriminator R4 has not")
    return Slicing(found, row.get("rules", "open"), row.get("ordered", False))


def _complete(rule: ElementRule) -> None:
    """Give slices whose slicing goes without saying theirs; drop what demands nothing."""
    if rule.slices and (rule.slicing is None or not rule.slicing.discriminators):
        implied = _implied(rule)
        if implied is not None:
            rule.slicing = Slicing(implied.discriminators, rule.slicing.rules) if rule.slicing else implied
        elif rule.slicing is None:
            raise wrong(f"{rule.id}: has slices and no slicing")
    for branch in (*rule.children.values(), *rule.slices.values()):
        _complete(branch)
    rule.children = {name: child for name, child in rule.children.items() if not child.says_nothing()}


def _implied(rule: ElementRule) -> Slicing | None:
    """R4 profiling.html#slicing: extensions are sliced by url, and choices by type if by nothing else."""
    name = rule.id.rpartition(".")[2]
    if name in ("extension", "modifierExtension"):
        return _BY_URL
    return _BY_TYPE if all(part.types for part in rule.slices.values()) else None
