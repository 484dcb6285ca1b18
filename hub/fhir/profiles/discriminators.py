"""Whether an item is in a slice, by the discriminators of the slicing (R4 profiling.html#discriminator).

An item is in a slice if what stands at the path of each discriminator fits what the slice demands there. None says that
nobody can tell: the path leads through a reference to a resource elsewhere, or the demand is a value set nobody lists.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from hub.fhir.fhirpath.nodes import Node
from hub.fhir.profiles.places import target, target_type
from hub.fhir.profiles.rules import Discriminator, ElementRule, Slicing, TypeRule
from hub.fhir.structure import is_a

if TYPE_CHECKING:
    from hub.fhir.profiles.conformance import Conformance

_STEP: Final = re.compile(r"extension\('(?P<url>[^']*)'\)|(?P<call>resolve|ofType)\((?P<type>\w*)\)|(?P<name>\$?\w+)")


class Discriminators:
    """Decides on behalf of one judgement."""

    def __init__(self, conformance: Conformance) -> None:
        self._conformance: Final = conformance

    def decide(self, item: Node, one: ElementRule, slicing: Slicing) -> bool | None:
        """Whether an item is in the slice `one`; without discriminators it is in none."""
        verdicts = [self._agrees(item, one, part) for part in slicing.discriminators]
        if not verdicts or False in verdicts:
            return False
        return None if None in verdicts else True

    def _agrees(self, item: Node, one: ElementRule, part: Discriminator) -> bool | None:
        steps = [match for match in _STEP.finditer(part.path) if match["name"] != "$this"]
        through = bool(steps) and steps[-1]["call"] == "resolve" and part.type in ("type", "profile")
        nodes, asked, lost = [item], [one], False
        for step in steps[:-1] if through else steps:
            if step["call"] == "resolve":
                found = [target(node) for node in nodes]
                lost = lost or None in found
                nodes = [node for node in found if node is not None]
                asked = [rule for each in asked for rule in self._targets(each)]
            else:
                nodes = [below for node in nodes for below in _below(node, step)]
                asked = [below for rule in asked for below in self._rules_below(rule, step)]
        if part.type == "exists":
            return bool(nodes) in {rule.minimum > 0 for rule in asked if rule.minimum > 0 or rule.maximum == 0}
        verdict = _any(self._fits(node, rule, part.type, through=through) for node in nodes for rule in asked)
        return None if verdict is False and lost else verdict

    def _fits(self, node: Node, rule: ElementRule, kind: str, *, through: bool) -> bool | None:
        if kind == "type":
            return _leads_to_type(node, rule) if through else any(is_a(node.type, part.code) for part in rule.types)
        if kind == "profile":
            return self._has_profile(node, rule, through=through)
        if not self._conformance.fits(node, rule):
            return False
        return None if self._conformance.is_undecided(node, rule) else True

    def _has_profile(self, node: Node, rule: ElementRule, *, through: bool) -> bool | None:
        """Whether a value, or what a reference leads to, conforms to a profile the slice names."""
        if not through:
            return _any(self._conformance.conforms(node, part.profiles) for part in rule.types if part.profiles)
        found = target(node)
        if found is not None:
            return _any(self._conformance.conforms(found, part.targets) for part in rule.types)
        told = target_type(node)
        return False if told is not None and told not in set(self._types(rule.types)) else None

    def _types(self, types: Iterable[TypeRule]) -> Iterator[str]:
        for url in (url for part in types for url in part.targets):
            profile = self._conformance.profile(url)
            yield profile.type if profile else url.rpartition("/")[2]

    def _targets(self, rule: ElementRule) -> list[ElementRule]:
        """The rules of what a reference leads to."""
        found = [self._conformance.profile(url) for part in rule.types for url in part.targets]
        return [profile.root for profile in found if profile]

    def _rules_below(self, rule: ElementRule, step: re.Match[str]) -> Iterator[ElementRule]:
        """The rules of a slice at a step of a path: its own, or those of the profile of its type."""
        if step["call"]:
            yield rule
            return
        profiles = [url for part in rule.types for url in part.profiles]
        found = [self._conformance.profile(url) for url in profiles]
        name = "extension" if step["url"] is not None else step["name"]
        for owner in (rule, *(profile.root for profile in found if profile)):
            child = owner.children.get(name)
            if child is not None:
                yield from child.slices.values() or (child,)
                return
        if name == "url" and profiles:
            yield ElementRule(f"{rule.id}.url", fixed=profiles[0].partition("|")[0])


def _any(verdicts: Iterable[bool | None]) -> bool | None:
    """True if one is; None if one may be."""
    found = list(verdicts)
    return True if True in found else None if None in found else False


def _below(node: Node, step: re.Match[str]) -> list[Node]:
    if step["url"] is not None:
        return [one for one in node.child("extension") if one.value.get("url") == step["url"]]
    if step["call"] == "ofType":
        return [node] if is_a(node.type, step["type"]) else []
    return node.child(step["name"])


def _leads_to_type(node: Node, rule: ElementRule) -> bool | None:
    told = target_type(node)
    if told is None:
        return None
    return told in {url.rpartition("/")[2] for part in rule.types for url in part.targets}
