"""A whole case: who asks, about whom, for what, and what was consented."""

from __future__ import annotations

from random import Random
from typing import Any, Final

from hub.kernel.types import Json
from tests.consent import cases
from tests.consent.literal.case import ROLES
from tests.consent.wide.consents import PURPOSES, Consents
from tests.consent.wide.draws import Draws

_TIMES: Final = [
    *("2026-06-10T10:00:00+08:00", "2026-06-10T00:00:00+08:00", "2026-06-09T16:00:00Z", "2026-06-10T23:59:59+08:00"),
    *("2026-06-09T15:59:59Z", "2026-06-10", "2026-06-10T10:00+08:00", "2026-02-28T23:59:59.5+08:00"),
    *("2024-02-29T00:00:00+08:00", "2026-03-01T00:00:00+08:00"),
]
_BIRTHDAYS: Final = [
    *("2010-01-15", "2012-06-10", "2012-06-11", "2008-06-10", "2008-06-11", "2008-02-29", "2012-02-29"),
    *("2012", "2012-06", "2008", None, "x", "2020-01-01"),
]
_CLINICAL_TIMES: Final[list[Any]] = [
    *("2026-05-20", "2026-06-10", "2026", "2026-06-09T23:59:59+08:00", None, "x", {}),
    *({"start": "2026-06-08"}, {"end": "2026-06-10"}, {"start": "2026-06-11", "end": "2026-06-09"}),
]
_DECLARED: Final = [
    *["2026-06-10T09:58:00+08:00", "2026-06-10T06:00:00+08:00", "2026-06-10T05:59:59+08:00"] * 2,
    *("2026-06-10T10:00:01+08:00", "2026-06-10", "x"),
]
_PARTIES: Final = [cases.CLINICIAN, cases.DOCTOR, cases.SON, cases.PATIENT, "PractitionerRole/r", "Group/g"]
_ORGANISATIONS: Final = [*cases.DIRECTORY, "Organization/unknown"]
_HOMES: Final = {
    "clinician": ["Organization/ward", "Organization/county", "Organization/township"],
    "family-doctor": ["Organization/township", "Organization/county"],
    "regional-centre": ["Organization/centre"],
    "researcher": ["Organization/institute"],
    "enterprise": ["Organization/maker"],
}
_ASKERS: Final = {
    **{"clinician": cases.CLINICIAN, "family-doctor": cases.DOCTOR, "proxy": cases.SON, "patient": cases.PATIENT},
    **dict.fromkeys(["regional-centre", "researcher", "enterprise"], "Practitioner/x"),
}
_ROLES: Final = ["clinician"] * 5 + ["family-doctor"] * 4 + ["proxy"] * 5 + sorted(_ASKERS)
_PLAIN_ROLES: Final = ["clinician"] * 5 + ["family-doctor", "proxy", "regional-centre", "enterprise"]


def wide_case(random: Random) -> Json:
    """A case as section 1 has it."""
    draws = Draws(random)
    role: str = draws.pick(_PLAIN_ROLES if draws.plain else _ROLES)
    asker: str = draws.pick(_PARTIES) if draws.odd(0.06) else _ASKERS[role]
    consents = Consents(draws, asker, ROLES[role][0])
    return {
        "policy": {
            "clinical": "opt-out" if draws.plain else draws.pick(["opt-out", "opt-in", "x"]),
            "secondary": draws.pick(["opt-out", "opt-in"]),
        },
        "directory": cases.DIRECTORY,
        "patient": _patient(draws, role),
        "consents": [consents.consent() for _ in range(draws.pick([0, 1, 1, 2, 2, 3, 4]))],
        "request": _request(draws, role, asker),
        "resource": _resource(draws),
    }


def _patient(draws: Draws, role: str) -> Json:
    doctors = [cases.DOCTOR, *[cases.DOCTOR, cases.DOCTOR, "Practitioner/x"] * (not draws.plain)]
    homes = ["Organization/ward", *["Organization/county", "Organization/township"] * (not draws.plain)]
    return {
        "reference": cases.PATIENT,
        "birthDate": draws.pick([*["1970-03-01"] * (40 if draws.plain else 1), *_BIRTHDAYS]),
        "links": ["Patient/twin"] if draws.chance(0.3) else [],
        "managedBy": draws.some(lambda: _tie(draws, "practitioner", doctors), least=0),
        "careRelationships": draws.some(lambda: _tie(draws, "organization", homes), least=0),
        "proxies": draws.some(lambda: _proxy(draws), most=3) if draws.chance(0.95 if role == "proxy" else 0.25) else [],
    }


