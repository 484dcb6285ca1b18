"""What one consent says (section 5), and what its permits cover (section 6, step 6)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hub.kernel.types import Json
from tests.consent import cases
from tests.consent.literal.case import ORDER, Case, kinds
from tests.consent.literal.fitting import NINE, holds
from tests.consent.literal.moments import empty, reference


@dataclass(frozen=True)
class Said:
    """A matching, not overridden provision: its place in the tree, its type, its effective criteria."""

    at: tuple[int, ...]
    type: str
    criteria: Json

    @property
    def names_actor(self) -> bool:
        return "actor" in self.criteria


def said(case: Case, consent: Json) -> list[Said]:
    """5: of the matching provisions those in which no other that matches is nested."""
    matching = list(_matching(case, consent))
    return [one for one in matching if not any(_nested(other.at, one.at) for other in matching)]


def _nested(inner: tuple[int, ...], outer: tuple[int, ...]) -> bool:
    return len(inner) > len(outer) and inner[: len(outer)] == outer


def _matching(case: Case, consent: Json) -> Iterator[Said]:
    root = consent.get("provision", {})
    waiting = [Said((), root.get("type") or _base(consent), _criteria(root, {}))]
    nested: dict[tuple[int, ...], Json] = {(): root}
    while waiting:
        one = waiting.pop()
        if one.type and all(
            holds(case, name, value, permit=one.type == "permit") for name, value in one.criteria.items()
        ):
            yield one
        for number, child in enumerate(nested[one.at].get("provision", [])):
            nested[(*one.at, number)] = child
            waiting.append(Said((*one.at, number), child["type"], _criteria(child, one.criteria)))


def _base(consent: Json) -> str:
    """5, Base type; 9a: both OPTIN and OPTOUT means deny."""
    codings = consent.get("policyRule", {}).get("coding", [])
    codes = [one.get("code") for one in codings if one.get("system") == cases.ACT_CODE]
    return "deny" if "OPTOUT" in codes else "permit" if "OPTIN" in codes else ""


def _criteria(provision: Json, inherited: Json) -> Json:
    """5, Effective criteria: its own, else those of its parent."""
    return {**inherited, **{name: provision[name] for name in NINE if not empty(provision.get(name))}}


def is_general(standing: list[Said]) -> bool:
    """6: the root alone, and no criterion except period."""
    return all(one.at == () and not set(one.criteria) - {"period"} for one in standing)


def covered(case: Case, permits: list[Said]) -> bool:
    """6, step 6: is a restricted resource covered by these permits?"""
    if case.very_restricted:
        return any(_lists_rank(one, "V") or _names_instance(case, one) for one in permits)
    labels = [kinds(label) for label in case.sensitivities] or [[]]
    return all(any(_covers_label(case, one, label) for one in permits) for label in labels)


def _covers_label(case: Case, permit: Said, label: list[str]) -> bool:
    listed = permit.criteria.get("securityLabel", [])
    codes = [one.get("code") for one in listed if one.get("system") == cases.ACT_CODE]
    return not set(codes).isdisjoint(label) or _lists_rank(permit, "R") or _names_instance(case, permit)


def _lists_rank(permit: Said, least: str) -> bool:
    listed = permit.criteria.get("securityLabel", [])
    codes = [one.get("code") for one in listed if one.get("system") == cases.CONFIDENTIALITY]
    return any(code in ORDER[ORDER.index(least) :] for code in codes)


def _names_instance(case: Case, permit: Said) -> bool:
    own = reference(case.resource.get("reference"))
    data = permit.criteria.get("data", [])
    return any(one.get("meaning") == "instance" and reference(one.get("reference")) == own is not None for one in data)
