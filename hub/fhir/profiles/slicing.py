"""Slices: which slice an item is in, how many each may have, and their order (R4 profiling.html#slicing)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from hub.fhir.fhirpath.nodes import Node
from hub.fhir.profiles.places import target, target_type, where
from hub.fhir.profiles.rules import Discriminator, ElementRule, TypeRule
from hub.fhir.structure import is_a

if TYPE_CHECKING:
    from hub.fhir.profiles.conformance import Conformance

_STEP: Final = re.compile(r"extension\('(?P<url>[^']*)'\)|(?P<call>resolve|ofType)\((?P<type>\w*)\)|(?P<name>\$?\w+)")


class Slicer:
    """Sorts the items of an element into slices, on behalf of one judgement."""

    def __init__(self, conformance: Conformance) -> None:
        self._conformance: Final = conformance

    def check(self, owner: Node, items: list[Node], name: str, rule: ElementRule) -> None:
        """Add what is wrong with the items of a sliced element."""
        slices = list(rule.slices.values())
        found: list[list[Node]] = [[] for _ in slices]
        order: list[int] = []
        for item in items:
            at = next((at for at, one in enumerate(slices) if self._matches(item, one, rule)), len(slices))
            order.append(at)
            if at < len(slices):
                found[at].append(item)
            elif rule.slicing and rule.slicing.rules == "closed":
                self._conformance.say("error", where(item), "structure", f"is in none of the slices of {rule.id}")
        for one, held in zip(slices, found, strict=True):
            self._conformance.check_all(owner, held, name, one)
        self._check_order(owner, name, rule, order)

    def _check_order(self, owner: Node, name: str, rule: ElementRule, order: list[int]) -> None:
        if rule.slicing is None:
            return
        last = len(rule.slices)
        inside = [at for at in order if at < last]
        at_end = rule.slicing.rules != "openAtEnd" or order[: len(inside)] == inside
        if not at_end or (rule.slicing.ordered and inside != sorted(inside)):
            place = f"{where(owner)}.{name}"
            self._conformance.say("error", place, "structure", f"must have the slices of {rule.id} in their order")

    def _matches(self, item: Node, one: ElementRule, rule: ElementRule) -> bool:
        found = rule.slicing.discriminators if rule.slicing else ()
        return bool(found) and all(self._agrees(item, one, part) for part in found)

    def _agrees(self, item: Node, one: ElementRule, part: Discriminator) -> bool:
        steps = [match for match in _STEP.finditer(part.path) if match["name"] != "$this"]
        nodes, asked = [item], [one]
        for step in steps:
            nodes = [below for node in nodes for below in _below(node, step)]
            asked = [below for rule in asked for below in self._rules_below(rule, step)]
        if part.type == "exists":
            return any(rule.minimum > 0 for rule in asked) == bool(nodes) or not _says_existence(asked)
        if part.type == "type":
            through = bool(steps) and steps[-1]["call"] == "resolve"
            return any(_is_of_type(node, rule, through=through) for node in nodes or [item] for rule in asked)
        if part.type == "profile":
            return any(self._has_profile(node, rule) for node in nodes for rule in asked)
        return any(self._conformance.fits(node, rule) for node in nodes for rule in asked)

    def _rules_below(self, rule: ElementRule, step: re.Match[str]) -> Iterator[ElementRule]:
        """The rules of a slice at a step of a discriminator's path: its own, or those of the profile of its type."""
        if step["call"]:
            yield rule
            return
        owners = [rule, *(profile.root for url in _profiles(rule) if (profile := self._conformance.profile(url)))]
        name = "extension" if step["url"] is not None else step["name"]
        for owner in owners:
            child = owner.children.get(name)
            if child is not None:
                yield from child.slices.values() or (child,)
                return
        if name == "url" and _profiles(rule):
            yield ElementRule(f"{rule.id}.url", fixed=_profiles(rule)[0].partition("|")[0])

    def _has_profile(self, node: Node, rule: ElementRule) -> bool:
        """Whether a value, or what a reference leads to, conforms to a profile the slice names."""
        for part in rule.types:
            if part.targets and node.type == "Reference":
                found = target(node)
                if found is None:
                    return target_type(node) in self._types(part)
                return self._conformance.conforms(found, part.targets) is True
            if part.profiles and self._conformance.conforms(node, part.profiles) is True:
                return True
        return False

    def _types(self, part: TypeRule) -> set[str]:
        profiles = [self._conformance.profile(url) for url in part.targets]
        return {profile.type for profile in profiles if profile} | {url.rpartition("/")[2] for url in part.targets}


def _below(node: Node, step: re.Match[str]) -> list[Node]:
    if step["url"] is not None:
        return [one for one in node.child("extension") if one.value.get("url") == step["url"]]
    if step["call"] == "ofType":
        return [node] if is_a(node.type, step["type"]) else []
    if step["call"] == "resolve":
        return [node]
    return node.child(step["name"])


def _profiles(rule: ElementRule) -> list[str]:
    return [url for part in rule.types for url in part.profiles]


def _says_existence(asked: list[ElementRule]) -> bool:
    return any(rule.minimum > 0 or rule.maximum == 0 for rule in asked)


def _is_of_type(node: Node, rule: ElementRule, *, through: bool) -> bool:
    if through:
        told = target_type(node)
        return any(told is not None and told == url.rpartition("/")[2] for part in rule.types for url in part.targets)
    return any(is_a(node.type, part.code) for part in rule.types)
