"""From the provisions of a Consent to rules: inheritance, base type, and whether they can be processed (4h, 5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from consent.criteria import CRITERIA, read_criterion
from consent.references import References
from consent.rule import Rule
from consent.shapes import Object, codings, items, pair, present, record
from consent.tables import ACT_CODE
from consent.times import NEVER, read_period

_TYPES: Final = {"permit": True, "deny": False}
_ELEMENTS: Final = frozenset(CRITERIA) | {"type", "provision", "id", "extension"}
_PERIODS: Final = ("period", "dataPeriod")


def read_rules(consent: Object, references: References) -> tuple[Rule, ...] | None:
    """The rules of a Consent, each after the one it is nested in; None if it cannot be processed (section 4h)."""
    root = consent.get("provision")
    if _has_modifier(consent) or _modified(root):
        return None
    return _flatten(_only(root), _base_type(consent), references)


def _flatten(root: object, base: bool | None, references: References) -> tuple[Rule, ...] | None:
    rules: list[Rule] = []
    effective: list[Mapping[str, Any]] = []
    waiting: list[tuple[object, int]] = [(root, -1)]
    # A stack, not recursion: consents may nest as deep as somebody likes.
    while waiting:
        provision, parent = waiting.pop()
        if not isinstance(provision, dict) or not _processable(provision, nested=parent >= 0):
            return None
        own = _own_criteria(provision, references)
        criteria = own if parent < 0 else {**effective[parent], **own}
        permit = _TYPES[provision["type"]] if present(provision.get("type")) else base
        general = parent < 0 and not own.keys() - {"period"}
        waiting.extend((nested, len(rules)) for nested in items(provision.get("provision")))
        rules.append(Rule(permit=permit, parent=parent, general=general, **criteria))
        effective.append(criteria)
    return tuple(rules)


def _own_criteria(provision: Object, references: References) -> dict[str, Any]:
    return {
        field: read_criterion(element, provision[element], references)
        for element, field in CRITERIA.items()
        if present(provision.get(element))
    }


def _processable(provision: Object, *, nested: bool) -> bool:
    if any(element not in _ELEMENTS and present(value) for element, value in provision.items()):
        return False
    said = provision.get("type")
    typed = not nested if not present(said) else isinstance(said, str) and said in _TYPES
    return typed and all(read_period(provision.get(element)) is not NEVER for element in _PERIODS)


def _has_modifier(element: Object) -> bool:
    return present(element.get("modifierExtension")) or present(element.get("implicitRules"))


def _modified(root: object) -> bool:
    """Does a `modifierExtension` stand anywhere inside?"""
    waiting = [root]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if present(value.get("modifierExtension")):
                return True
            waiting.extend(value.values())
        elif isinstance(value, list | tuple):
            waiting.extend(value)
    return False


def _only(root: object) -> object:
    """The root provision; a Consent without one has an empty one, which matches everything."""
    found = items(root)
    return {} if not found else found[0] if len(found) == 1 else None


def _base_type(consent: Object) -> bool | None:
    """What `policyRule` says where the root provision says nothing: OPTOUT deny, OPTIN permit, else nothing."""
    rule = {code for system, code in map(pair, codings(record(consent).get("policyRule"))) if system == ACT_CODE}
    if "OPTOUT" in rule:
        return False
    return True if "OPTIN" in rule else None