def _tie(draws: Draws, name: str, parties: list[str]) -> Json:
    party = {name: draws.versioned(draws.pick(parties))}
    return {**party, **draws.perhaps(0.95, "period", lambda: {"start": "2026"} if draws.plain else draws.period())}


def _proxy(draws: Draws) -> Json:
    scopes = [["read"], ["read", "consent"], ["consent"], []]
    return {
        "reference": draws.pick([cases.SON] * 3 + [cases.MOTHER]),
        "type": draws.pick(["parent", "parent", "legal-guardian", "delegate", "delegate"]),
        **draws.perhaps(0.1, "status", lambda: draws.pick(["active", "inactive"])),
        **({} if draws.plain else draws.perhaps(0.4, "period", draws.period)),
        **({} if draws.plain else draws.perhaps(0.4, "scope", lambda: draws.pick(scopes))),
    }


def _request(draws: Draws, role: str, asker: str) -> Json:
    purposes = _purposes(draws, role)
    urgent = not {"ETREAT", "BTG"}.isdisjoint(purposes)
    forms = ["identified", "deidentified", "aggregate"] if draws.odd(0.03) else ROLES[role][1]
    return {
        "time": draws.pick([*_TIMES, "x"]) if draws.odd(0.4) else _TIMES[0],
        "requester": _requester(draws, role, asker),
        "purpose": purposes,
        "form": draws.pick(forms),
        **draws.perhaps(0.8, "action", lambda: draws.pick(["access"] * 6 + ["correct"])),
        **draws.perhaps(0.9 if urgent else 0.1, "breakGlass", lambda: _declaration(draws)),
        **draws.perhaps(0.85, "ethicsApproval", lambda: _approval(draws)),
        **draws.perhaps(0.4, "coApproval", lambda: _second(draws, asker)),
    }


def _purposes(draws: Draws, role: str) -> list[str]:
    """One, or two that may be the same; now and then none, or one that the role must not have."""
    own = draws.some(lambda: draws.pick(ROLES[role][0]), least=0 if draws.odd(0.01) else 1)
    return [*own, draws.pick(PURPOSES)] if draws.odd(0.03) else own


def _requester(draws: Draws, role: str, asker: str) -> Json:
    homes = _ORGANISATIONS if draws.odd(0.05) else _HOMES.get(role)
    return {
        "role": draws.pick(["pharmacist", ""]) if draws.odd(0.02) else role,
        "reference": draws.versioned(asker),
        **({"organization": draws.versioned(draws.pick(homes))} if homes else {}),
        **draws.perhaps(0.3, "practitionerRole", lambda: "PractitionerRole/r"),
        **draws.perhaps(0.1, "memberOf", lambda: ["Group/g"]),
    }


def _declaration(draws: Draws) -> Json:
    return {
        "declared": draws.pick(["true", False, 1]) if draws.odd(0.3) else True,
        "justification": draws.pick(["", " ", "　"]) if draws.odd(0.3) else "昏迷",
        "declaredAt": draws.pick(_DECLARED),
    }


def _approval(draws: Draws) -> Json:
    return {
        "status": "draft" if draws.odd(0.15) else "approved",
        "organization": "Organization/maker" if draws.odd(0.15) else "Organization/university",
        "period": {"start": "2024"} if draws.chance(0.6) else draws.period(),
        "resourceTypes": draws.pick([[], [], ["Observation"], ["Condition"]]),
    }


def _second(draws: Draws, asker: str) -> Json:
    who = draws.pick(["Practitioner/x", "Practitioner/y", asker, "PractitionerRole/r"])
    return {"reference": draws.versioned(who), "organization": draws.pick(_ORGANISATIONS)}


def _resource(draws: Draws) -> Json:
    others = ["Condition", "Binary", "Consent", "AuditEvent", "Organization"]
    return {
        "resourceType": draws.pick(others) if draws.odd(0.2) else "Observation",
        "reference": draws.versioned("Observation/hb"),
        "patient": draws.pick(["Patient/twin", "Patient/z", ""]) if draws.odd(0.1) else draws.versioned(cases.PATIENT),
        "authorOrganization": "Organization/unknown" if draws.plain else draws.pick(_ORGANISATIONS),
        "securityLabel": draws.some(draws.label, least=0, most=3),
        "code": [draws.coding(cases.LOINC, ["718-7", "1-1"])] if draws.chance(0.8) else [],
        "clinicalTime": draws.pick(_CLINICAL_TIMES),
        **draws.perhaps(0.4, "references", lambda: ["Encounter/e"]),
        **draws.perhaps(0.3, "referencedBy", lambda: ["Observation/p"]),
        **draws.perhaps(0.4, "authors", lambda: ["Practitioner/x"]),
        **draws.perhaps(0.3, "profile", lambda: ["urn:p"]),
    }
