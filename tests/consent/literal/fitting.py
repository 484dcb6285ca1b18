"""When a criterion holds (section 5, the table): True, False, or None where it cannot be evaluated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from hub.kernel.types import Json
from tests.consent import cases
from tests.consent.literal.case import ORDER, Case, kinds
from tests.consent.literal.moments import Ends, UnreadableError, empty, ends, inside, reference, references, span

Verdict = bool | None


def holds(case: Case, name: str, value: Any, *, permit: bool) -> bool:
    """5, end: what cannot be evaluated does not hold in a permit and does in a deny."""
    verdict = _CRITERIA[name](case, value, permit)
    return not permit if verdict is None else verdict


def _one_of(fits: list[Verdict]) -> Verdict:
    """9a, 5: if no value fits and one of the values is unusable (None), it cannot be evaluated."""
    return True if True in fits else None if None in fits else False


def _period(case: Case, value: Any, _: bool) -> Verdict:
    return inside(value, case.time)


def _actor(case: Case, value: list[Json], _: bool) -> Verdict:
    """9a: only those with role IRCP, or with no usable role, are values."""
    who = references([case.asker, case.requester.get("practitionerRole"), *case.requester.get("memberOf", [])])
    who |= set(case.chain(case.requester.get("organization")))
    fits: list[Verdict] = []
    for actor in value:
        codings = actor.get("role", {}).get("coding", [])
        roles = [one["code"] for one in codings if one.get("system") == cases.PARTICIPATION and one.get("code")]
        named = reference(actor.get("reference"))
        if "IRCP" in roles:
            fits.append(None if named is None else named in who)
        elif not roles:
            fits.append(None)
    return _one_of(fits) if fits else None


def _action(case: Case, value: list[Json], _: bool) -> Verdict:
    wanted = case.request.get("action", "access")
    codes = [[one["code"] for one in concept.get("coding", []) if one.get("code")] for concept in value]
    return _one_of([wanted in some if some else None for some in codes])


def _label(case: Case, value: list[Json], permit: bool) -> Verdict:
    return _one_of([_one_label(case, one.get("system"), one.get("code"), permit) for one in value])


def _one_label(case: Case, system: Any, code: Any, permit: bool) -> Verdict:
    if system == cases.CONFIDENTIALITY and code:
        have, rank = case.confidentiality, ORDER.index(code) if code in ORDER else None
        return rank is not None and (have <= rank if permit else have >= rank)
    if system == cases.ACT_CODE and code:
        return case.carries(code) or any(code in kinds(label) for label in case.sensitivities)
    return None


def _purpose(case: Case, value: list[Json], permit: bool) -> Verdict:
    """9a: PRODRD counts under the local system only, all others under v3-ActReason only."""
    codes = [(cases.LOCAL if one.get("code") == "PRODRD" else cases.ACT_REASON, one) for one in value]
    usable = [one["code"] for system, one in codes if one.get("code") and one.get("system") == system]
    listed = [not set(kinds(purpose)).isdisjoint(usable) for purpose in case.purposes]
    unusable: list[Verdict] = [None] * (len(value) > len(usable))
    return _one_of([all(listed) if permit else any(listed), *unusable])


def _class(case: Case, value: list[Json], _: bool) -> Verdict:
    known = {cases.TYPES: [case.resource["resourceType"]], cases.URI: case.resource.get("profile", [])}
    pairs = [(one.get("system"), one.get("code")) for one in value]
    return _one_of([code in known[system] if system in known and code else None for system, code in pairs])


def _code(case: Case, value: list[Json], _: bool) -> Verdict:
    have = _codings(case.resource.get("code", []))
    fits = [_codings(concept.get("coding", [])) for concept in value]
    return _one_of([not some.isdisjoint(have) if some else None for some in fits])


def _codings(values: list[Json]) -> set[tuple[str, str]]:
    return {(one["system"], one["code"]) for one in values if one.get("system") and one.get("code")}


def _data_period(case: Case, value: Any, permit: bool) -> Verdict:
    low, high = ends(value)
    try:
        first, last = _clinical_time(case.resource.get("clinicalTime"))
    except UnreadableError:
        return None
    if permit:
        return (low is None or (first is not None and first >= low)) and (
            high is None or (last is not None and last <= high)
        )
    return (low is None or last is None or last >= low) and (high is None or first is None or first <= high)


def _clinical_time(value: Any) -> Ends:
    if empty(value):
        raise UnreadableError
    return ends(value) if isinstance(value, dict) else span(value)


def _data(case: Case, value: list[Json], _: bool) -> Verdict:
    own, target = references([case.resource.get("reference")]), references(case.resource.get("references"))
    reach = {
        "instance": own,
        "related": own | target | references(case.resource.get("referencedBy")),
        "dependents": own | target,
        "authoredby": references([*case.resource.get("authors", []), case.resource.get("authorOrganization")]),
    }
    named = [(one.get("meaning"), reference(one.get("reference"))) for one in value]
    return _one_of([which in reach[meaning] if meaning in reach and which else None for meaning, which in named])


_CRITERIA: Final[dict[str, Callable[[Case, Any, bool], Verdict]]] = {
    "period": _period,
    "actor": _actor,
    "action": _action,
    "securityLabel": _label,
    "purpose": _purpose,
    "class": _class,
    "code": _code,
    "dataPeriod": _data_period,
    "data": _data,
}
NINE: Final = tuple(_CRITERIA)
