"""The ordinary evaluation as a condition (consent rules, sections 4 to 6). Pure.

With S the place where a provision stands, a row is permitted when no specific deny stands, some counting permit does
(or, in a relationship, the latest general statement or else the default says so), restricted rows are covered, and
what is very restricted has its second approval.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from consent.combine import lacks_second_approval
from consent.inquiry import Inquiry
from consent.tables import RESTRICTED, SENSITIVITY_KINDS, VERY_RESTRICTED
from hub.gate.labels import at_least, carries
from hub.gate.provisions import Pointed, Statement, named, statements
from hub.store.conditions import Condition
from hub.store.logic import ALWAYS, NEVER, every, no, some


def ordinary(inquiry: Inquiry, pointed: Pointed) -> Condition:
    """What a row must be like to be permitted without an emergency."""
    if inquiry.consents is None:
        return NEVER
    said = [one for consent in inquiry.consents for one in statements(consent, pointed)]
    specific = [one for one in said if not one.rule.general]
    denied = some(one.stands for one in specific if not one.rule.permit)
    permits = [one for one in specific if one.rule.permit and (inquiry.related or one.rule.actor is not None)]
    agreed = some(one.stands for one in permits)
    if inquiry.related:
        agreed = some([agreed, _generally([one for one in said if one.rule.general], opt_out=inquiry.opt_out)])
    parts = [no(denied), agreed, covered(permits)]
    if lacks_second_approval(inquiry):
        parts.append(no(at_least(VERY_RESTRICTED)))
    return every(parts)


def covered(permits: Sequence[Statement]) -> Condition:
    """Section 6, step 6: what is restricted is named clearly enough by a permit that stands."""
    if not permits:
        return no(at_least(RESTRICTED))
    very = _covering(permits, VERY_RESTRICTED)
    enough = some([_covering(permits, RESTRICTED), _every_label(permits)])
    return some([no(at_least(RESTRICTED)), very, every([no(at_least(VERY_RESTRICTED)), enough])])


def _generally(said: Sequence[Statement], *, opt_out: bool) -> Condition:
    """What the latest general statement that stands says; at one instant a deny wins; without any, the default."""
    found: Condition = ALWAYS if opt_out else NEVER
    for one in sorted(said, key=lambda statement: (statement.given, not statement.rule.permit)):
        found = some([one.stands, found]) if one.rule.permit else every([no(one.stands), found])
    return found


def _covering(permits: Iterable[Statement], rank: int) -> Condition:
    """A permit stands that lists this confidentiality or a higher one, or names the resource."""
    return some(
        every([one.stands, ALWAYS if _reaches(one, rank) else named(one.rule)])
        for one in permits
        if one.rule.label is not None or one.rule.data is not None
    )


def _reaches(one: Statement, rank: int) -> bool:
    return one.rule.label is not None and any(listed >= rank for listed in one.rule.label.ranks)


def _every_label(permits: Sequence[Statement]) -> Condition:
    """There are sensitivity labels, and each of them is listed by a permit that stands, or what it is a kind of."""
    listed = [(one.rule.label.codes, one.stands) for one in permits if one.rule.label is not None]
    covers = {
        label: some(stands for codes, stands in listed if codes & kinds)
        for label, kinds in sorted(SENSITIVITY_KINDS.items())
    }
    bare = [label for label, cover in covers.items() if cover == NEVER]
    if len(bare) == len(covers):
        return NEVER
    named_ones = [some([no(carries([label])), cover]) for label, cover in covers.items() if cover != NEVER]
    return every([carries(covers), no(carries(bare)), *named_ones])
