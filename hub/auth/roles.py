"""The closed table of roles: the seven of the consent rules (section 2), and the hub's own, which read no records.

Purposes are codes of v3-ActReason; `PRODRD` is local (`urn:hub:purpose`). They are ceilings: nothing raises them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from hub.kernel.errors import Category, HubError

PURPOSE_SYSTEM: Final = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
LOCAL_PURPOSE_SYSTEM: Final = "urn:hub:purpose"
LOCAL_PURPOSES: Final = frozenset({"PRODRD"})

#: Who runs the hub: defines what it answers and what codes mean, and reads no records.
ADMINISTRATOR: Final = "administrator"

#: Types that say what codes mean: the terminology is made of them. Administrators write them, every role reads them.
VOCABULARY: Final = frozenset({"CodeSystem", "ConceptMap", "ValueSet"})

IDENTIFIED: Final = "identified"
DEIDENTIFIED: Final = "deidentified"
AGGREGATE: Final = "aggregate"


@dataclass(frozen=True, slots=True)
class Role:
    """One role: purposes it may have (the first is the default), forms (likewise), whether the consent rules know it.

    `personal` roles act for one patient and need no organisation.
    """

    name: str
    purposes: tuple[str, ...]
    forms: tuple[str, ...] = (IDENTIFIED,)
    in_consent_rules: bool = True
    personal: bool = False


def _own(name: str, *purposes: str) -> Role:
    return Role(name, purposes, in_consent_rules=False)


_CLINICAL: Final = ("TREAT", "COC", "CAREMGT", "ETREAT", "BTG")

ROLES: Final[Mapping[str, Role]] = {
    role.name: role
    for role in (
        Role("patient", ("PATRQT",), personal=True),
        Role("proxy", ("PATRQT", "FAMRQT"), personal=True),
        Role("family-doctor", _CLINICAL),
        Role("clinician", _CLINICAL),
        Role("regional-centre", ("HOPERAT", "HQUALIMP", "PUBHLTH"), (DEIDENTIFIED, AGGREGATE)),
        Role("researcher", ("HRESCH", "CLINTRCH", "BIORCH"), (AGGREGATE,)),
        Role("enterprise", ("PRODRD",), (AGGREGATE,)),
        _own("integration-engineer", "HSYSADMIN"),
        _own("mpi-steward", "RECORDMGT"),
        _own("auditor", "HCOMPL"),
        _own("consent-reviewer", "HCOMPL"),
        _own(ADMINISTRATOR, "HSYSADMIN"),
        _own("feed", "TREAT"),
        _own("system", "HSYSADMIN"),
    )
}


def is_own(name: str) -> bool:
    """Whether a role is one of the hub's own, of which the consent rules know nothing."""
    return name in ROLES and not ROLES[name].in_consent_rules


def role_named(name: str) -> Role:
    """The role of that name. Raises HubError INVALID listing the roles there are."""
    if name not in ROLES:
        raise HubError(
            Category.INVALID, "no such role", where="role", todo=f"one of {', '.join(ROLES)}", code="unknown-role"
        )
    return ROLES[name]


def allowed_purposes(role: Role, asked: Sequence[str]) -> tuple[str, ...]:
    """`asked`, or the role's default when nothing is asked. Raises HubError INVALID listing what the role allows."""
    if not asked:
        return role.purposes[:1]
    if not set(asked) <= set(role.purposes):
        raise HubError(
            Category.INVALID,
            f"not a purpose of role {role.name}",
            where="purpose",
            todo=f"allowed: {', '.join(role.purposes)}",
            code="purpose-not-allowed",
        )
    return tuple(dict.fromkeys(asked))


def allowed_form(role: Role, asked: str) -> str:
    """`asked`, or the role's default when empty. Raises HubError INVALID listing what the role allows."""
    if asked and asked not in role.forms:
        raise HubError(
            Category.INVALID,
            f"not a form of role {role.name}",
            where="form",
            todo=f"allowed: {', '.join(role.forms)}",
            code="form-not-allowed",
        )
    return asked or role.forms[0]
