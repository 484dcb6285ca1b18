"""Section 4: which consents count for a patient, a moment and the purposes asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from consent.compiler import CompiledConsent, Key
from consent.configuration import Configuration
from consent.person import CONSENT, DELEGATE, GUARDIAN, PARENT, Person, ProxyEntry
from consent.tables import RESEARCH_PURPOSES
from consent.times import holds

#: Section 4b.
_NEVER_COUNT: Final = frozenset({"draft", "proposed", "entered-in-error"})


def which_count(
    consents: Iterable[CompiledConsent],
    person: Person,
    at: int,
    purposes: frozenset[str],
    configuration: Configuration,
) -> tuple[CompiledConsent, ...] | None:
    """The consents that pass steps a to i, in their order; None if one that matters cannot be processed."""
    about = [consent for consent in consents if _is_about(consent, person, purposes)]
    if any(consent.given is None for consent in about):
        return None
    given = [consent for consent in about if consent.given is not None and consent.given <= at]
    rights = [(consent, _entitled(consent, person, at, configuration)) for consent in given]
    left = [(consent, right) for consent, right in rights if right is not False]
    gone = _superseded([consent for consent, _ in left])
    active = [(c, right) for i, (c, right) in enumerate(left) if i not in gone and c.status == "active"]
    if any(right is None or consent.rules is None for consent, right in active):
        return None
    return tuple(consent for consent, _ in active if _in_force(consent, at))


def _is_about(consent: CompiledConsent, person: Person, purposes: frozenset[str]) -> bool:
    """Steps a to c."""
    if consent.patient not in person.references or consent.status in _NEVER_COUNT:
        return False
    return consent.privacy or (consent.research and purposes <= RESEARCH_PURPOSES)


def _in_force(consent: CompiledConsent, at: int) -> bool:
    """Step i."""
    period = consent.rules[0].period if consent.rules else None
    return period is None or holds(period, at)


def _entitled(consent: CompiledConsent, person: Person, at: int, configuration: Configuration) -> bool | None:
    """Step e: was it given by somebody entitled? None if only an unknown age keeps us from saying yes."""
    given = consent.given if consent.given is not None else at
    rights: list[bool | None] = []
    if not consent.performers or any(performer in person.references for performer in consent.performers):
        rights.append(_own_right(person, given, configuration))
    rights += [
        _right_of(entry, person, given, at, configuration)
        for entry in person.proxies
        if entry.reference is not None and entry.reference in consent.performers
    ]
    return True if True in rights else None if None in rights else False


def _own_right(person: Person, given: int, configuration: Configuration) -> bool | None:
    if any(entry.limits(given) for entry in person.proxies):
        return False
    age = person.age_at(given)
    return None if age is None else age >= configuration.age_of_capacity


def _right_of(entry: ProxyEntry, person: Person, given: int, at: int, configuration: Configuration) -> bool | None:
    if not entry.covers(given):
        return False
    if entry.kind == PARENT:
        minor = configuration.age_of_majority
        return None if person.birth is None else person.younger_than(minor, given) and person.younger_than(minor, at)
    return entry.kind == GUARDIAN or (entry.kind == DELEGATE and CONSENT in entry.scope)


def _superseded(consents: Sequence[CompiledConsent]) -> set[int]:
    """Step f: positions of those that do not stay. For each key the latest stay; none, if one of them is inactive."""
    sharing: dict[Key, list[int]] = {}
    for position, consent in enumerate(consents):
        for key in consent.keys:
            sharing.setdefault(key, []).append(position)
    gone: set[int] = set()
    for positions in sharing.values():
        if len(positions) > 1:
            gone.update(_losers(consents, positions))
    return gone


def _losers(consents: Sequence[CompiledConsent], positions: Sequence[int]) -> Iterable[int]:
    newest = max(_rank(consents[position]) for position in positions)
    latest = [position for position in positions if _rank(consents[position]) == newest]
    # A single inactive one supersedes the others and goes itself by step g: so it may go here.
    stay = all(consents[position].status == "active" for position in latest)
    return set(positions).difference(latest) if stay else positions


def _rank(consent: CompiledConsent) -> tuple[int, tuple[int, str]]:
    return consent.given or 0, consent.version
