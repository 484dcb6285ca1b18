"""Reads the values of each criterion of a provision (sections 5 and 9a).

A value is unusable when its system is foreign or missing, its code or reference is missing, or it is text only. A
single value where a list belongs is a list of one, and a value that is no object is unusable.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from consent.references import References
from consent.rule import MEANINGS, Classes, Coded, Labels, Pointer, Values
from consent.shapes import Object, codings, items, pair, record, text
from consent.tables import (
    ACT_CODE,
    ACT_REASON,
    CONFIDENTIALITY,
    LOCAL_PURPOSE,
    LOCAL_PURPOSES,
    PARTICIPATION,
    PROFILE_URI,
    RANKS,
    RECIPIENT,
    RESOURCE_TYPE,
)
from consent.times import ALWAYS, Period, read_period

#: FHIR element of a provision -> field of a `Rule`: the nine criteria.
CRITERIA: Final[Mapping[str, str]] = {
    "period": "period",
    "actor": "actor",
    "action": "action",
    "securityLabel": "label",
    "purpose": "purpose",
    "class": "class_",
    "code": "code",
    "dataPeriod": "data_period",
    "data": "data",
}


def read_criterion(element: str, value: object, references: References) -> Any:
    """The criterion as the field of a `Rule` holds it. `value` is present; its periods are checked elsewhere."""
    match element:
        case "actor":
            return _actors(value, references)
        case "data":
            return _data(value, references)
        case "action":
            return _actions(value)
        case "securityLabel":
            return _labels(value)
        case "purpose":
            return _purposes(value)
        case "class":
            return _classes(value)
        case "code":
            return _codes(value)
        case _:
            return _period(value)


def _period(value: object) -> Period:
    return read_period(value) or ALWAYS


def _actors(value: object, references: References) -> Values[str]:
    """Values are the actors of role IRCP, and those whose role cannot be told; without any it cannot be evaluated."""
    roles = [(_role(actor), actor) for actor in items(value)]
    recipients = [references.of(record(actor).get("reference")) for role, actor in roles if role == RECIPIENT]
    known = frozenset(reference for reference in recipients if reference is not None)
    untold = any(role is None for role, _ in roles)
    return Values(known, unusable=untold or None in recipients or not recipients)


def _role(actor: object) -> str | None:
    """IRCP if the actor has that role, else another usable one; None if there is none."""
    found = [code for system, code in map(pair, codings(record(actor).get("role"))) if system == PARTICIPATION and code]
    return RECIPIENT if RECIPIENT in found else next(iter(found), None)


def _actions(value: object) -> Values[str]:
    """The system is not looked at."""
    concepts = [[code for _, code in map(pair, codings(concept)) if code] for concept in items(value)]
    return Values(frozenset(code for concept in concepts for code in concept), unusable=not all(concepts))


def _labels(value: object) -> Labels:
    """An unknown confidentiality code is usable and fits nothing."""
    found = [pair(coding) for coding in items(value)]
    return Labels(
        ranks=frozenset(RANKS[code] for system, code in found if system == CONFIDENTIALITY and code and code in RANKS),
        codes=frozenset(code for system, code in found if system == ACT_CODE and code),
        unusable=any(system not in {CONFIDENTIALITY, ACT_CODE} or code is None for system, code in found),
    )


def _purposes(value: object) -> Values[str]:
    found = [pair(coding) for coding in items(value)]
    own = frozenset(code for system, code in found if code and system == purpose_system(code))
    return Values(own, unusable=any(code is None or system != purpose_system(code) for system, code in found))


def purpose_system(code: str) -> str:
    """The one system under which a purpose counts."""
    return LOCAL_PURPOSE if code in LOCAL_PURPOSES else ACT_REASON


def _classes(value: object) -> Classes:
    found = [pair(coding) for coding in items(value)]
    return Classes(
        types=frozenset(code for system, code in found if system == RESOURCE_TYPE and code),
        profiles=frozenset(code for system, code in found if system == PROFILE_URI and code),
        unusable=any(system not in {RESOURCE_TYPE, PROFILE_URI} or code is None for system, code in found),
    )


def _codes(value: object) -> Values[Coded]:
    concepts = [usable_codings(codings(concept)) for concept in items(value)]
    return Values(frozenset().union(*concepts), unusable=not all(concepts))


def usable_codings(found: list[Object]) -> frozenset[Coded]:
    """The codings that have both system and code."""
    pairs = map(pair, found)
    return frozenset((system, code) for system, code in pairs if system and code)


def _data(value: object, references: References) -> Values[Pointer]:
    found = [_pointer(record(item), references) for item in items(value)]
    return Values(frozenset(pointer for pointer in found if pointer), unusable=None in found)


def _pointer(item: Object, references: References) -> Pointer | None:
    meaning, reference = text(item.get("meaning")), references.of(item.get("reference"))
    return (meaning, reference) if meaning in MEANINGS and reference else None
