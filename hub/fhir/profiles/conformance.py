"""Judges elements by the rules of a profile. What R4 itself demands has been judged before.

R4 profiling.html and elementdefinition.html: cardinality, types, fixed values, patterns, bindings, invariants, and what
values and targets of references must conform to.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

from hub.fhir.fhirpath.context import Environment
from hub.fhir.fhirpath.nodes import Node
from hub.fhir.profiles.elements import CORE
from hub.fhir.profiles.places import target, target_type, where
from hub.fhir.profiles.rules import Constraint, ElementRule, Profile, TypeRule
from hub.fhir.profiles.slicing import Slicer
from hub.fhir.profiles.terms import Terms, is_coded
from hub.fhir.profiles.values import fits_pattern, is_fixed
from hub.fhir.structure import RESOURCE_TYPES, is_a
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Issue

#: Values and targets are judged by profiles of profiles of ... no deeper.
_DEEPEST: Final = 10

Severity = Literal["error", "warning", "information"]
Find = Callable[[str], Profile | None]


class Conformance:
    """One judgement: gathers issues. `find` gives a profile by its canonical URL, or None."""

    def __init__(self, find: Find, terms: Terms, depth: int = 0) -> None:
        self.issues: Final[list[Issue]] = []
        self._find: Final = find
        self._terms: Final = terms
        self._depth: Final = depth
        self._slicer: Final = Slicer(self)
        self._environment: Final = Environment(member_of=terms.member_of)

    def check(self, node: Node, rule: ElementRule) -> None:
        """Add what is wrong with an element by a rule, itself and below."""
        self._check_value(node, rule)
        self._check_binding(node, rule)
        if rule.types and self._check_type(node, rule):
            self._check_profiles(node, rule.types)
        for constraint in rule.constraints:
            self._check_constraint(node, constraint)
        for name, child in rule.children.items():
            self.check_all(node, node.child(name), name, child)

    def check_all(self, owner: Node, items: list[Node], name: str, rule: ElementRule, unsorted: int = 0) -> None:
        """Check how many items of an element there are, each of them, and the slices they are in.

        `unsorted` items are there beside, of which nobody can tell whether they are in this slice.
        """
        place = f"{where(owner)}.{name}"
        if len(items) + unsorted < rule.minimum:
            self.say("error", place, "required", f"must be there {_times(rule.minimum)} at least ({rule.id})")
        if rule.maximum is not None and len(items) > rule.maximum:
            self.say("error", place, "structure", f"must be there {_times(rule.maximum)} at most ({rule.id})")
        for item in items:
            self.check(item, rule)
        if rule.slices:
            self._slicer.check(owner, items, name, rule)

    def fits(self, node: Node, rule: ElementRule) -> bool:
        """Whether an element has nothing wrong by a rule, without a word about it."""
        trial = Conformance(self._find, self._terms, self._depth + 1)
        if self._depth < _DEEPEST:
            trial.check(node, rule)
        return not any(issue.severity == "error" for issue in trial.issues)

    def is_undecided(self, node: Node, rule: ElementRule) -> bool:
        """Whether all that is demanded of an element is a code of a value set that nobody lists."""
        alone = rule.fixed is None and rule.pattern is None and not rule.children
        return alone and rule.binding is not None and self._terms.holds(node, rule.binding.value_set) is None

    def profile(self, url: str) -> Profile | None:
        """A profile at hand."""
        return self._find(url)

    def say(self, severity: Severity, place: str, code: str, text: str) -> None:
        self.issues.append(Issue(severity=severity, where=place, code=code, text=text))

    def conforms(self, node: Node, urls: tuple[str, ...]) -> bool | None:
        """Whether an element conforms to one of these profiles or types; None where one that might do is not known."""
        unknown = False
        for url in urls:
            rtype = url.partition("|")[0].removeprefix(CORE)
            profile = self._find(url)
            if profile is not None:
                if is_a(node.type, profile.type) and self.fits(node, profile.root):
                    return True
            elif rtype in RESOURCE_TYPES or rtype in ("Resource", "DomainResource"):
                if rtype == "Resource" or is_a(node.type, rtype):
                    return True
            else:
                unknown = True
        return None if unknown else False

    def _check_value(self, node: Node, rule: ElementRule) -> None:
        value = node.value
        if rule.fixed is not None and not is_fixed(value, rule.fixed):
            self.say("error", where(node), "value", f"must be the value that the profile fixes ({rule.id})")
        if rule.pattern is not None and not fits_pattern(value, rule.pattern):
            self.say("error", where(node), "value", f"must have what the pattern of the profile has ({rule.id})")
        if rule.longest is not None and isinstance(value, str) and len(value) > rule.longest:
            self.say("error", where(node), "too-long", f"must have {rule.longest} characters at most ({rule.id})")
        if not _in_order(rule.least, value) or not _in_order(value, rule.greatest):
            self.say("error", where(node), "value", f"must lie within the bounds of the profile ({rule.id})")

    def _check_binding(self, node: Node, rule: ElementRule) -> None:
        binding = rule.binding
        if binding is None or not is_coded(node) or (node.primitive and node.value is None):
            return
        if self._terms.holds(node, binding.value_set) is False:
            required = binding.strength == "required"
            text = f"has no code of the value set {binding.value_set} ({rule.id})"
            self.say("error" if required else "warning", where(node), "code-invalid", text)

    def _check_type(self, node: Node, rule: ElementRule) -> bool:
        if any(is_a(node.type, part.code) or part.code == "Resource" for part in rule.types):
            return True
        listed = ", ".join(part.code for part in rule.types)
        self.say("error", where(node), "structure", f"must be of type {listed} ({rule.id})")
        return False

    def _check_profiles(self, node: Node, types: tuple[TypeRule, ...]) -> None:
        fitting = [part for part in types if is_a(node.type, part.code) or part.code == "Resource"]
        profiles = tuple(url for part in fitting for url in part.profiles)
        if profiles and all(part.profiles for part in fitting) and self.conforms(node, profiles) is False:
            self._explain(node, profiles)
        targets = tuple(url for part in fitting for url in part.targets)
        if targets and node.type == "Reference" and self._leads_to(node, targets) is False:
            listed = ", ".join(url.removeprefix(CORE) for url in targets)
            self.say("error", where(node), "value", f"must refer to {listed}")

    def _explain(self, node: Node, profiles: tuple[str, ...]) -> None:
        """What is wrong by the one profile, or that none of several fits."""
        profile = self._find(profiles[0]) if len(profiles) == 1 else None
        if profile is not None and self._depth < _DEEPEST:
            closer = Conformance(self._find, self._terms, self._depth + 1)
            closer.check(node, profile.root)
            self.issues.extend(closer.issues)
        if profile is None or not is_a(node.type, profile.type):
            self.say("error", where(node), "structure", f"must conform to {' or '.join(profiles)}")

    def _leads_to(self, node: Node, targets: tuple[str, ...]) -> bool | None:
        found = target(node)
        if found is not None:
            return self.conforms(found, targets)
        rtype = target_type(node)
        if rtype is None:
            return None
        known = [self._type_of(url) for url in targets]
        return None if None in known else any(kind in ("Resource", rtype) for kind in known)

    def _type_of(self, url: str) -> str | None:
        profile = self._find(url)
        rtype = url.partition("|")[0].removeprefix(CORE)
        return profile.type if profile else rtype if rtype in RESOURCE_TYPES or rtype == "Resource" else None

    def _check_constraint(self, node: Node, constraint: Constraint) -> None:
        if constraint.expression is None:
            return
        whole = node
        while whole.owner is not None:
            whole = whole.owner
        try:
            holds = constraint.expression.holds(whole, node, environment=self._environment)
        except HubError as error:
            holds = error.category in (Category.UNSUPPORTED, Category.TOO_LARGE)
        if not holds:
            self.say(constraint.severity, where(node), "invariant", constraint.text)


def _in_order(low: object, high: object) -> bool:
    """Whether a bound is kept, where both are numbers or both are texts (dates)."""
    if isinstance(low, str) and isinstance(high, str):
        return low[: len(high)] <= high[: len(low)]
    numbers = (low, high)
    if any(value is None or isinstance(value, bool | str | dict | list) for value in numbers):
        return True
    return bool(low <= high)  # type: ignore[operator]


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
