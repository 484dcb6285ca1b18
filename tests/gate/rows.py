"""Conditions read in Python, on the `resource` of a case: what the SQL must say of the row made from it."""

from __future__ import annotations

from consent.facts import Facts
from hub.gate.moments import moment_of
from hub.gate.provisions import key_of
from hub.store import conditions as c


def holds(condition: c.Condition, facts: Facts, labels: frozenset[str]) -> bool:
    """Whether a row with these facts and labels ("system|code") fits."""
    match condition:
        case c.Always():
            return True
        case c.Never():
            return False
        case c.All(parts=parts):
            return all(holds(part, facts, labels) for part in parts)
        case c.AnyOf(parts=parts):
            return any(holds(part, facts, labels) for part in parts)
        case c.Not(part=part):
            return not holds(part, facts, labels)
        case c.Labelled(labels=wanted):
            return not labels.isdisjoint(wanted)
        case c.ForeignLabel(systems=systems, labels=known):
            return any(label.partition("|")[0] not in systems for label in labels - known)
        case c.Within() | c.Overlaps() | c.Timed():
            return _timed(condition, facts)
    return _leaf(condition, facts)


def _leaf(condition: c.Condition, facts: Facts) -> bool:
    match condition:
        case c.TypeIn(types=types):
            return facts.type in types
        case c.HasProfile(profiles=profiles):
            return not profiles.isdisjoint(facts.profiles)
        case c.HasCode(codes=codes):
            return not codes.isdisjoint(facts.codes)
        case c.AuthorOrg(codes=orgs):
            return (facts.author_organisation or "").removeprefix("Organization/") in orgs
        case c.Author(references=references):
            return not references.isdisjoint(facts.authors)
        case c.Is(keys=keys):
            return key_of(facts.reference or "") in keys
        case c.RefersTo(keys=keys):
            return any(key_of(one) in keys for one in facts.points_to)
    raise AssertionError(condition)


def _timed(condition: c.Condition, facts: Facts) -> bool:
    if facts.clinical_time is None:
        return False
    first, last = facts.clinical_time
    match condition:
        case c.Within(low=low, high=high):
            return (low is None or moment_of(low) <= first) and (high is None or last <= moment_of(high) + 999)
        case c.Overlaps(low=low, high=high):
            return (low is None or moment_of(low) <= last) and (high is None or first <= moment_of(high) + 999)
    return True
