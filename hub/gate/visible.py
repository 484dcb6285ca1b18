"""Before the query: who may ask at all, and the predicate that goes into the SQL.

A search is about some patients, whose cases are looked up, or over all: then about everybody on the panel (related to
the requester) and whoever's consents name it. Those among them who have consents are looked up one by one, all others
see the default.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from consent.tables import (
    AGGREGATE,
    CLINICAL_ROLES,
    CLINICIAN,
    DEIDENTIFIED,
    IDENTIFIED,
    NON_PATIENT_TYPES,
    RECORD_TYPES,
)
from hub.auth.actor import Actor
from hub.auth.roles import VOCABULARY, is_own
from hub.auth.scopes import Letter, allows
from hub.db.database import Tx
from hub.gate.asking import PERSONAL, SECONDARY
from hub.gate.cases import Case, Cases
from hub.gate.ceiling import ceiling
from hub.gate.dossiers import Whom
from hub.gate.policy import askable
from hub.gate.unplaced import UNPLACED, reads_unplaced
from hub.kernel.errors import Category, HubError
from hub.store.conditions import Condition
from hub.store.values import Group, Named, Panel, Visible

NOTHING: Final = Visible()

IDENTIFIED_ALONE: Final = frozenset({IDENTIFIED})
EVERY_FORM: Final = frozenset({IDENTIFIED, DEIDENTIFIED, AGGREGATE})

#: Codes of searches that are refused for whom they concern.
REFUSED_SEARCHES: Final = frozenset({"break-glass-one-patient", "too-costly"})


def admit(actor: Actor, resource_type: str, letter: Letter, forms: frozenset[str] = IDENTIFIED_ALONE) -> None:
    """Raise HubError FORBIDDEN when the role reads no records, or the token's scopes leave this out. What codes mean is
    read by every role whose form leaves by this way.

    `resource_type` `*` is a request over all types; `forms` are those this way out can give. Depends on the token
    alone, so it tells nothing about the store.
    """
    if actor.role in SECONDARY and actor.form not in forms - IDENTIFIED_ALONE:
        todo = "de-identified records leave by $export, figures by POST /api/aggregates"
        raise _forbidden("the form of this token does not leave by this way", todo, "form-not-available")
    vocabulary = resource_type in VOCABULARY and is_own(actor.role)
    if actor.role not in CLINICAL_ROLES | PERSONAL | SECONDARY and not vocabulary:
        raise _forbidden("this role does not read records", "use the door of its own", "role-not-allowed")
    if not allows(actor.scopes, resource_type, letter):
        raise _forbidden("the token's scopes do not cover this", "ask for a wider scope", "scope-not-allowed")


def of_patients(cases: Cases) -> Visible:
    """The predicate of a request about the persons looked up. Of others it opens what the organisation authored.

    Raises HubError FORBIDDEN for a break-glass that is about several.
    """
    if cases.vocabulary_alone:
        return Visible(types=VOCABULARY, confined=cases.confined, ceiling=ceiling(cases.actor.scopes))
    if cases.actor.break_glass is not None and sum(bool(case.dossier.sources) for case in cases.persons) > 1:
        raise _one_patient()
    return Visible(
        types=NON_PATIENT_TYPES,
        authored=UNPLACED if reads_unplaced(cases.actor) else frozenset(),
        organizations=cases.own if cases.actor.role == CLINICIAN and askable(cases.nobody) else (),
        withheld=RECORD_TYPES if cases.actor.role in CLINICAL_ROLES else frozenset(),
        groups=_grouped(cases.persons, cases.own),
        confined=cases.confined,
        ceiling=ceiling(cases.actor.scopes),
    )


async def of_population(tx: Tx, cases: Cases, keys: Sequence[UUID]) -> Visible:
    """The predicate of a search over all patients, of whom `keys` are concerned (hub.gate.concerned): these are looked
    up. For a token that sees one person only, or nobody, the predicate is that of such a request.

    Raises HubError FORBIDDEN for a break-glass, which opens one patient's record.
    """
    if cases.confined is not None or cases.vocabulary_alone:
        return of_patients(cases)
    if cases.actor.break_glass is not None:
        raise _one_patient()
    if keys:
        await cases.look_up(tx, Whom(keys=keys))
    return replace(of_patients(cases), panel=_panel(cases))


def of_unspoken(cases: Cases, whom: Whom) -> Visible:
    """The predicate `of_patients` if these persons were looked up and none of them had consents."""
    return replace(
        of_patients(cases), panel=replace(_panel(cases), among=Named(keys=tuple(whom.keys), names=tuple(whom.names)))
    )


def of_batch(cases: Cases, keys: Sequence[UUID]) -> Visible:
    """The predicate of secondary use of these source patients, whose persons were looked up."""
    groups: defaultdict[Condition, list[UUID]] = defaultdict(list)
    for key in keys:
        if key in cases.by_pkey:
            groups[cases.by_pkey[key].condition(cases.own)].append(key)
    found = tuple(Group(pkeys=tuple(pkeys), condition=condition) for condition, pkeys in groups.items())
    return Visible(withheld=RECORD_TYPES, groups=found, confined=tuple(keys), ceiling=ceiling(cases.actor.scopes))


def _panel(cases: Cases) -> Panel:
    """Those related to the requester, and what may be seen of whose consents say nothing."""
    ties, (default, _) = cases.ties, cases.rules.settled(cases.actor, True, ())
    return Panel(kind=ties.kind, parties=ties.parties, at=ties.at, condition=default)


def _grouped(cases: Iterable[Case], own: tuple[str, ...]) -> tuple[Group, ...]:
    """Source patients by what may be seen of them."""
    groups: defaultdict[Condition, list[UUID]] = defaultdict(list)
    for case in cases:
        groups[case.condition(own)] += case.dossier.pkeys
    return tuple(Group(pkeys=tuple(pkeys), condition=condition) for condition, pkeys in groups.items())


def _one_patient() -> HubError:
    return _forbidden(
        "break-glass opens the record of one patient",
        "name the patient, or use a token without it",
        "break-glass-one-patient",
    )


def _forbidden(what: str, todo: str, code: str) -> HubError:
    return HubError(Category.FORBIDDEN, what, where="access token", todo=todo, code=code)
